"""One training step of the plain U-Net in PyTorch: what `npm run bench:unet` measures ours against.

The same layers as src/model/unet.ts, fp32 in channels-last, focal + Dice, AdamW.
Prints one JSON object: milliseconds of each step, and the peak resident set in MB.
"""

import argparse
import json
import resource
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def two_convolutions(inputs, outputs):
    def convolution(channels):
        groups = max(g for g in range(1, 9) if outputs % g == 0)
        return [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.GroupNorm(groups, outputs), nn.ReLU(inplace=True)]

    return nn.Sequential(*convolution(inputs), *convolution(outputs))


class UNet(nn.Module):
    def __init__(self, poolings, features, outputs):
        super().__init__()
        widths = [features * 2**level for level in range(poolings + 1)]
        self.down = nn.ModuleList(two_convolutions(i, o) for i, o in zip([3, *widths], widths))
        self.project = nn.ModuleList(nn.Conv2d(2 * w, w, 1) for w in widths[:-1])
        self.up = nn.ModuleList(two_convolutions(2 * w, w) for w in widths[:-1])
        self.head = nn.Conv2d(features, outputs, 1)

    def forward(self, x):
        skipped = []
        for level, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if level else x)
            skipped.append(x)
        for level in reversed(range(len(self.up))):
            enlarged = F.interpolate(self.project[level](x), scale_factor=2)
            x = self.up[level](torch.cat([skipped[level], enlarged], 1))
        return self.head(x)


def loss_of(logits, target):
    bce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p = logits.sigmoid()
    pt = p * target + (1 - p) * (1 - target)
    dice = 1 - (2 * (p * target).sum() + 1) / (p.sum() + target.sum() + 1)
    return 4 * ((1 - pt) ** 2 * bce).mean() + dice


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--features", type=int, default=16)
    args.add_argument("--poolings", type=int, default=4)
    args.add_argument("--size", type=int, default=256)
    args.add_argument("--batch", type=int, default=4)
    args.add_argument("--steps", type=int, default=6)
    args.add_argument("--threads", type=int, default=2)
    args = args.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    model = UNet(args.poolings, args.features, 1).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    image = torch.randn(args.batch, 3, args.size, args.size).to(memory_format=torch.channels_last)
    target = (torch.rand(args.batch, 1, args.size, args.size) < 0.1).float()
    times = []
    for _ in range(args.steps + 2):  # the first two warm up
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss_of(model(image), target).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        times.append(1000 * (time.perf_counter() - start))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"milliseconds": times[2:], "peakMegabytes": peak, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
