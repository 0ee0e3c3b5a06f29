"""The whole chain as the hub runs it, from the shipped ONNX files: fit, detect, refine, align, embed, judge, see what is worn. Follows pack.toml, format 1."""

import tomllib
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

import detector as boxes


class Chain:
    def __init__(self, pack):
        pack = Path(pack)
        self.pack = tomllib.loads((pack / "pack.toml").read_text(encoding="utf-8"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.nets = {
            table["file"]: onnxruntime.InferenceSession(str(pack / table["file"]), options, providers=["CPUExecutionProvider"])
            for table in [self.pack["detector"], self.pack["landmarks"], self.pack["embedder"], self.pack["conditions"], *self.pack["liveness"]["nets"]]
        }

    def run(self, table, picture):
        """picture: f32 [h, w, 3] RGB, 0..255."""
        x = (picture - np.array(table["mean"], np.float32)) / np.array(table["std"], np.float32)
        x = np.ascontiguousarray(x.transpose(2, 0, 1)[None], np.float32)
        return self.nets[table["file"]].run(None, {"input": x})

    def faces(self, picture):
        """Finds faces in a u8 RGB picture: score, box, five points (refined), embedding, P(real), what is worn; best first."""
        found, halved = [], [picture.astype(np.float32)]
        for score, box, points in self.detect(picture):
            table = self.pack["landmarks"]
            for _ in range(table.get("passes", 1)):
                crop, fit = align(halved, points, table)
                fractions = self.run(table, crop)[0].reshape(5, 2)
                points = undo(fit, fractions * [table["width"], table["height"]])
            crop, _ = align(halved, points, self.pack["embedder"])
            vector = self.run(self.pack["embedder"], crop)[0][0]
            vector = vector / np.linalg.norm(vector)
            face = {"score": score, "box": box, "points": points, "embedding": vector}
            found.append(face | {"real": self.real(picture, box), "worn": self.worn(picture, box)})
        return found

    def detect(self, picture):
        table = self.pack["detector"]
        height, width = picture.shape[:2]
        scale = min(table["width"] / width, table["height"] / height, table.get("max_upscale", 1.0))
        fitted = averaged(picture, (0, 0, width, height), round(width * scale), round(height * scale))
        canvas = np.zeros((table["height"], table["width"], 3), np.float32)
        canvas[: fitted.shape[0], : fitted.shape[1]] = fitted
        out = self.run(table, canvas)
        candidates = []
        for level, stride in enumerate(table["strides"]):
            cls, obj, bbox, kps = (out[3 * kind + level][0] for kind in range(4))
            score = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
            for cell in np.flatnonzero(score >= table["score"]):
                row, column = divmod(int(cell), table["width"] // stride)
                cx, cy = (column + bbox[cell, 0]) * stride, (row + bbox[cell, 1]) * stride
                w, h = np.exp(bbox[cell, 2:4]) * stride
                box = np.array([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]) / scale
                points = (kps[cell].reshape(5, 2) + [column, row]) * stride / scale
                candidates.append((float(score[cell]), box, points))
        kept = []
        for candidate in sorted(candidates, key=lambda c: -c[0]):
            if all(boxes.iou(candidate[1], other[1]) < table["nms_iou"] for other in kept):
                kept.append(candidate)
        return kept

    def real(self, picture, box):
        table = self.pack["liveness"]["nets"][0]
        crop = around(picture, box, table)
        if crop is None:
            return None
        logits = self.run(table, crop)[0][0]
        weights = np.exp(logits - logits.max())
        return float(weights[table["real_index"]] / weights.sum())

    def worn(self, picture, box):
        table = self.pack["conditions"]
        crop = around(picture, box, table)
        if crop is None:
            return []
        seen = 1 / (1 + np.exp(-self.run(table, crop)[0][0])) >= table["worn_at_least"]
        return [name for name, is_worn in zip(table["outputs"], seen) if is_worn]


def around(picture, box, table):
    """Cuts the box enlarged by `crop_scale`, moved to lie inside; None when the face is too near for the net."""
    height, width = picture.shape[:2]
    w, h = box[2] - box[0], box[3] - box[1]
    scale = min((height - 1) / h, (width - 1) / w, table["crop_scale"])
    if scale < table.get("min_crop_scale", 0):
        return None
    w, h = w * scale, h * scale
    x = np.clip((box[0] + box[2]) / 2 - w / 2, 0, max(0, width - 1 - w))
    y = np.clip((box[1] + box[3]) / 2 - h / 2, 0, max(0, height - 1 - h))
    return averaged(picture, (x, y, x + w, y + h), table["width"], table["height"])


def averaged(picture, area, width, height):
    """Mean over the exact source rectangle of every target pixel."""

    def matrix(start, end, count, limit):
        step = (end - start) / count
        edges = start + step * np.arange(count + 1)
        cover = np.minimum(edges[1:, None], np.arange(limit) + 1) - np.maximum(edges[:-1, None], np.arange(limit))
        cover = np.clip(cover, 0, None)
        return cover / cover.sum(1, keepdims=True)

    left, top = max(0, int(area[0])), max(0, int(area[1]))
    right, bottom = min(picture.shape[1], int(np.ceil(area[2]))), min(picture.shape[0], int(np.ceil(area[3])))
    part = picture[top:bottom, left:right].astype(np.float32)
    rows = matrix(area[1] - top, area[3] - top, height, bottom - top).astype(np.float32)
    columns = matrix(area[0] - left, area[2] - left, width, right - left).astype(np.float32)
    half = (rows @ part.reshape(bottom - top, -1)).reshape(height, right - left, 3).transpose(0, 2, 1)
    out = np.ascontiguousarray(half).reshape(height * 3, -1) @ columns.T
    return np.ascontiguousarray(out.reshape(height, 3, width).transpose(0, 2, 1))


def similarity(source, target):
    """Least-squares similarity: a, b, c, d with x' = a x - b y + c, y' = b x + a y + d."""
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    ms, mt = source.mean(0), target.mean(0)
    p, q = source - ms, target - mt
    norm = (p * p).sum()
    a, b = (p * q).sum() / norm, (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum() / norm
    return a, b, mt[0] - a * ms[0] + b * ms[1], mt[1] - b * ms[0] - a * ms[1]


def undo(fit, points):
    a, b, c, d = fit
    dx, dy = points[:, 0] - c, points[:, 1] - d
    norm = a * a + b * b
    return np.stack([(a * dx + b * dy) / norm, (a * dy - b * dx) / norm], 1)


def align(halved, points, table):
    """Cuts the crop that puts `points` on the table's template; returns it and the similarity from the full picture.

    `halved` is the picture (f32) and, made here when needed, its copies at half the size, a quarter, and so on.
    """
    moved, level = np.asarray(points, np.float64), 0
    full = fit = similarity(moved, table["template"])
    while table.get("shrink", "none") == "halve" and level < 4 and np.hypot(fit[0], fit[1]) < 0.5:
        level += 1
        if level == len(halved):
            p = halved[-1]
            h, w = p.shape[0] // 2 * 2, p.shape[1] // 2 * 2
            halved.append((p[:h:2, :w:2] + p[1:h:2, :w:2] + p[:h:2, 1:w:2] + p[1:h:2, 1:w:2]) / 4)
        moved = (moved + 0.5) / 2 - 0.5
        fit = similarity(moved, table["template"])
    picture = halved[level]
    ys, xs = np.mgrid[0 : table["height"], 0 : table["width"]]
    places = undo(fit, np.stack([xs.ravel(), ys.ravel()], 1).astype(np.float64))
    return bilinear(picture, places).reshape(table["height"], table["width"], 3), full


def bilinear(picture, places):
    """Exact bilinear sampling; taps outside count 0. (OpenCV's remap rounds weights to 1/32.)"""
    left, top = np.floor(places[:, 0]).astype(int), np.floor(places[:, 1]).astype(int)
    tx, ty = places[:, 0] - left, places[:, 1] - top
    out = np.zeros((len(places), 3))
    for dx, dy, weight in ((0, 0, (1 - tx) * (1 - ty)), (1, 0, tx * (1 - ty)), (0, 1, (1 - tx) * ty), (1, 1, tx * ty)):
        x, y = left + dx, top + dy
        inside = (x >= 0) & (y >= 0) & (x < picture.shape[1]) & (y < picture.shape[0])
        out[inside] += weight[inside, None] * picture[y[inside], x[inside]]
    return out.astype(np.float32)


def opened(path):
    """Reads a picture file as RGB."""
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
