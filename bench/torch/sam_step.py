"""One SALT training step of SAM ViT-B in PyTorch: what `npm run bench:step` measures ours against.

Meta's own modules (the `segment-anything` package), SALT on every layer that the paper adapts, focal + Dice +
regulariser, AdamW. Weights are random: time and memory do not depend on them.

  --form composed   W = U ReLU(core) Vt rebuilt in every step, as the reference implementation does
  --form factored   U (ReLU(core) (Vt x)): the same function with fewer operations, as this project computes it
Prints one JSON object: milliseconds of each step, and the peak resident set in MB.
"""

import argparse
import json
import resource
import sys
import time
from unittest.mock import MagicMock

import torch
import torch.nn as nn
import torch.nn.functional as F

# segment_anything imports torchvision for image files and boxes, which the modules themselves do not need.
for name in ("", ".ops", ".ops.boxes", ".transforms", ".transforms.functional"):
    sys.modules["torchvision" + name] = MagicMock()
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, TwoWayTransformer  # noqa: E402


class Salt(nn.Module):
    """A frozen Linear or Conv2d with its singular values scaled and shifted, the rest updated at low rank."""

    def __init__(self, layer, rank, lora_rank, form):
        super().__init__()
        self.form, self.conv = form, isinstance(layer, nn.Conv2d)
        out, inner = layer.weight.shape[0], layer.weight[0].numel()
        k = min(out, inner)
        self.shape, self.rank, self.bias = layer.weight.shape, min(rank, k), layer.bias
        self.padding = layer.padding if self.conv else None
        rest = k - self.rank
        self.register_buffer("U", torch.randn(out, k) / k**0.5)
        self.register_buffer("Vt", torch.randn(k, inner) / inner**0.5)
        self.register_buffer("s", torch.sort(torch.rand(k), descending=True).values)
        self.alpha = nn.Parameter(torch.ones(self.rank))
        self.beta = nn.Parameter(torch.zeros(self.rank))
        self.X = nn.Parameter(0.01 * torch.randn(rest, lora_rank))
        self.Y = nn.Parameter(0.01 * torch.randn(lora_rank, rest))

    def parts(self):
        top = F.relu(self.alpha * self.s[: self.rank] + self.beta)
        return top, F.relu(torch.diag(self.s[self.rank :]) + self.X @ self.Y)

    def forward(self, x):
        top, rest = self.parts()
        if self.form == "composed":
            core = torch.block_diag(torch.diag(top), rest)
            weight = (self.U @ core @ self.Vt).view(self.shape)
            if self.conv:
                return F.conv2d(x, weight, self.bias, padding=self.padding)
            return F.linear(x, weight, self.bias)
        if self.conv:
            h = F.conv2d(x, self.Vt.view(-1, *self.shape[1:]), padding=self.padding).permute(0, 2, 3, 1)
        else:
            h = F.linear(x, self.Vt)
        h = torch.cat([h[..., : self.rank] * top, h[..., self.rank :] @ rest.T], -1)
        y = F.linear(h, self.U, self.bias)
        return y.permute(0, 3, 1, 2) if self.conv else y

    def penalty(self):
        s = self.s[: self.rank]
        return (self.alpha * s + self.beta - s).norm() + (self.X @ self.Y).norm()


class Sam(nn.Module):
    def __init__(self, size, form):
        super().__init__()
        self.encoder = ImageEncoderViT(
            img_size=size, depth=12, embed_dim=768, num_heads=12, patch_size=16, window_size=14,
            global_attn_indexes=(2, 5, 8, 11), use_rel_pos=True, qkv_bias=True, out_chans=256,
            norm_layer=lambda n: nn.LayerNorm(n, eps=1e-6),
        )
        grid = size // 16
        self.prompt = PromptEncoder(256, (grid, grid), (size, size), 16)
        self.decoder = MaskDecoder(transformer_dim=256, transformer=TwoWayTransformer(2, 256, 8, 2048))
        self.text = nn.Sequential(nn.Linear(512, 256), nn.ReLU(), nn.LayerNorm(256))
        self.salt = []
        for block in self.encoder.blocks:
            nn.init.normal_(block.attn.rel_pos_h, std=0.02)
            nn.init.normal_(block.attn.rel_pos_w, std=0.02)
            self.adapt(block.attn, "qkv", 760, form)
            self.adapt(block.attn, "proj", 760, form)
            self.adapt(block.mlp, "lin1", 50, form)
            self.adapt(block.mlp, "lin2", 50, form)
        self.adapt(self.encoder.neck, "0", 250, form)
        self.adapt(self.encoder.neck, "2", 250, form)
        for name, p in self.named_parameters():
            trained = ("norm", "neck.1", "neck.3", "output_upscaling.1", "pos_embed", "text.", ".alpha", ".beta", ".X", ".Y")
            p.requires_grad_(any(part in name for part in trained))

    def adapt(self, parent, name, rank, form):
        layer = Salt(getattr(parent, name), rank, 256, form)
        setattr(parent, name, layer)
        self.salt.append(layer)

    def forward(self, image, text):
        embedding = self.encoder(image)
        _, dense = self.prompt(points=None, boxes=None, masks=None)
        sparse = self.text(text)[:, None]
        masks, _ = self.decoder(embedding, self.prompt.get_dense_pe(), sparse, dense, multimask_output=False)
        return F.interpolate(masks, image.shape[-2:], mode="bilinear", align_corners=False)


def loss_of(model, logits, target):
    bce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p = logits.sigmoid()
    pt = p * target + (1 - p) * (1 - target)
    focal = ((0.75 * target + 0.25 * (1 - target)) * (1 - pt) ** 3 * bce).mean()
    dice = 1 - (2 * (p * target).sum() + 1) / (p.sum() + target.sum() + 1)
    return focal + dice + 0.01 * sum(layer.penalty() for layer in model.salt)


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--form", choices=["composed", "factored"], default="composed")
    args.add_argument("--size", type=int, default=512)
    args.add_argument("--steps", type=int, default=3)
    args.add_argument("--threads", type=int, default=2)
    args = args.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    model = Sam(args.size, args.form)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4, weight_decay=1e-2)
    image, text = torch.randn(1, 3, args.size, args.size), torch.randn(1, 512)
    target = (torch.rand(1, 1, args.size, args.size) < 0.1).float()
    times = []
    for _ in range(args.steps + 1):  # the first warms up
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss_of(model, model(image, text), target).backward()
        optimizer.step()
        times.append(1000 * (time.perf_counter() - start))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"milliseconds": times[1:], "peakMegabytes": peak, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
