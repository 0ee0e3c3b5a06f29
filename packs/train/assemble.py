"""Measures the trained nets on people they never saw, sets the thresholds and writes pack.toml and golden.json.

`assemble.py --pack DIR --drawn DIR`, where DIR/{calibrate,test,hard,screen,print,masked,empty,two}/ hold `pictures.u8` and
`pictures.f32` of the drawer's example `dataset` (see ../README.md for the commands).
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np

import chain
import manifest

MEMORY = (480, 640, 3)


class Pictures:
    def __init__(self, folder):
        self.truth = np.fromfile(Path(folder) / "pictures.f32", "<f4").reshape(-1, 2, 15)
        self.images = np.memmap(Path(folder) / "pictures.u8", np.uint8, "r").reshape(-1, *MEMORY)


def collect(net, pictures):
    """Runs the chain over pictures; keeps the best face of each, and how many there were."""
    faces, counts = [], []
    for image in pictures.images:
        found = net.faces(np.array(image))
        counts.append(len(found))
        faces.append(found[0] if found else None)
    return faces, np.array(counts)


def pairs(faces, takes):
    """Cosine similarities of all genuine and impostor pairs."""
    labels = np.array([i // takes for i, face in enumerate(faces) if face is not None])
    vectors = np.stack([face["embedding"] for face in faces if face is not None])
    left, right = np.triu_indices(len(labels), 1)
    scores = (vectors @ vectors.T)[left, right]
    same = labels[left] == labels[right]
    return np.sort(scores[same]), np.sort(scores[~same])


def against(references, probes, takes):
    """Cosine similarities of each person's first reference with every probe: genuine, impostor."""
    firsts = {i // takes: face for i, face in enumerate(references) if i % takes == 0 and face is not None}
    scores = {True: [], False: []}
    for index, probe in enumerate(probes):
        for person, reference in firsts.items() if probe is not None else ():
            scores[person == index // takes].append(float(probe["embedding"] @ reference["embedding"]))
    return np.sort(scores[True]), np.sort(scores[False])


def rates(genuine, impostor, threshold):
    return 1 - np.searchsorted(impostor, threshold) / len(impostor), np.searchsorted(genuine, threshold) / len(genuine)


def equal_error(genuine, impostor):
    thresholds = np.linspace(-1, 1, 8001)
    fmr, fnmr = rates(genuine, impostor, thresholds)
    at = int(np.argmin(np.abs(fmr - fnmr)))
    return float((fmr[at] + fnmr[at]) / 2), float(thresholds[at])


def threshold_at(impostor, fmr):
    """Smallest threshold whose false match rate is at most `fmr`, rounded up to 0.001."""
    allowed = int(len(impostor) * fmr)
    return float(np.ceil((impostor[len(impostor) - 1 - allowed] + 1e-6) * 1000) / 1000)


def open_set(faces, takes, threshold, margin):
    """Half of the people enrol their first take; everybody else's later takes search. Returns rank-1, FNIR, FPIR, gallery size."""
    people = len(faces) // takes
    enrolled = [p for p in range(people // 2) if faces[p * takes] is not None]
    gallery = np.stack([faces[p * takes]["embedding"] for p in enrolled])
    first, found, known, accepted, strangers = 0, 0, 0, 0, 0
    for index, face in enumerate(faces):
        person, take = divmod(index, takes)
        if face is None or take == 0:
            continue
        scores = gallery @ face["embedding"]
        order = np.argsort(scores)[::-1]
        passes = scores[order[0]] >= threshold and scores[order[0]] - scores[order[1:2]].max(initial=-1) >= margin
        if person in enrolled:
            known += 1
            first += enrolled[order[0]] == person
            found += passes and enrolled[order[0]] == person
        elif person >= people // 2:
            strangers += 1
            accepted += passes
    return first / known, 1 - found / known, accepted / strangers, len(enrolled)


def point_error(faces, pictures):
    """Mean landmark error in shares of the eyes' distance."""
    errors = []
    for face, truth in zip(faces, pictures.truth):
        if face is not None:
            points = truth[0, 5:].reshape(5, 2)
            errors.append(np.linalg.norm(face["points"] - points, axis=1).mean() / np.linalg.norm(points[1] - points[0]))
    return float(np.mean(errors))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", required=True)
    parser.add_argument("--drawn", required=True)
    parser.add_argument("--takes", type=int, default=5)
    options = parser.parse_args()
    pack, drawn, takes = Path(options.pack), Path(options.drawn), options.takes
    lines = []

    def log(line):
        print(line, flush=True)
        lines.append(line)

    digests = {name: hashlib.sha256((pack / f"{name}.onnx").read_bytes()).hexdigest() for name in manifest.MODELS}
    (pack / "pack.toml").write_text(manifest.text(digests, manifest.UNMEASURED), encoding="utf-8")
    net = chain.Chain(pack)

    log("# measured from the ONNX files with onnxruntime, people never trained on, 640x480")
    faces, _ = collect(net, Pictures(drawn / "calibrate"))
    genuine, impostor = pairs(faces, takes)
    thresholds = {fmr: threshold_at(impostor, fmr) for fmr in (1e-2, 1e-3, 1e-4, 1e-5, 0)}
    log(f"calibration: {len(genuine)} genuine, {len(impostor)} impostor pairs; EER {100 * equal_error(genuine, impostor)[0]:.2f} %")

    pictures = Pictures(drawn / "test")
    faces, counts = collect(net, pictures)
    genuine, impostor = pairs(faces, takes)
    eer, at = equal_error(genuine, impostor)
    log(f"kiosk: {len(faces)} pictures of {len(faces) // takes} people, {int((counts == 0).sum())} missed, {int((counts > 1).sum())} with a second face")
    log(f"kiosk: landmark NME {100 * point_error(faces, pictures):.2f} %; direct looks refused as pictures {100 * refused(faces):.2f} %")
    log(f"kiosk: weakest genuine pair {genuine[0]:.3f}, strongest impostor pair {impostor[-1]:.3f}")
    log(f"kiosk: genuine mean {genuine.mean():.3f} sd {genuine.std():.3f}, impostor mean {impostor.mean():.3f} sd {impostor.std():.3f}")
    log(f"kiosk: EER {100 * eer:.2f} % at {at:.3f} ({len(genuine)} genuine, {len(impostor)} impostor pairs)")
    seen = {name: np.mean([name in face["worn"] for face in faces if face is not None]) for name in ("glasses", "mask")}
    log(f"kiosk: glasses seen on {100 * seen['glasses']:.1f} % of the pictures; a mask, which nobody wears here, on {100 * seen['mask']:.2f} %")
    plain = faces
    curve = []
    for wanted, threshold in thresholds.items():
        fmr, fnmr = rates(genuine, impostor, threshold)
        curve.append({"fmr": float(fmr), "threshold": threshold, "fnmr": float(fnmr)})
        log(f"kiosk: threshold {threshold:.3f} (set for FMR {wanted:g}): FMR {100 * fmr:.4f} %, FNMR {100 * fnmr:.2f} %")
    # A search compares with everybody at once, so it asks for more: no false match among the calibration group at all.
    verify, identify, margin = thresholds[1e-3], thresholds[0], 0.03
    rank1, fnir, fpir, size = open_set(faces, takes, identify, margin)
    log(f"kiosk 1:N, {size} enrolled with one picture: rank-1 {100 * rank1:.2f} %, FNIR {100 * fnir:.2f} %, strangers accepted {100 * fpir:.2f} %")

    masked = Pictures(drawn / "masked")
    faces, counts = collect(net, masked)
    seen = np.mean(["mask" in face["worn"] for face in faces if face is not None])
    log(f"masked: {len(faces)} pictures of the same people, {int((counts == 0).sum())} missed, the mask seen on {100 * seen:.1f} %")
    genuine_masked, impostor_masked = against(plain, faces, takes)
    for name, threshold in (("verify", verify), ("identify", identify)):
        fmr, fnmr = rates(genuine_masked, impostor_masked, threshold)
        log(f"masked against the bare face at {name} {threshold:.3f}: FMR {100 * fmr:.4f} %, FNMR {100 * fnmr:.1f} % ({len(genuine_masked)} genuine, {len(impostor_masked)} impostor pairs)")

    hard = Pictures(drawn / "hard")
    faces, counts = collect(net, hard)
    rate = equal_error(*pairs(faces, takes))[0]
    log(f"hard: {len(faces)} pictures, {int((counts == 0).sum())} missed, landmark NME {100 * point_error(faces, hard):.2f} %, EER {100 * rate:.2f} %")
    for name in ("screen", "print"):
        faces, counts = collect(net, Pictures(drawn / name))
        passed = sum(face is not None and face["real"] is not None and face["real"] >= 0.5 for face in faces)
        log(f"drawn {name}: {len(faces)} pictures, {int((counts == 0).sum())} without a face, {100 * passed / len(faces):.2f} % accepted as a direct look")
    _, counts = collect(net, Pictures(drawn / "empty"))
    log(f"nobody: {len(counts)} pictures, {int((counts > 0).sum())} with a false face")
    _, counts = collect(net, Pictures(drawn / "two"))
    log(f"two people: {len(counts)} pictures, both found in {100 * (counts == 2).mean():.1f} %")

    measured = {"verify": verify, "identify": identify, "margin": margin, "genuine": len(genuine), "impostor": len(impostor), "eer": eer, "curve": curve}
    (pack / "pack.toml").write_text(manifest.text(digests, measured), encoding="utf-8")
    with open(pack / "training.log", "a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    (pack / "golden.json").write_text(golden(net, drawn / "golden"), encoding="utf-8")


def refused(faces):
    """Share of direct looks that the liveness net takes for pictures, or finds too close."""
    return sum(face is not None and (face["real"] is None or face["real"] < 0.5) for face in faces) / len(faces)


def golden(net, folder):
    """What the chain gives for a few drawings: (kind, person, view) as the folders' names say, `kiosk-11-0`."""
    cases = []
    for path in sorted(folder.iterdir()):
        kind, *seeds = path.name.split("-")
        image = np.array(Pictures(path).images[0])
        case = {"drawn": kind, "width": 640, "height": 480, "rgb_sha256": hashlib.sha256(image.tobytes()).hexdigest()}
        if kind == "two":
            case |= {"persons": [int(seeds[0]), int(seeds[0]) + 1], "view": int(seeds[1])}
        else:
            case |= {"person": int(seeds[0]), "view": int(seeds[1])}
        faces = [
            {
                "score": round(face["score"], 5),
                "box_xyxy": [round(float(part), 3) for part in face["box"]],
                "landmarks": [[round(float(part), 3) for part in point] for point in face["points"]],
                "embedding": [round(float(part), 5) for part in face["embedding"]],
            }
            | ({} if face["real"] is None else {"real": round(face["real"], 5)})
            | {"worn": face["worn"]}
            for face in net.faces(image)
        ]
        cases.append({"image": case, "faces": faces})
    return '{"cases":[\n' + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]}\n"


if __name__ == "__main__":
    main()
