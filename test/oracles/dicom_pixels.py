"""Compares frames that this project decoded with what pydicom decodes from the same files.

Reads a manifest (JSON, first argument): a list of {path, frames: [{number, values, dtype, shape}]}, where `values`
is a file of raw little-endian samples. Prints one JSON object per file: the largest absolute difference of stored
values (RGB where JPEG 2000 undoes its own colour transform), and which decoder was asked.

A lossy JPEG has no single right answer: decoders round differently by 1. Those frames are compared with libjpeg
(through Pillow; gdcm uses it as well) instead of pydicom's default.
"""

import io
import json
import sys

import numpy as np
import pydicom
from PIL import Image
from pydicom.encaps import generate_frames
from pydicom.pixels import pixel_array

LOSSY_JPEG = (0xC0, 0xC1, 0xC2)


def start_of_frame(stream):
    """The marker of a JPEG's frame header, or None."""
    at = 2
    while stream[:2] == b"\xff\xd8" and at + 4 <= len(stream):
        marker = stream[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return marker
        at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    return None


def expected(dataset, streams, index):
    stream = streams[index] if streams else b""
    if start_of_frame(stream) in LOSSY_JPEG:
        return np.asarray(Image.open(io.BytesIO(stream))), "libjpeg"
    return np.asarray(pixel_array(dataset, index=index, raw=True)), "pydicom"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        manifest = json.load(file)
    for entry in manifest:
        dataset = pydicom.dcmread(entry["path"])
        frames = int(dataset.get("NumberOfFrames") or 1)
        compressed = dataset.file_meta.TransferSyntaxUID.is_compressed
        streams = list(generate_frames(dataset.PixelData, number_of_frames=frames)) if compressed else []
        worst, decoder = 0, ""
        for frame in entry["frames"]:
            ours = np.fromfile(frame["values"], dtype=frame["dtype"]).reshape(frame["shape"])
            theirs, decoder = expected(dataset, streams, frame["number"] - 1)
            difference = ours.astype(np.int64) - theirs.reshape(frame["shape"]).astype(np.int64)
            worst = max(worst, int(np.abs(difference).max()))
        report = {"path": entry["path"], "frames": len(entry["frames"]), "decoder": decoder, "difference": worst}
        print(json.dumps(report))


if __name__ == "__main__":
    main()
