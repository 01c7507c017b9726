"""Reads a segmentation that this project wrote with pydicom and highdicom, mask by mask.

Arguments: the SEG file and a manifest (JSON): {source, rows, columns, masks: [{segment, frame, values}]}, where
`source` is the SOP instance UID that was segmented and `values` a file of rows * columns bytes, 0 or 1. Prints one
JSON object: pixels that differ by either reader, and what highdicom makes of the segments.
"""

import json
import sys

import highdicom
import numpy as np
import pydicom


def main():
    seg_path, manifest_path = sys.argv[1:3]
    with open(manifest_path, encoding="utf-8") as file:
        manifest = json.load(file)
    shape = (manifest["rows"], manifest["columns"])
    masks = [(m["segment"], m["frame"], np.fromfile(m["values"], np.uint8).reshape(shape)) for m in manifest["masks"]]

    plain = pydicom.dcmread(seg_path)
    pixels = plain.pixel_array.reshape((-1, *shape))
    by_pydicom = 0
    for segment, frame, mask in masks:
        found = [
            pixels[i]
            for i, item in enumerate(plain.PerFrameFunctionalGroupsSequence)
            if item.SegmentIdentificationSequence[0].ReferencedSegmentNumber == segment
            and reference(item) == (manifest["source"], frame)
        ]
        assert len(found) == 1, (segment, frame, len(found))
        by_pydicom += int((found[0] != mask).sum())

    seg = highdicom.seg.segread(seg_path)
    frames = sorted({frame for _, frame, _ in masks})
    segments = sorted({segment for segment, _, _ in masks})
    if plain.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0].get(
        "ReferencedFrameNumber"
    ) is None:
        stack = seg.get_pixels_by_source_instance([manifest["source"]], segment_numbers=segments)
    else:
        stack = seg.get_pixels_by_source_frame(manifest["source"], frames, segment_numbers=segments)
    by_highdicom = sum(
        int((stack[frames.index(frame), :, :, segments.index(segment)] != mask).sum())
        for segment, frame, mask in masks
    )
    described = [
        {
            "label": d.segment_label,
            "type": d.segmented_property_type.meaning,
            "algorithm": d.algorithm_type.value,
            "tracking": d.tracking_id,
        }
        for d in (seg.get_segment_description(number) for number in segments)
    ]
    print(
        json.dumps(
            {
                "pydicom": by_pydicom,
                "highdicom": by_highdicom,
                "segments": described,
                "patient": str(plain.get("PatientName", "")),
                "study": plain.StudyInstanceUID,
            }
        )
    )


def reference(item):
    source = item.DerivationImageSequence[0].SourceImageSequence[0]
    return source.ReferencedSOPInstanceUID, int(source.get("ReferencedFrameNumber", 1))


if __name__ == "__main__":
    main()
