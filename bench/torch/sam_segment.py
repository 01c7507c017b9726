"""SAM ViT-B segmenting one 512 px frame in PyTorch (Meta's modules): what `npm run bench:segment` measures against."""

import argparse
import json
import resource
import time

import torch
from sam_step import ImageEncoderViT, MaskDecoder, PromptEncoder, TwoWayTransformer

argparse.ArgumentParser(description=__doc__).parse_args()
SIZE = 512
torch.manual_seed(0)
torch.set_num_threads(2)
encoder = ImageEncoderViT(
    img_size=SIZE, depth=12, embed_dim=768, num_heads=12, patch_size=16, window_size=14,
    global_attn_indexes=(2, 5, 8, 11), use_rel_pos=True, qkv_bias=True, out_chans=256,
).eval()
prompt = PromptEncoder(256, (SIZE // 16, SIZE // 16), (SIZE, SIZE), 16).eval()
decoder = MaskDecoder(transformer_dim=256, transformer=TwoWayTransformer(2, 256, 8, 2048)).eval()


@torch.inference_mode()
def masks(embedding):
    _, dense = prompt(points=None, boxes=None, masks=None)
    sparse = torch.randn(1, 1, 256)
    low, _ = decoder(embedding, prompt.get_dense_pe(), sparse, dense, multimask_output=False)
    return torch.nn.functional.interpolate(low, (SIZE, SIZE), mode="bilinear", align_corners=False).sigmoid()


first, second = [], []
with torch.inference_mode():
    for _ in range(5):
        image = torch.randn(1, 3, SIZE, SIZE)
        start = time.perf_counter()
        embedding = encoder(image)
        masks(embedding)
        middle = time.perf_counter()
        masks(embedding)
        first.append(1000 * (middle - start))
        second.append(1000 * (time.perf_counter() - middle))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"milliseconds": first[1:], "secondMilliseconds": second[1:], "peakMegabytes": peak}))
