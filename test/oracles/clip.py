"""CLIP's text encoder by transformers and by open_clip, on random weights and with open_clip's vocabulary.

Usage: clip.py <folder>; reads phrases.json (texts) and embedded.json (indices of those to embed) there, and writes
checkpoints, tokenizers, tokens and embeddings.
"""
import gzip
import json
import sys
from pathlib import Path
from unittest.mock import MagicMock

import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer

# open_clip's image side imports torchvision, of which its text side uses nothing.
for module in ['', '.ops', '.ops.misc', '.transforms', '.transforms.functional', '.transforms.v2']:
    sys.modules['torchvision' + module] = MagicMock()
import open_clip  # noqa: E402
from open_clip.tokenizer import bytes_to_unicode, default_bpe  # noqa: E402

CONTEXT = 77


def write_json(path, value):
    path.write_text(json.dumps(value), encoding='utf8')


def make_tokenizer(folder):
    """CLIP's tokenizer in both of transformers' forms, from the merges that open_clip ships."""
    lines = gzip.open(default_bpe()).read().decode('utf-8').split('\n')
    merges = lines[1 : 49152 - 256 - 2 + 1]
    alphabet = list(bytes_to_unicode().values())
    tokens = alphabet + [c + '</w>' for c in alphabet] + [merge.replace(' ', '') for merge in merges]
    vocab = {token: i for i, token in enumerate([*tokens, '<|startoftext|>', '<|endoftext|>'])}
    tokenizer = CLIPTokenizer(vocab=vocab, merges=[tuple(merge.split()) for merge in merges])
    one, two = folder / 'one-file', folder / 'two-files'
    tokenizer.save_pretrained(one)
    two.mkdir()
    write_json(two / 'vocab.json', vocab)
    (two / 'merges.txt').write_text('#version: 0.2\n' + '\n'.join(merges) + '\n', encoding='utf8')
    return tokenizer


def randomise(model, seed):
    """Numbers under which every part of the model shows in the result."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            scale = 0.05 if parameter.ndim > 1 else 0.2
            start = 1 if parameter.ndim == 1 and ('ln' in name or 'norm' in name) and 'weight' in name else 0
            parameter.copy_(start + scale * noise)
    return model.eval()


def main(folder):
    phrases = json.loads((folder / 'phrases.json').read_text(encoding='utf8'))
    tokenizer = make_tokenizer(folder)
    hugging_face = [tokenizer(p, truncation=True, max_length=CONTEXT)['input_ids'] for p in phrases]
    ids = open_clip.tokenize(phrases)
    end = tokenizer.eos_token_id
    write_json(
        folder / 'tokens.json',
        {'transformers': hugging_face, 'open_clip': [row[: row.index(end) + 1] for row in ids.tolist()]},
    )

    # Tokens by one tokenizer for all, so that the embeddings compare the models alone.
    embedded = json.loads((folder / 'embedded.json').read_text(encoding='utf8'))
    padded = torch.full((len(embedded), CONTEXT), end)
    for row, index in zip(padded, embedded):
        row[: len(hugging_face[index])] = torch.tensor(hugging_face[index])
    embeddings = {}

    def keep(name, features):
        embeddings[name] = torch.nn.functional.normalize(features, dim=-1).tolist()

    with torch.no_grad():
        for activation in ['quick_gelu', 'gelu']:
            config = CLIPTextConfig(hidden_act=activation)
            model = randomise(CLIPTextModelWithProjection(config), 1)
            name = f'transformers-{activation}'
            model.save_pretrained(folder / name)
            keep(name, model(input_ids=padded).text_embeds)
        # A whole CLIP, images included, small and as a pickle in half precision.
        config = CLIPConfig(
            text_config=dict(hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=256),
            vision_config=dict(hidden_size=64, num_hidden_layers=1, num_attention_heads=1, intermediate_size=64),
            projection_dim=96,
        )
        model = randomise(CLIPModel(config), 2).half().float()
        (folder / 'transformers-pickle').mkdir()
        torch.save({k: v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()},
                   folder / 'transformers-pickle' / 'pytorch_model.bin')
        config.save_pretrained(folder / 'transformers-pickle')
        features = model.get_text_features(input_ids=padded)
        keep('transformers-pickle', getattr(features, 'pooler_output', features))

        for quick_gelu in [True, False]:
            name = f'open_clip-{"quick_gelu" if quick_gelu else "gelu"}'
            text = open_clip.CLIPTextCfg(width=512, heads=8, layers=12)
            vision = open_clip.CLIPVisionCfg(layers=1, width=64, head_width=64, patch_size=32)
            model = randomise(open_clip.model.CLIP(512, vision, text, quick_gelu=quick_gelu), 3)
            (folder / name).mkdir()
            state = {k: v.contiguous() for k, v in model.state_dict().items()}
            if quick_gelu:
                torch.save(state, folder / name / 'open_clip_pytorch_model.bin')
            else:
                save_file(state, folder / name / 'open_clip_model.safetensors')
            write_json(folder / name / 'open_clip_config.json', {'model_cfg': {'quick_gelu': quick_gelu}})
            keep(name, model.encode_text(padded))

    (folder / 'torchscript').mkdir()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), folder / 'torchscript' / 'ViT-B-32.pt')
    write_json(folder / 'torchscript' / 'config.json', {'model_type': 'clip', 'text_config': {}})
    write_json(folder / 'embeddings.json', embeddings)


main(Path(sys.argv[1]))
