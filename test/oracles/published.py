"""Checkpoints with the names, shapes and pickle layout of those that Meta and Hugging Face publish, and random numbers in
them, for published.test.ts.

    python published.py make FILE SIZE NAMING     SIZE: b, l or h; NAMING: meta (FILE.pth) or hugging-face (.safetensors)
    python published.py check FILE PREPARED       compares a model that was prepared from it, bit for bit

Needs torch, numpy, safetensors, segment-anything; for Hugging Face's names, transformers.
"""

import importlib.util
import json
import sys
import types
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file

# Only its modules are wanted; its own __init__ also imports torchvision.
package = types.ModuleType("segment_anything")
package.__path__ = list(importlib.util.find_spec("segment_anything").submodule_search_locations)
sys.modules["segment_anything"] = package

from segment_anything.build_sam import _build_sam  # noqa: E402

SIZES = {
    "b": dict(encoder_embed_dim=768, encoder_depth=12, encoder_num_heads=12, encoder_global_attn_indexes=[2, 5, 8, 11]),
    "l": dict(encoder_embed_dim=1024, encoder_depth=24, encoder_num_heads=16, encoder_global_attn_indexes=[5, 11, 17, 23]),
    "h": dict(encoder_embed_dim=1280, encoder_depth=32, encoder_num_heads=16, encoder_global_attn_indexes=[7, 15, 23, 31]),
}  # fmt: skip


def make(path, size, naming):
    torch.manual_seed(0)
    if naming == "hugging-face":
        from transformers import SamConfig, SamModel

        layout = SIZES[size]
        vision = dict(
            hidden_size=layout["encoder_embed_dim"], num_hidden_layers=layout["encoder_depth"],
            num_attention_heads=layout["encoder_num_heads"], mlp_dim=4 * layout["encoder_embed_dim"],
            global_attn_indexes=layout["encoder_global_attn_indexes"],
        )  # fmt: skip
        model = SamModel(SamConfig(vision_config=vision))
        spread(model)
        model.prompt_encoder.shared_embedding.positional_embedding = model.shared_image_embedding.positional_embedding
        model.save_pretrained(path.parent / "hugging-face", max_shard_size="10GB")
        (path.parent / "hugging-face" / "model.safetensors").rename(path)
    else:
        model = _build_sam(**SIZES[size])
        spread(model)
        torch.save(model.state_dict(), path)
    print(json.dumps({"parameters": sum(p.numel() for p in model.state_dict().values())}))


def spread(model):
    """Zeros, and what transformers starts at 1e-10, would hide errors."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.abs().max() < 1e-6:
                parameter.normal_(0, 0.02)


def check(path, prepared):
    index = json.loads((prepared / "model.json").read_text())
    exact = load_file(path) if path.suffix == ".safetensors" else torch.load(path, weights_only=True, mmap=True)
    compared = 0
    for number, shard in enumerate(index["shards"]):
        with safe_open(prepared / shard["name"], "pt") as file:
            for name in file.keys():
                assert index["tensors"][name] == {"shape": list(file.get_slice(name).get_shape()), "shard": number}, name
                # Under Hugging Face's names there is no counterpart here to look up; the shape alone is compared.
                if path.suffix == ".pth":
                    assert torch.equal(file.get_tensor(name), exact[name].half()), name
                compared += 1
    assert compared == len(index["tensors"])
    print(json.dumps({"compared": compared, "tensors": len(exact)}))


if __name__ == "__main__":
    command, first, *rest = sys.argv[1:]
    if command == "make":
        make(Path(first), *rest)
    else:
        check(Path(first), Path(rest[0]))
