"""One training loop for all nets: AdamW, one-cycle rate, bfloat16 where the CPU has it, a line of log per epoch."""

import math
import time

import torch


def settle(threads, seed):
    torch.set_num_threads(threads)
    torch.manual_seed(seed)


def train(name, nets, count, loss_of, length, batch, rate, log, check=None, decay=0.02):
    """`loss_of(indices, progress)` gives a loss and a number to watch; `check()` is logged after an epoch.

    `length` is (epochs, minutes); with minutes the rate falls with the clock and the last epoch may be cut short.
    """
    epochs, minutes = length
    begun = time.time()
    parameters = [p for net in nets for p in net.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)
    steps = epochs * (count // batch)
    generator = torch.Generator().manual_seed(1)
    step = 0
    for epoch in range(epochs):
        started, losses, watched, taken = time.time(), 0.0, 0.0, 0
        for net in nets:
            net.train()
        order = torch.randperm(count, generator=generator)
        for indices in order[: count // batch * batch].split(batch):
            progress = step / steps if minutes is None else (time.time() - begun) / (60 * minutes)
            if progress >= 1:
                break
            warm = min(1.0, progress / 0.05)
            for group in optimiser.param_groups:
                group["lr"] = rate * warm * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * progress)))
            loss, watch = loss_of(indices.sort().values, progress)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 5.0)
            optimiser.step()
            losses += loss.item()
            watched += watch
            step += 1
            taken += 1
            if step % 200 == 0:
                print(f"  step {step}, {100 * progress:.0f} %: loss {losses / taken:.3f} watched {watched / taken:.3f}", flush=True)
        for net in nets:
            net.eval()
        line = f"{name} epoch {epoch + 1}, {taken} steps of {batch}: loss {losses / max(taken, 1):.4f} watched {watched / max(taken, 1):.4f}"
        if check is not None:
            line += " " + check()
        log(f"{line} ({time.time() - started:.0f} s)")
        if progress >= 1:
            break


def forward(net, x):
    """Runs the net in bfloat16, the loss stays in float32."""
    x = x.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        out = net(x)
    return [o.float() for o in out] if isinstance(out, (list, tuple)) else out.float()
