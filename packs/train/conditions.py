"""Trains the net that says what a face wears: glasses, a mask. It knows drawn ones only."""

import torch

import data
import loop
import nets


def train(folder, unseen, length, log):
    crops = data.through_jpeg(data.images(folder, "conditions.u8", 64), 0.3, 3)
    truth = torch.from_numpy(data.numbers(folder, "conditions.f32", 2).copy())
    net = nets.Conditions().to(memory_format=torch.channels_last)

    def loss_of(indices, _):
        x = data.exposed(data.normalised(crops[indices.numpy()]))
        out = loop.forward(net, x)
        wanted = truth[indices]
        right = ((out > 0) == (wanted > 0)).float().mean().item()
        return torch.nn.functional.binary_cross_entropy_with_logits(out, 0.98 * wanted + 0.01), right

    test = data.images(unseen, "conditions.u8", 64)
    test_truth = torch.from_numpy(data.numbers(unseen, "conditions.f32", 2).copy()) > 0

    def check():
        with torch.no_grad():
            found = loop.forward(net, data.normalised(test)) > 0
        wrong = [
            f"unseen {name} missed {100 * (~found[:, i])[test_truth[:, i]].float().mean():.2f} %, "
            f"seen where there is none {100 * found[:, i][~test_truth[:, i]].float().mean():.2f} %"
            for i, name in enumerate(nets.Conditions.names)
        ]
        return "; ".join(wrong)

    loop.train("conditions", [net], len(crops), loss_of, length, 128, 4e-3, log, check)
    return net
