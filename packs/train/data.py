"""Reads the raw arrays that the Rust drawer's example `dataset` writes."""

from pathlib import Path

import cv2
import numpy as np
import torch


def images(folder, name, side):
    return np.fromfile(Path(folder) / name, np.uint8).reshape(-1, side, side, 3)


def numbers(folder, name, *shape):
    return np.fromfile(Path(folder) / name, "<f4").reshape(-1, *shape)


def normalised(batch):
    """u8 [n, h, w, 3] to the nets' input."""
    tensor = torch.from_numpy(np.ascontiguousarray(batch)).permute(0, 3, 1, 2)
    return tensor.float().sub_(127.5).div_(127.5)


def through_jpeg(pictures, share, seed):
    """Squeezes a share of the pictures through JPEG, in place."""
    random = np.random.default_rng(seed)
    for index in np.flatnonzero(random.random(len(pictures)) < share):
        quality = int(random.integers(60, 96))
        _, packed = cv2.imencode(".jpg", pictures[index], [cv2.IMWRITE_JPEG_QUALITY, quality])
        pictures[index] = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return pictures


def exposed(batch):
    """Changes brightness and contrast of every picture of a normalised batch a little."""
    n = len(batch)
    gain = 1 + 0.36 * (torch.rand(n, 1, 1, 1) - 0.5)
    shift = 0.24 * (torch.rand(n, 1, 1, 1) - 0.5)
    return batch.mul_(gain).add_(shift).clamp_(-1, 1)
