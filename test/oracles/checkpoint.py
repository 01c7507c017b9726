"""Checkpoints as PyTorch, safetensors and transformers write them, for checkpoint.test.ts.

    python checkpoint.py make DIR      writes checkpoints, and expected.json: what is in them
    python checkpoint.py check DIR     reads what the test wrote back, and compares

Needs torch, numpy, safetensors, segment-anything; with transformers, also a SamModel of Hugging Face's.
"""

import collections
import hashlib
import importlib.util
import json
import os
import sys
import types
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

# Only its modules are wanted; its own __init__ also imports torchvision.
package = types.ModuleType("segment_anything")
package.__path__ = list(importlib.util.find_spec("segment_anything").submodule_search_locations)
sys.modules["segment_anything"] = package

from segment_anything.modeling import (  # noqa: E402
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)

DEPTH, WIDTH, HEADS, SIZE, PATCH, WINDOW, GLOBAL = 4, 32, 2, 96, 16, 4, [1, 3]
CHANNELS, MLP, DECODER_HEADS, IOU_HIDDEN = 32, 40, 8, 24


def meta_sam():
    sam = Sam(
        ImageEncoderViT(
            depth=DEPTH, embed_dim=WIDTH, img_size=SIZE, mlp_ratio=4, num_heads=HEADS, patch_size=PATCH,
            norm_layer=partial(nn.LayerNorm, eps=1e-6), qkv_bias=True, use_rel_pos=True,
            global_attn_indexes=GLOBAL, window_size=WINDOW, out_chans=CHANNELS,
        ),
        PromptEncoder(CHANNELS, (SIZE // PATCH,) * 2, (SIZE, SIZE), 16),
        MaskDecoder(
            transformer_dim=CHANNELS, transformer=TwoWayTransformer(2, CHANNELS, DECODER_HEADS, MLP),
            iou_head_hidden_dim=IOU_HIDDEN,
        ),
        pixel_mean=[123.675, 116.28, 103.53], pixel_std=[58.395, 57.12, 57.375],
    )  # fmt: skip
    with torch.no_grad():
        for parameter in sam.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.2)
    return sam.eval()


def digest(tensor):
    data = tensor.detach().float().contiguous().numpy().tobytes()
    return {"shape": list(tensor.shape), "sha256": hashlib.sha256(data).hexdigest()}


class Harm:
    """Unpickling this with Python would create the file."""

    def __init__(self, call, *args):
        self.call, self.args = call, args

    def __reduce__(self):
        return self.call, self.args


def make(folder):
    torch.manual_seed(0)
    sam = meta_sam()
    state = sam.state_dict()
    base = torch.arange(60, dtype=torch.float32).reshape(3, 4, 5)
    views = {
        "transposed": base.transpose(0, 2), "slice": base[1:, ::2, 1], "flipped axes": base.permute(2, 0, 1),
        "scalar": base[2, 3, 4], "empty": base[:0], "tied": base, "int": torch.arange(3), "bool": base[0, 0] > 2,
    }  # fmt: skip
    optimiser = torch.optim.AdamW(sam.parameters())
    sum(p.sum() for p in sam.parameters()).backward()
    optimiser.step()
    accepted = {
        "state.pth": state,
        "medsam-training.pth": {"model": state, "optimizer": optimiser.state_dict(), "epoch": 3},
        "lightning.pth": {"state_dict": {f"model.{k}": v for k, v in state.items()}, "lr": 1e-4, "seed": 2**63},
        "parameters.pth": dict(sam.named_parameters()),
        "half.pth": {k: v.half() for k, v in state.items()},
        "bfloat16.pth": {k: v.bfloat16() for k, v in state.items()},
        "double.pth": {k: v.double() for k, v in state.items()},
        "views.pth": views,
        "ordered.pth": collections.OrderedDict(a=base, b=base[0]),
    }
    expected = {}

    def tensors_of(value):
        inner = value.get("model", value.get("state_dict", value))
        return {k: digest(v) for k, v in inner.items() if v.dtype.is_floating_point}

    for name, value in accepted.items():
        torch.save(value, folder / name)
        expected[name] = tensors_of(value)
    torch.save(state, folder / "protocol-4.pth", pickle_protocol=4)
    expected["protocol-4.pth"] = tensors_of(state)
    with zipfile.ZipFile(folder / "state.pth") as archive, zipfile.ZipFile(folder / "zip64.pth", "w") as again:
        for name in archive.namelist():
            with again.open(name, "w", force_zip64=True) as entry:
                entry.write(archive.read(name))
    expected["zip64.pth"] = expected["state.pth"]
    for name, dtype in [("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16), ("f64", torch.float64)]:
        converted = {k: v.to(dtype).contiguous() for k, v in state.items()}
        save_file(converted, folder / f"{name}.safetensors", {"written by": "Python"})
        expected[f"{name}.safetensors"] = tensors_of(converted)

    harm = str(folder / "harm")
    refused = {
        "os-system.pth": ({"model": Harm(os.system, f"touch {harm}")}, f"{os.name}.system"),
        "eval.pth": ({"w": base, "x": Harm(eval, f"open({harm!r}, 'w')")}, "eval"),
        "numpy.pth": ({"w": base, "x": np.zeros(3)}, "numpy"),
        "module.pth": (sam, "segment_anything.modeling.sam.Sam"),
        "device.pth": ({"w": base, "x": torch.device("cpu")}, "torch.device"),
    }
    for name, (value, _) in refused.items():
        torch.save(value, folder / name)
    torch.save({"w": base}, folder / "legacy.pth", _use_new_zipfile_serialization=False)
    with torch.no_grad():
        torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)).save(folder / "script.pth")
    hugging_face = make_hugging_face(folder)
    (folder / "expected.json").write_text(
        json.dumps(
            {
                "accepted": expected,
                "refused": {name: asked for name, (_, asked) in refused.items()},
                "huggingFace": hugging_face,
            }
        )
    )


def make_hugging_face(folder):
    try:
        from transformers import SamConfig, SamMaskDecoderConfig, SamModel, SamPromptEncoderConfig, SamVisionConfig
    except ImportError:
        return False
    vision = SamVisionConfig(
        hidden_size=WIDTH, output_channels=CHANNELS, num_hidden_layers=DEPTH, num_attention_heads=HEADS,
        image_size=SIZE, patch_size=PATCH, window_size=WINDOW, global_attn_indexes=GLOBAL, mlp_dim=4 * WIDTH,
        num_pos_feats=CHANNELS // 2,
    )  # fmt: skip
    prompt = SamPromptEncoderConfig(hidden_size=CHANNELS, image_size=SIZE, patch_size=PATCH, mask_input_channels=16)
    decoder = SamMaskDecoderConfig(
        hidden_size=CHANNELS, mlp_dim=MLP, num_attention_heads=DECODER_HEADS, iou_head_hidden_dim=IOU_HIDDEN,
        layer_norm_eps=1e-5,
    )  # fmt: skip
    config = SamConfig(
        vision_config=vision.to_dict(), prompt_encoder_config=prompt.to_dict(), mask_decoder_config=decoder.to_dict()
    )
    config._attn_implementation = "eager"
    model = SamModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.2)
        # The prompt encoder must share the positional matrix, as it does in published files.
        model.prompt_encoder.shared_embedding.positional_embedding.copy_(
            model.shared_image_embedding.positional_embedding
        )
    model.save_pretrained(folder / "hugging-face")
    torch.manual_seed(1)
    image, mask = torch.randn(1, 3, SIZE, SIZE), torch.randn(1, 1, SIZE // 4, SIZE // 4)
    points, labels = torch.tensor([[[20.0, 30.0], [70.0, 50.0]]]), torch.tensor([[1, 0]])
    with torch.no_grad():
        out = model(
            pixel_values=image, input_points=points[None], input_labels=labels[None], input_masks=mask,
            multimask_output=True,
        )  # fmt: skip
    torch.save(
        dict(image=image, mask=mask, points=points, labels=labels, masks=out.pred_masks[0], iou=out.iou_scores[0],
             embedding=model.get_image_embeddings(image).detach()),
        folder / "hugging-face-outputs.pt",
    )  # fmt: skip
    return True


def relative_error(actual, expected):
    return ((actual - expected).norm() / expected.norm()).item()


def check(folder):
    state = torch.load(folder / "state.pth", weights_only=True)
    for name, dtype in [("written-f32.safetensors", torch.float32), ("written-f16.safetensors", torch.float16)]:
        written = load_file(folder / name)
        assert written.keys() == state.keys() - {"pixel_mean", "pixel_std"}, name
        for key, tensor in written.items():
            assert torch.equal(tensor, state[key].to(dtype)), (name, key)

    report = {"written": True}
    if (folder / "hugging-face").exists():
        sam = meta_sam()
        missing, surplus = sam.load_state_dict(load_file(folder / "hugging-face-as-meta.safetensors"), strict=False)
        assert set(missing) <= {"pixel_mean", "pixel_std"} and not surplus, (missing, surplus)
        ours = torch.load(folder / "hugging-face-outputs.pt", weights_only=True)
        with torch.no_grad():
            embedding = sam.image_encoder(ours["image"])
            sparse, dense = sam.prompt_encoder((ours["points"], ours["labels"]), None, ours["mask"])
            masks, iou = sam.mask_decoder(embedding, sam.prompt_encoder.get_dense_pe(), sparse, dense, True)
        report["huggingFace"] = {
            "embedding": relative_error(embedding, ours["embedding"]),
            "masks": relative_error(masks, ours["masks"]),
            "iou": relative_error(iou, ours["iou"]),
        }
    print(json.dumps(report))


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](Path(sys.argv[2]))
