"""Pretrains salt-tiny on a GPU: PyTorch does the arithmetic of the graph that `export.node.ts` wrote. See README.md.

The same loss, optimiser and examples as `npm run pretrain`, many images a step. It stops by the clock, since a GPU is lent
by the minute: the learning rate and the weighting of small structures follow the share of the time that has passed.
"""

import argparse
import json
import math
import os
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from onnx_torch import OnnxGraph

# As VESSEL_LOSS in src/training/loss.ts with what src/training/pretraining/pretrain.ts changes.
FOCAL_WEIGHT, DICE_SMOOTH, RARITY_FLOOR = 8.0, 200.0, 0.004
POINT_TYPES, POINT_TOKENS = 5, 3
EMA = 0.002


def segmentation_loss(logits, target, valid, share):
    """Focal and Dice as `segmentationLoss`, alpha 0.5, gamma 2, Dice of each sample.

    logits [R, 2, S, S], target [R, 1, S, S] of 0 and 1, valid [R, 1, S, S], share a number (see `inverseFrequency`).
    """
    logits = logits.float()
    truth = target * valid
    surprise = logits * (1 - 2 * target)
    area = truth.mean(dim=(2, 3), keepdim=True)
    weight = 0.5 * (1 + target * share / (area + RARITY_FLOOR)) * valid * torch.sigmoid(surprise) ** 2
    focal = (weight * F.softplus(surprise)).sum() / (valid.sum() * logits.shape[1]).clamp(min=1)
    predicted = torch.sigmoid(logits) * valid
    overlap = (predicted * truth).sum(dim=(2, 3))
    total = predicted.sum(dim=(2, 3)) + truth.sum(dim=(2, 3))
    dice = 1 - ((2 * overlap + DICE_SMOOTH) / (total + DICE_SMOOTH)).mean()
    return FOCAL_WEIGHT * focal + dice


class Pool:
    """Examples on the GPU, the newest in place of the oldest."""

    def __init__(self, name, room, sizes, device):
        side, prompts, text, channels = sizes
        self.name, self.room, self.count, self.seen = name, room, 0, 0
        floats = {"image": [3, side, side], "text_embedding": [prompts, text]}
        if name == "places":
            floats["point_encoding"] = [prompts, POINT_TOKENS, channels]
            floats["point_types"] = [prompts, POINT_TOKENS, POINT_TYPES]
        self.floats = floats
        self.bytes = {"target": [prompts, side, side], "valid": [side, side]}
        half = torch.float16 if device.type == "cuda" else torch.float32
        self.held = {
            key: torch.empty([room, *shape], dtype=half if key == "image" else torch.float32, device=device)
            for key, shape in floats.items()
        }
        self.held.update(
            {key: torch.empty([room, *shape], dtype=torch.uint8, device=device) for key, shape in self.bytes.items()}
        )

    def read(self, path):
        """One file as `draw.node.ts` writes it."""
        data = torch.from_numpy(np.fromfile(path, dtype=np.uint8))
        if torch.cuda.is_available():
            data = data.pin_memory()
        parts, at = {}, 0
        for key, shape in self.floats.items():
            end = at + 4 * math.prod(shape)
            parts[key] = data[at:end].view(torch.float32).view(shape)
            at = end
        for key, shape in self.bytes.items():
            parts[key] = data[at : at + math.prod(shape)].view(shape)
            at += math.prod(shape)
        if at != len(data):
            raise ValueError(f"{path} holds {len(data)} bytes, not {at}")
        return parts

    def add(self, parts):
        at = self.seen % self.room
        for key, value in parts.items():
            self.held[key][at].copy_(value, non_blocking=True)
        self.seen += 1
        self.count = min(self.seen, self.room)


class Reader(threading.Thread):
    """Reads what the drawing processes wrote, and takes the files away."""

    def __init__(self, folder, pools):
        super().__init__(daemon=True)
        self.folder, self.pools = folder, pools
        self.lock, self.ready, self.failure = threading.Lock(), [], None

    def run(self):
        try:
            while True:
                paths = [p for p in self.folder.iterdir() if p.suffix != ".part"]
                for path in paths:
                    pool = self.pools.get(path.name.split("-")[0])
                    parts = pool.read(path) if pool else None
                    path.unlink()
                    if parts:
                        with self.lock:
                            self.ready.append((pool, parts))
                time.sleep(0.02)
        except Exception as failure:
            self.failure = failure

    def drain(self):
        if self.failure:
            raise self.failure
        with self.lock:
            taken, self.ready = self.ready, []
        for pool, parts in taken:
            pool.add(parts)


def turned(x, quarter, mirrored):
    """One of the eight ways to lay a square."""
    x = torch.rot90(x, quarter, (-2, -1))
    return x.flip(-1) if mirrored else x


class Lesson:
    """A training step for one kind of prompt, on buffers that stay where they are, so that CUDA can replay it."""

    def __init__(self, graph, pool, run):
        self.graph, self.pool, self.run = graph, pool, run
        self.batch, self.replay = None, None

    def _loss(self, batch, share):
        with torch.autocast(self.run.device.type, torch.bfloat16, enabled=self.run.options.bf16):
            feeds = {key: value for key, value in batch.items() if key in self.graph.inputs}
            logits = self.graph({**self.run.frozen, **self.run.trained, **feeds})
        return segmentation_loss(logits, batch["target"], batch["valid"], share)

    def draw(self, random):
        """Fills the buffers with examples from the pool."""
        run, pool = self.run, self.pool
        count = run.manifest["images"]
        at = torch.from_numpy(random.integers(pool.count, size=count)).to(run.device)
        # Clicks and boxes have places that would have to turn as well.
        quarter, mirrored = (0, False) if pool.name == "places" else (int(random.integers(4)), random.random() < 0.5)
        drawn = {}
        for key, held in pool.held.items():
            value = held.index_select(0, at).float()
            if key in ("image", "target", "valid"):
                value = turned(value, quarter, mirrored)
            if key == "target":
                value = value.flatten(0, 1).unsqueeze(1)
            elif key == "valid":
                value = value.repeat_interleave(run.manifest["prompts"], 0).unsqueeze(1)
            elif key != "image":
                value = value.flatten(0, 1)
            drawn[key] = value
        if self.batch is None:
            self.batch = {key: value.contiguous().clone() for key, value in drawn.items()}
        for key, value in drawn.items():
            self.batch[key].copy_(value)

    def _step(self):
        run = self.run
        loss = self._loss(self.batch, run.share)
        used = [(p, g) for p, g in zip(run.parameters, torch.autograd.grad(loss, run.parameters, allow_unused=True))]
        gradients = [g for _, g in used if g is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        # A gradient that is not finite counts as none.
        scale = torch.where(torch.isfinite(norm), torch.clamp(1 / (norm + 1e-6), max=1.0), 0.0)
        for parameter, gradient in used:
            # Laid out as the parameter is, or the optimiser goes through them one by one.
            parameter.grad = None if gradient is None else torch.empty_like(parameter)
            if gradient is not None:
                parameter.grad.copy_(torch.nan_to_num(gradient, 0.0, 0.0, 0.0) * scale)
        run.optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(run.averages, run.parameters, EMA)
        return loss.detach(), norm.detach()

    def step(self):
        """Takes a step; returns loss and norm of the gradient on the device."""
        if self.run.device.type != "cuda":
            return self._step()
        if self.replay is None:
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(3):
                    self._step()
            torch.cuda.current_stream().wait_stream(stream)
            self.replay = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.replay, capture_error_mode="thread_local"):
                self.results = self._step()
        self.replay.replay()
        return self.results


class Run:
    def __init__(self, options):
        self.options = options
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
        # Of the ways to compute each convolution, how many are tried out.
        torch.backends.cudnn.benchmark_limit = 3
        exported = Path(options.exported)
        self.manifest = json.loads((exported / "manifest.json").read_text())
        start = load_file(exported / "start.safetensors", device=str(self.device))
        names = [name for name in self.manifest["trained"] if name in start]
        if len(names) != len(self.manifest["trained"]):
            raise ValueError(f"missing: {set(self.manifest['trained']) - set(names)}")
        self.trained = {name: start[name].clone().requires_grad_() for name in names}
        self.frozen = {name: value for name, value in start.items() if name not in self.trained}
        self.parameters = list(self.trained.values())
        self.averages = [p.detach().clone() for p in self.parameters]
        cuda = self.device.type == "cuda"
        self.rate = torch.tensor(options.rate, device=self.device)
        # As ADAMW_DEFAULTS in src/training/adamw.ts.
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=self.rate, weight_decay=0.01, foreach=cuda, capturable=cuda
        )
        self.share = torch.zeros((), device=self.device)
        graphs = {name: OnnxGraph(exported / f"{name}.onnx", self.device) for name in ("words", "places")}
        channels = graphs["places"].inputs["point_encoding"][2]
        text = graphs["words"].inputs["text_embedding"][1]
        sizes = (self.manifest["side"], self.manifest["prompts"], text, channels)
        rooms = {"words": options.pool, "places": max(1, options.pool // 4)}
        self.pools = {name: Pool(name, rooms[name], sizes, self.device) for name in graphs}
        self.lessons = {name: Lesson(graphs[name], self.pools[name], self) for name in graphs}
        self.folder = Path(options.examples)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.reader = Reader(self.folder, self.pools)

    def drawing(self):
        """Starts the processes that draw."""
        command = [
            *self.options.draw.split(), "--exported", self.options.exported, "--into", str(self.folder),
            "--side", str(self.manifest["side"]), "--prompts", str(self.manifest["prompts"]),
        ]  # fmt: skip
        processes = []
        for i in range(self.options.workers):
            places = ["--places"] if i % 5 == 4 else []
            # Every process draws images of its own.
            processes.append(subprocess.Popen([*command, "--seed", str(self.options.seed + i), *places]))
        return processes

    def fill(self, least):
        while min(pool.count for pool in self.pools.values()) < least:
            self.reader.drain()
            time.sleep(0.05)

    def schedule(self, done, step):
        """@param done share of the time that has passed"""
        floor, options = 0.01, self.options
        rate = options.rate * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done)))
        self.rate.fill_(rate * min(1, step / 100))
        shares = options.rarity
        self.share.fill_(shares[min(len(shares) - 1, int(done * len(shares)))])
        return rate

    def save(self, path, average=True):
        """Float16, as the model ships."""
        values = self.averages if average else self.parameters
        trained = dict(zip(self.trained, values))
        everything = {name: trained.get(name, self.frozen.get(name)) for name in self.manifest["kept"]}
        save_file({name: value.detach().half().cpu().contiguous() for name, value in everything.items()}, path)

    def train(self):
        options = self.options
        out = Path(options.out)
        out.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(options.seed)
        processes = self.drawing()
        log = (out / "log.jsonl").open("w")
        try:
            self.reader.start()
            began = time.time()
            print(f"ready to begin after {began - options.clock:.0f} s", flush=True)
            self.fill(options.least)
            print(f"examples after {time.time() - began:.0f} s", flush=True)
            step, told = 0, (time.time(), 0)
            marks = list(options.marks)
            done = 0.0
            while done < 1 and (options.steps is None or step < options.steps):
                self.reader.drain()
                step += 1
                done = min(1.0, (time.time() - options.clock) / options.seconds)
                rate = self.schedule(done, step)
                lesson = self.lessons["places" if random.random() < options.places else "words"]
                lesson.draw(random)
                loss, norm = lesson.step()
                if step == 1:
                    print(f"first step, loss {loss.item():.4f}, after {time.time() - began:.0f} s", flush=True)
                if marks and done >= marks[0]:
                    self.save(out / f"average-{marks.pop(0)}.safetensors")
                if step % options.every == 0 or done >= 1:
                    now = time.time()
                    line = {
                        "step": step, "seconds": round(now - began, 1), "loss": round(loss.item(), 4),
                        "norm": round(norm.item(), 3), "rate": rate, "share": round(self.share.item(), 4),
                        "lesson": lesson.pool.name, "drawn": {k: p.seen for k, p in self.pools.items()},
                        "ms": round(1000 * (now - told[0]) / (step - told[1]), 1),
                    }  # fmt: skip
                    told = (now, step)
                    log.write(json.dumps(line) + "\n")
                    log.flush()
                    print(json.dumps(line), flush=True)
            self.save(out / "average.safetensors")
            self.save(out / "last.safetensors", average=False)
            if torch.cuda.is_available():
                print(f"peak {torch.cuda.max_memory_reserved() / 2**30:.1f} GiB", flush=True)
        finally:
            for process in processes:
                process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--exported", required=True, help="the folder that export.node.ts wrote")
    parser.add_argument("--examples", required=True, help="a folder in memory, for examples that wait")
    parser.add_argument("--out", required=True)
    parser.add_argument("--draw", default="node --import tsx src/training/pretraining/gpu/draw.node.ts", help="command that draws")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 2))
    parser.add_argument("--seed", type=int, default=1000, help="of the first drawing process; the others follow")
    parser.add_argument("--seconds", type=float, default=3600, help="from the start of this program to its end")
    parser.add_argument("--steps", type=int, default=None, help="end earlier")
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--rarity", type=lambda s: [float(x) for x in s.split(",")], default=[0.06, 0.03, 0.01, 0.0])
    parser.add_argument("--marks", type=lambda s: [float(x) for x in s.split(",")], default=[0.8])
    parser.add_argument("--places", type=float, default=0.15, help="share of the steps with clicks and boxes")
    parser.add_argument("--pool", type=int, default=6000, help="examples kept on the GPU")
    parser.add_argument("--least", type=int, default=64, help="examples of each kind before the first step")
    parser.add_argument("--every", type=int, default=50)
    parser.add_argument("--bf16", action="store_true")
    options = parser.parse_args()
    options.clock = time.time()
    torch.manual_seed(options.seed)
    Run(options).train()


if __name__ == "__main__":
    main()
