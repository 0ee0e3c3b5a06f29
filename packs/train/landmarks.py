"""Trains the landmark net on crops that a detector's errors moved."""

import torch

import data
import loop
import nets


def train(folder, unseen, length, limit, log):
    crops = data.through_jpeg(data.images(folder, "points.u8", 64)[:: max(1, 70000 // limit)], 0.3, 2)
    truth = torch.from_numpy(data.numbers(folder, "points.f32", 10)[:: max(1, 70000 // limit)].copy())
    net = nets.Landmarks().to(memory_format=torch.channels_last)

    def distance(found, wanted):
        """Mean distance as a share of the eyes' distance, roughly: the template's eyes are 0.195 of the crop apart."""
        return (found - wanted).view(-1, 5, 2).norm(dim=2).mean() / 0.195

    def loss_of(indices, _):
        x = data.exposed(data.normalised(crops[indices.numpy()]))
        found = loop.forward(net, x)
        wanted = truth[indices]
        return torch.nn.functional.smooth_l1_loss(found * 100, wanted * 100, beta=1.0), distance(found, wanted).item()

    test = data.images(unseen, "points.u8", 64)
    test_truth = torch.from_numpy(data.numbers(unseen, "points.f32", 10).copy())

    def check():
        with torch.no_grad():
            return f"unseen NME {100 * distance(loop.forward(net, data.normalised(test)), test_truth).item():.2f} %"

    loop.train("landmarks", [net], len(crops), loss_of, length, 256, 4e-3, log, check)
    return net
