"""Loss and length of the gradient of one pretraining step, by PyTorch. Arguments: the scripts for the GPU, what
export.node.ts wrote, a file that draw.node.ts wrote, the share of `inverseFrequency`. Prints them as JSON."""

import json
import sys
from argparse import Namespace
from pathlib import Path

import torch

scripts, exported, example, share = sys.argv[1:]
sys.path.insert(0, scripts)
from pretrain import Run  # noqa: E402

options = Namespace(
    exported=exported, examples=str(Path(exported) / "none"), rate=0.0, pool=1, bf16=False
)
run = Run(options)
run.share.fill_(float(share))
lesson = run.lessons[Path(example).name.split("-")[0]]
lesson.pool.add(lesson.pool.read(Path(example)))


class First:
    """Draws the only example, as it lies."""

    integers = staticmethod(lambda _, size=None: torch.zeros(size, dtype=torch.int64).numpy() if size else 0)
    random = staticmethod(lambda: 1.0)


lesson.draw(First)
loss, norm = lesson.step()
print(json.dumps({"loss": loss.item(), "norm": norm.item()}))
