"""The five small nets of the pack. Input of each: [n, 3, side, side], RGB, (pixel - 127.5) / 127.5."""

import torch
from torch import nn


def conv(inputs, outputs, size=3, stride=1, groups=1):
    """Convolution, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Adds what `middle` channels of 3×3 convolution find to its input."""

    def __init__(self, channels, middle=None):
        super().__init__()
        if middle is None:
            layers = [conv(channels, channels), nn.Conv2d(channels, channels, 3, 1, 1, bias=False)]
        else:
            layers = [conv(channels, middle, 1), conv(middle, middle), nn.Conv2d(middle, channels, 1, bias=False)]
        self.body = nn.Sequential(*layers, nn.BatchNorm2d(channels))

    def forward(self, x):
        return torch.relu(x + self.body(x))


class Detector(nn.Module):
    """160×160 to YuNet-style outputs at strides 8, 16 and 32: cls, obj, bbox and kps per cell."""

    side = 160
    strides = (8, 16, 32)

    def __init__(self):
        super().__init__()
        self.to8 = nn.Sequential(conv(3, 8, 3, 2), conv(8, 16, 3, 2), Residual(16), conv(16, 32, 3, 2), Residual(32))
        self.to16 = nn.Sequential(conv(32, 48, 3, 2), Residual(48, 24), Residual(48, 24))
        self.to32 = nn.Sequential(conv(48, 48, 3, 2), Residual(48, 24))
        self.heads = nn.ModuleList(nn.Conv2d(channels, 16, 1) for channels in (32, 48, 48))
        for head in self.heads:
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
            nn.init.constant_(head.bias[:2], -4.0)

    def forward(self, x):
        """Returns per stride [n, cells, 16]: two logits, four box numbers, ten landmark numbers."""
        f8 = self.to8(x)
        f16 = self.to16(f8)
        f32 = self.to32(f16)
        maps = zip(self.strides, self.heads, (f8, f16, f32))
        return [head(f).permute(0, 2, 3, 1).reshape(-1, (self.side // stride) ** 2, 16) for stride, head, f in maps]


class DetectorOutputs(nn.Module):
    """The detector as it is shipped: twelve outputs in YuNet's order."""

    def __init__(self, detector):
        super().__init__()
        self.detector = detector

    names = [f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)]

    def forward(self, x):
        maps = self.detector(x)
        return (
            *[torch.sigmoid(m[..., 0:1]) for m in maps],
            *[torch.sigmoid(m[..., 1:2]) for m in maps],
            *[m[..., 2:6] for m in maps],
            *[m[..., 6:16] for m in maps],
        )


class Landmarks(nn.Module):
    """64×64 loosely aligned crop to five points as fractions of the crop: [n, 10]."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            conv(3, 12, 3, 2), conv(12, 24, 3, 2), Residual(24), conv(24, 40, 3, 2), Residual(40, 20), conv(40, 48, 3, 2)
        )
        self.head = nn.Linear(48 * 16, 10)

    def forward(self, x):
        return self.head(self.body(x).flatten(1)) + 0.5


class Embedder(nn.Module):
    """64×64 aligned crop to 96 numbers; the loader scales them to length 1."""

    dimensions = 96

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            conv(3, 24, 3, 2),
            conv(24, 40, 3, 2),
            Residual(40),
            conv(40, 56, 3, 2),
            Residual(56),
            Residual(56, 28),
            conv(56, 96, 1),
            nn.Conv2d(96, 96, 8, groups=96, bias=False),
            nn.BatchNorm2d(96),
        )
        self.head = nn.Sequential(nn.Linear(96, 96, bias=False), nn.BatchNorm1d(96))

    def forward(self, x):
        return self.head(self.body(x).flatten(1))


class Liveness(nn.Module):
    """64×64 crop, wider than the face, to two logits: picture of a picture, direct look."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv(3, 8, 3, 2), conv(8, 16, 3, 2), conv(16, 24, 3, 2), conv(24, 24, 3, 2))
        self.head = nn.Linear(24 * 16, 2)

    def forward(self, x):
        return self.head(self.body(x).flatten(1))


class Conditions(nn.Module):
    """64×64 crop, a little wider than the face, to a logit for each of `names`: worn above 0."""

    names = ("glasses", "mask")

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv(3, 8, 3, 2), conv(8, 16, 3, 2), conv(16, 24, 3, 2), conv(24, 24, 3, 2))
        self.head = nn.Linear(24 * 16, len(self.names))

    def forward(self, x):
        return self.head(self.body(x).flatten(1))
