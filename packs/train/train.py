"""Trains one net of the pack `drawn-demo` and writes its ONNX file: `train.py NET --data DIR --unseen DIR --out PACK`."""

import argparse
import datetime
from pathlib import Path

import conditions
import detector
import embedder
import export
import landmarks
import liveness
import loop
import nets


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("net", choices=["detector", "landmarks", "embedder", "liveness", "conditions"])
    parser.add_argument("--data", required=True)
    parser.add_argument("--unseen", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--minutes", type=float, help="stop by the clock instead of after the epochs")
    parser.add_argument("--pictures", type=int, default=14, help="pictures per person in the training data")
    parser.add_argument("--limit", type=int, default=35000, help="crops for the landmark net")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    loop.settle(options.threads, options.seed)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)

    def log(line):
        print(line, flush=True)
        with open(out / "training.log", "a", encoding="utf-8") as file:
            file.write(line + "\n")

    length = options.epochs, options.minutes
    clock = "" if options.minutes is None else f", at most {options.minutes:g} minutes"
    log(f"# {options.net}: {options.epochs} epochs{clock}, seed {options.seed}, {datetime.date.today()}")
    if options.net == "detector":
        net = nets.DetectorOutputs(detector.train(options.data, options.unseen, length, log))
        side, names = 160, net.names
    elif options.net == "landmarks":
        net = landmarks.train(options.data, options.unseen, length, options.limit, log)
        side, names = 64, ["points"]
    elif options.net == "embedder":
        net = embedder.train(options.data, options.unseen, length, options.pictures, log)
        side, names = 64, ["embedding"]
    elif options.net == "conditions":
        net = conditions.train(options.data, options.unseen, length, log)
        side, names = 64, ["logits"]
    else:
        net = liveness.train(options.data, options.unseen, length, log)
        side, names = 64, ["logits"]
    path = out / f"{options.net}.onnx"
    difference, operators = export.export(net, side, names, path)
    log(f"{path.name}: {path.stat().st_size} bytes, {', '.join(operators)}; onnxruntime differs by at most {difference:.1e}")


if __name__ == "__main__":
    main()
