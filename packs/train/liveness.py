"""Trains the simulated liveness net: a direct look against a drawn screen or print. It says nothing about real attacks."""

import torch

import data
import loop
import nets


def train(folder, unseen, length, log):
    crops = data.through_jpeg(data.images(folder, "attacks.u8", 64), 0.3, 3)
    truth = torch.from_numpy(data.numbers(folder, "attacks.f32").copy()).long()
    net = nets.Liveness().to(memory_format=torch.channels_last)

    def loss_of(indices, _):
        x = data.exposed(data.normalised(crops[indices.numpy()]))
        out = loop.forward(net, x)
        right = (out.argmax(1) == truth[indices]).float().mean().item()
        return torch.nn.functional.cross_entropy(out, truth[indices], label_smoothing=0.02), right

    test = data.images(unseen, "attacks.u8", 64)
    test_truth = torch.from_numpy(data.numbers(unseen, "attacks.f32").copy()).long()

    def check():
        with torch.no_grad():
            found = loop.forward(net, data.normalised(test)).argmax(1)
        accepted = (found[test_truth == 0] == 1).float().mean().item()
        refused = (found[test_truth == 1] == 0).float().mean().item()
        return f"unseen drawn attacks accepted {100 * accepted:.2f} %, direct looks refused {100 * refused:.2f} %"

    loop.train("liveness", [net], len(crops), loss_of, length, 128, 4e-3, log, check)
    return net
