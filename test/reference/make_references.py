"""Writes the reference files beside this script: small models with random weights, run by Meta's own modules.

    python make_references.py [--out FOLDER] [NAME...]

Needs torch, numpy, safetensors and segment-anything (PyPI). Everything is computed in float64 from weights that
float32 holds exactly, so that the files say how the model is defined, not how PyTorch rounds.

`salt-reference/1` files: weights, one batch, the outputs of the plain and of the SALT-adapted model, the losses and
the gradient of every trainable parameter. `salt-prompts/1`: the prompt encoder and mask decoder alone, under every
kind of prompt.
"""

import argparse
import json
import sys
import types
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save
from torch import nn

# segment-anything imports torchvision for parts that are not used here.
for name in ["torchvision", "torchvision.ops", "torchvision.ops.boxes", "torchvision.transforms"]:
    sys.modules.setdefault(name, types.ModuleType(name))
sys.modules.setdefault("torchvision.transforms.functional", types.ModuleType("functional"))
for module, names in {
    "torchvision.ops.boxes": ["batched_nms", "box_area"],
    "torchvision.transforms.functional": ["resize", "to_pil_image"],
}.items():
    for attribute in names:
        setattr(sys.modules[module], attribute, getattr(sys.modules[module], attribute, None))

from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, TwoWayTransformer  # noqa: E402

torch.set_num_threads(1)  # the order of sums, and with it the last bit, must not depend on the machine's cores
PATCH = 16

DEFAULTS = dict(
    depth=3, embed_dim=32, num_heads=2, image_size=96, window_size=4, global_attn_indexes=[1], out_chans=32,
    decoder_mlp_dim=40, decoder_num_heads=4, text_dim=12, salt_rank=10, lora_rank=3,
)  # fmt: skip

# name: (changes to DEFAULTS, batch size, side of the input in pixels)
REFERENCES = {
    # A grid of 6 x 6 tokens in windows of 4: two rows and columns of padding tokens.
    "window-padding": ({}, 1, 96),
    "all-global": (dict(depth=2, window_size=0, global_attn_indexes=[], image_size=64), 1, 64),
    "batch-2": (dict(depth=2, global_attn_indexes=[0], num_heads=4, window_size=5), 2, 96),
    # Both position tables were made for a smaller image.
    "resized-positions": (dict(depth=2, image_size=64, window_size=3, decoder_num_heads=2), 1, 112),
    # Windows larger than the grid, rank 1, other widths.
    "odd-sizes": (
        dict(depth=2, embed_dim=36, num_heads=3, image_size=80, window_size=14, global_attn_indexes=[1],
             out_chans=24, decoder_num_heads=3, decoder_mlp_dim=20, text_dim=7, salt_rank=1, lora_rank=1),
        1, 80,
    ),
}  # fmt: skip


# Too large to commit: made when asked for by name.
REFERENCES_ON_REQUEST = {
    # Two blocks of ViT-B, one in windows and one global, and the whole decoder at its published size.
    "vit-b-blocks": (
        dict(depth=2, embed_dim=768, num_heads=12, image_size=512, window_size=14, global_attn_indexes=[1],
             out_chans=256, decoder_mlp_dim=2048, decoder_num_heads=8, text_dim=512, salt_rank=700, lora_rank=16),
        1, 512,
    ),
}  # fmt: skip


def randomise(model: nn.Module) -> None:
    """Every tensor gets random values: nothing may work only because a norm is the identity or a table is zero."""
    for module in model.modules():
        for name, value in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]:
            noise = torch.randn(value.shape)
            if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
                inputs = value.shape[0] if isinstance(module, nn.ConvTranspose2d) else value[0].numel()
                noise = 0.2 * noise if name == "bias" else noise * inputs**-0.5
            elif type(module).__name__ in ("LayerNorm", "LayerNorm2d"):
                noise = 0.2 * noise + (name == "weight")
            elif "pos" in name and "gaussian" not in name:
                noise = 0.5 * noise
            value.data.copy_(noise)


class Reference(nn.Module):
    def __init__(self, config: dict) -> None:
        super().__init__()
        grid = config["image_size"] // PATCH
        channels = config["out_chans"]
        self.image_encoder = ImageEncoderViT(
            img_size=config["image_size"],
            patch_size=PATCH,
            embed_dim=config["embed_dim"],
            depth=config["depth"],
            num_heads=config["num_heads"],
            mlp_ratio=4,
            out_chans=channels,
            qkv_bias=True,
            norm_layer=partial(nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=config["window_size"],
            global_attn_indexes=tuple(config["global_attn_indexes"]),
        )
        self.prompt_encoder = PromptEncoder(
            embed_dim=channels,
            image_embedding_size=(grid, grid),
            input_image_size=(config["image_size"], config["image_size"]),
            mask_in_chans=16,
        )
        self.mask_decoder = MaskDecoder(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(
                depth=2,
                embedding_dim=channels,
                mlp_dim=config["decoder_mlp_dim"],
                num_heads=config["decoder_num_heads"],
            ),
            transformer_dim=channels,
            iou_head_depth=3,
            iou_head_hidden_dim=channels,
        )
        self.text_affine = nn.Sequential(
            nn.Linear(config["text_dim"], channels), nn.ReLU(), nn.LayerNorm(channels)
        )

    def encode(self, image: torch.Tensor) -> torch.Tensor:
        encoder = self.image_encoder
        tokens = encoder.patch_embed(image)
        positions = encoder.pos_embed.permute(0, 3, 1, 2)
        if positions.shape[-2:] != tokens.shape[1:3]:
            positions = F.interpolate(positions, size=tokens.shape[1:3], mode="bilinear", align_corners=False)
        tokens = tokens + positions.permute(0, 2, 3, 1)
        for block in encoder.blocks:
            tokens = block(tokens)
        return encoder.neck(tokens.permute(0, 3, 1, 2))

    def logits(self, embedding: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        token = self.text_affine(text)[:, None]
        grid = tuple(embedding.shape[-2:])
        # Meta's positional encoding works in float32 only.
        layer = self.prompt_encoder.pe_layer
        positions = layer.float()(grid)[None].to(embedding.dtype)
        layer.to(embedding.dtype)
        dense = self.prompt_encoder.no_mask_embed.weight.reshape(1, -1, 1, 1).expand(1, -1, *grid)
        # Meta's decoder takes one image and many prompts.
        masks = [
            self.mask_decoder(embedding[i : i + 1], positions, token[i : i + 1], dense, multimask_output=False)[0]
            for i in range(len(embedding))
        ]
        return torch.cat(masks)


class Salt(nn.Module):
    """The weight of a linear layer, U relu(core) Vt, with a core that is scaled, shifted and updated."""

    def __init__(self, weight: torch.Tensor, rank: int, lora_rank: int) -> None:
        super().__init__()
        u, s, vt = torch.linalg.svd(weight.detach(), full_matrices=False)
        # As float32 holds them.
        self.U, self.S, self.Vt = (t.float().to(weight.dtype) for t in (u, s, vt))
        rest = len(s) - rank
        draw = lambda *shape: torch.randn(*shape).to(weight.dtype)  # noqa: E731
        self.alpha = nn.Parameter(1 + 0.2 * draw(rank))
        self.beta = nn.Parameter(0.1 * draw(rank))
        self.X = nn.Parameter(0.4 * draw(rest, lora_rank))
        self.Y = nn.Parameter(0.4 * draw(lora_rank, rest))

    def weight(self) -> torch.Tensor:
        rank = len(self.alpha)
        top = torch.diag(self.alpha * self.S[:rank] + self.beta)
        rest = torch.diag(self.S[rank:]) + self.X @ self.Y
        return self.U @ torch.relu(torch.block_diag(top, rest)) @ self.Vt

    def penalty(self) -> torch.Tensor:
        s = self.S[: len(self.alpha)]
        return (self.alpha * s + self.beta - s).norm() + (self.X @ self.Y).norm()


class AdaptedLinear(nn.Module):
    def __init__(self, linear: nn.Linear, salt: Salt) -> None:
        super().__init__()
        self.bias = linear.bias
        self.salt = salt

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.salt.weight(), self.bias)


def adapt(model: Reference, config: dict) -> dict[str, Salt]:
    layers = {}
    for index, block in enumerate(model.image_encoder.blocks):
        for owner, name, part in [
            (block.attn, "attn.qkv", "qkv"),
            (block.mlp, "mlp.lin1", "lin1"),
            (block.mlp, "mlp.lin2", "lin2"),
        ]:
            linear = getattr(owner, part)
            salt = Salt(linear.weight, config["salt_rank"], config["lora_rank"])
            layers[f"image_encoder.blocks.{index}.{name}"] = salt
            setattr(owner, part, AdaptedLinear(linear, salt))
    return layers


def losses(logits: torch.Tensor, mask: torch.Tensor, layers: dict[str, Salt]) -> dict[str, torch.Tensor]:
    sized = F.interpolate(logits, scale_factor=4, mode="bilinear", align_corners=False)[:, 0]
    probability = torch.sigmoid(sized)
    cross_entropy = F.binary_cross_entropy_with_logits(sized, mask, reduction="none")
    p_true = probability * mask + (1 - probability) * (1 - mask)
    alpha = 0.75 * mask + 0.25 * (1 - mask)
    focal = (alpha * (1 - p_true) ** 3 * cross_entropy).mean()
    dice = 1 - (2 * (probability * mask).sum() + 1) / (probability.sum() + mask.sum() + 1)
    reg = sum(salt.penalty() for salt in layers.values())
    return {"focal": focal, "dice": dice, "reg": reg, "total": focal + dice + 0.01 * reg}


def trainable(model: Reference) -> dict[str, nn.Parameter]:
    """Norms of encoder and decoder, the neck's norms, positions and the text affine layer, by Meta's names."""
    parameters = dict(model.named_parameters())
    chosen = {}
    for path, module in model.named_modules():
        is_norm = type(module).__name__ in ("LayerNorm", "LayerNorm2d") and not path.startswith("prompt_encoder")
        if is_norm or path.startswith("text_affine."):
            chosen |= {f"{path}.{name}": value for name, value in module.named_parameters(recurse=False)}
    chosen["image_encoder.pos_embed"] = parameters["image_encoder.pos_embed"]
    return chosen


def write(folder: Path, name: str, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    path = folder / f"{name}.safetensors"
    stored = {
        key: (value.detach().float() if value.is_floating_point() else value).contiguous().clone()
        for key, value in tensors.items()
    }
    file = save(stored, metadata)
    # The library writes metadata in any order; equal contents should give equal files.
    length = int.from_bytes(file[:8], "little")
    header = json.loads(file[8 : 8 + length])
    ordered = {"__metadata__": dict(sorted(header.pop("__metadata__").items())), **header}
    text = json.dumps(ordered, separators=(",", ":"), ensure_ascii=False).encode().ljust(length)
    assert len(text) == length
    path.write_bytes(file[:8] + text + file[8 + length :])
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


def make_reference(folder: Path, name: str) -> None:
    changes, batch, side = (REFERENCES | REFERENCES_ON_REQUEST)[name]
    config = DEFAULTS | changes
    torch.manual_seed(sum(map(ord, name)))
    model = Reference(config)
    randomise(model)
    tensors = {f"weights/{key}": value.clone() for key, value in model.state_dict().items()}

    # A disc and a bar on noise, and the text of the first sample.
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    disc = (x - side * 0.4) ** 2 + (y - side * 0.55) ** 2 < (side * 0.3) ** 2
    mask = torch.stack([disc if i % 2 == 0 else (x // 9) % 3 == 0 for i in range(batch)]).float()
    image = torch.randn(batch, 3, side, side) + 1.5 * mask[:, None]
    text = torch.randn(batch, config["text_dim"])
    tensors |= {"input/image": image, "input/text_embedding": text, "input/mask": mask}

    model.double()
    image, text, mask = image.double(), text.double(), mask.double()
    with torch.no_grad():
        embedding = model.encode(image)
        tensors |= {"output/image_embedding": embedding, "output/low_res_logits": model.logits(embedding, text)}

    chosen = trainable(model)
    layers = adapt(model, config)
    for layer, salt in layers.items():
        tensors |= {f"svd/{layer}.{part}": getattr(salt, part) for part in ("U", "S", "Vt")}
        for part, value in salt.named_parameters():
            value.data = value.data.float().double()
            tensors[f"salt/{layer}.{part}"] = value.clone()
            chosen[f"salt/{layer}.{part}"] = value
    logits = model.logits(model.encode(image), text)
    tensors["output/salt_low_res_logits"] = logits
    parts = losses(logits, mask, layers)
    parts["total"].backward()
    tensors |= {f"loss/{part}": value for part, value in parts.items()}
    for parameter, value in chosen.items():
        assert value.grad is not None and value.grad.abs().max() > 0, parameter
        tensors[f"grad/{parameter}"] = value.grad
    write(folder, name, tensors, {"format": "salt-reference/1", "config": json.dumps(config)})


def make_prompts(folder: Path) -> None:
    config = DEFAULTS | dict(depth=1, image_size=80)
    torch.manual_seed(7)
    model = Reference(config)
    randomise(model)
    keep = ("prompt_encoder.", "mask_decoder.")
    tensors = {f"weights/{key}": value for key, value in model.state_dict().items() if key.startswith(keep)}
    grid = config["image_size"] // PATCH
    embedding = torch.randn(1, config["out_chans"], grid, grid)
    tensors["input/image_embedding"] = embedding

    points = torch.tensor([[[10.0, 20.0], [70.5, 3.25], [41.0, 79.0]]])
    labels = torch.tensor([[1, 0, 1]])
    box = torch.tensor([[5.0, 8.0, 60.0, 71.0]])
    mask = 3 * torch.randn(1, 1, 4 * grid, 4 * grid)
    tensors |= {"input/points": points[0], "input/labels": labels[0], "input/box": box[0], "input/mask": mask}
    cases = {
        "points": ((points, labels), None, None),
        "box": (None, box, None),
        "points-box": ((points, labels), box, None),
        "mask": (None, None, mask),
        "points-mask": ((points, labels), None, mask),
    }
    for case, (clicks, corners, prior) in cases.items():
        with torch.no_grad():
            sparse, dense = model.prompt_encoder(clicks, corners, prior)
            masks, iou = model.mask_decoder.predict_masks(
                embedding, model.prompt_encoder.get_dense_pe(), sparse, dense
            )
        tensors |= {f"output/{case}/masks": masks, f"output/{case}/iou": iou}
    write(folder, "prompts", tensors, {"format": "salt-prompts/1", "config": json.dumps(config)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("names", nargs="*", default=[*REFERENCES, "prompts"])
    wanted = parser.parse_args()
    for name in wanted.names:
        if name == "prompts":
            make_prompts(wanted.out)
        else:
            make_reference(wanted.out, name)
