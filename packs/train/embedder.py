"""Trains the embedder: softmax over people on the sphere first, then with a growing CosFace margin."""

import numpy as np
import torch
import torch.nn.functional as F

import data
import loop
import nets

SCALE = 26.0
MARGIN = 0.30


def train(folder, unseen, length, pictures, log):
    crops = data.through_jpeg(data.images(folder, "crops.u8", 64), 0.3, 1)
    labels = torch.arange(len(crops)) // pictures
    people = int(labels.max()) + 1
    net = nets.Embedder().to(memory_format=torch.channels_last)
    centres = torch.nn.Module()
    centres.weight = torch.nn.Parameter(torch.randn(people, net.dimensions) * 0.1)

    def loss_of(indices, progress):
        x = data.exposed(data.normalised(crops[indices.numpy()]))
        y = labels[indices]
        cosine = F.normalize(loop.forward(net, x)) @ F.normalize(centres.weight).T
        margin = MARGIN * min(1.0, max(0.0, (progress - 0.15) / 0.45))
        logits = SCALE * (cosine - margin * F.one_hot(y, people))
        return F.cross_entropy(logits, y), (cosine.argmax(1) == y).float().mean().item()

    test = data.images(unseen, "crops.u8", 64)
    per_person = 6

    def check():
        vectors = embed(net, test)
        rate = eer(vectors, np.arange(len(test)) // per_person)
        return f"unseen people, all views: EER {100 * rate:.2f} %"

    loop.train("embedder", [net, centres], len(crops), loss_of, length, 128, 2e-3, log, check, decay=0.05)
    return net


def embed(net, crops):
    with torch.no_grad():
        out = [loop.forward(net, data.normalised(crops[i : i + 500])) for i in range(0, len(crops), 500)]
    return F.normalize(torch.cat(out)).numpy()


def eer(vectors, labels):
    """Equal error rate over all pairs of unit vectors."""
    left, right = np.triu_indices(len(labels), 1)
    scores = (vectors @ vectors.T)[left, right]
    same = labels[left] == labels[right]
    genuine, impostor = np.sort(scores[same]), np.sort(scores[~same])
    thresholds = np.linspace(-1, 1, 4001)
    fnmr = np.searchsorted(genuine, thresholds) / len(genuine)
    fmr = 1 - np.searchsorted(impostor, thresholds) / len(impostor)
    at = np.argmin(np.abs(fnmr - fmr))
    return (fnmr[at] + fmr[at]) / 2
