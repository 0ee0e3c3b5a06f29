"""Trains the detector: which cells of which stride hold a face, its box and its five points."""

import numpy as np
import torch
import torch.nn.functional as F

import data
import loop
import nets

SIDE = 160
# Largest side of the box, in net pixels, that each stride answers for; the ranges overlap.
RANGES = {8: (0, 36), 16: (26, 72), 32: (56, 1000)}


def targets(faces):
    """Truth [n, 3, 15] to, per stride, [n, cells, 1 + 4 + 10]: positive, box numbers, landmark numbers; -1 means do not care."""
    out = []
    for stride in nets.Detector.strides:
        cells = SIDE // stride
        rows, columns = np.mgrid[0:cells, 0:cells].astype(np.float32)
        target = np.zeros((len(faces), cells, cells, 15), np.float32)
        low, high = RANGES[stride]
        for face in range(faces.shape[1]):
            f = faces[:, face, :, None, None]
            x0, y0, x1, y1 = f[:, 1], f[:, 2], f[:, 3], f[:, 4]
            width, height = np.maximum(x1 - x0, 1), np.maximum(y1 - y0, 1)
            cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
            size = np.maximum(width, height)
            near = (np.abs(columns * stride - cx) < np.maximum(0.22 * width, stride * 0.6)) & (
                np.abs(rows * stride - cy) < np.maximum(0.22 * height, stride * 0.6)
            )
            inside = (np.abs(columns * stride - cx) < 0.4 * width) & (np.abs(rows * stride - cy) < 0.4 * height)
            present = f[:, 0] > 0
            ours = present & (size >= low) & (size < high) & near
            # Only a stride that nearly answers for this size may hesitate; a small box inside a large face is wrong.
            close = (size >= 0.75 * low) & (size < 1.33 * high)
            skip = present & inside & close & ~ours & (target[..., 0] == 0)
            target[..., 0][skip] = -1
            box = [cx / stride - columns, cy / stride - rows, np.log(width / stride) + 0 * columns, np.log(height / stride) + 0 * columns]
            points = [f[:, 5 + i] / stride - (columns if i % 2 == 0 else rows) for i in range(10)]
            values = np.stack([np.ones_like(box[0]), *box, *points], -1)
            target[ours] = values[ours]
        out.append(target.reshape(len(faces), cells * cells, 15))
    return torch.from_numpy(np.concatenate(out, 1))


def train(folder, unseen, length, log):
    scenes = data.through_jpeg(data.images(folder, "scenes.u8", SIDE), 0.3, 4)
    faces = data.numbers(folder, "scenes.f32", 3, 15)
    net = nets.Detector().to(memory_format=torch.channels_last)

    def loss_of(indices, _):
        indices = indices.numpy()
        found = torch.cat(loop.forward(net, data.exposed(data.normalised(scenes[indices]))), 1)
        wanted = targets(faces[indices])
        cared, positive = wanted[..., 0] >= 0, wanted[..., 0] > 0
        count = positive.sum().clamp(min=1)
        label = positive.float()[..., None].expand(-1, -1, 2)
        p = torch.sigmoid(found[..., :2])
        focus = torch.where(label > 0, 1 - p, p).pow(2) * torch.where(label > 0, 0.6, 0.4)
        score = (F.binary_cross_entropy_with_logits(found[..., :2], label, reduction="none") * focus)[cared].sum() / count
        got, want = found[positive], wanted[positive]
        # In shares of the face's width, so that a small face counts like a large one.
        share = 1 / torch.exp(want[:, 3:4]).clamp(min=0.5)
        centre = F.smooth_l1_loss(got[:, 2:4] * share, want[:, 1:3] * share, beta=0.05, reduction="sum")
        extent = F.smooth_l1_loss(got[:, 4:6], want[:, 3:5], beta=0.05, reduction="sum")
        points = F.smooth_l1_loss(got[:, 6:] * share, want[:, 5:] * share, beta=0.05, reduction="sum")
        error = (got[:, 6:] - want[:, 5:]).abs().mul(share).mean().item() if len(got) else 0.0
        return 4 * score + (3 * centre + 3 * extent + 3 * points) / count, error

    test, test_faces = data.images(unseen, "scenes.u8", SIDE), data.numbers(unseen, "scenes.f32", 3, 15)

    def check():
        missed, false, total = 0, 0, 0
        with torch.no_grad():
            for start in range(0, len(test), 250):
                maps = loop.forward(net, data.normalised(test[start : start + 250]))
                for i in range(len(maps[0])):
                    kept = decode([m[i].numpy() for m in maps])
                    present = test_faces[start + i][test_faces[start + i][:, 0] > 0]
                    hits = [any(iou(box, face[1:5]) > 0.5 for box in kept) for face in present]
                    total += len(present)
                    missed += len(present) - sum(hits)
                    false += sum(not any(iou(box, face[1:5]) > 0.4 for face in present) for box in kept)
        return f"unseen scenes: missed {100 * missed / total:.2f} %, false {false / len(test):.3f} per scene"

    loop.train("detector", [net], len(scenes), loss_of, length, 64, 3e-3, log, check)
    return net


def decode(maps, threshold=0.5, overlap=0.3):
    """Boxes of one picture after suppression: [k, 4]."""
    boxes = []
    for stride, m in zip(nets.Detector.strides, maps):
        score = np.sqrt(1 / (1 + np.exp(-m[:, 0])) / (1 + np.exp(-m[:, 1])))
        for cell in np.flatnonzero(score >= threshold):
            row, column = divmod(int(cell), SIDE // stride)
            cx, cy = (column + m[cell, 2]) * stride, (row + m[cell, 3]) * stride
            w, h = np.exp(m[cell, 4:6]) * stride
            boxes.append((score[cell], np.array([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])))
    kept = []
    for _, box in sorted(boxes, key=lambda item: -item[0]):
        if all(iou(box, other) < overlap for other in kept):
            kept.append(box)
    return kept


def iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)
