"""Finds, fetches and stores through dicomweb-client, and prints what it saw as JSON.

Usage: dicomweb.py ROOT MANIFEST, where the manifest names a study, a series, an instance with its frames, the file
that it was stored from, and a new file to store.
"""

import io
import json
import sys

import numpy
import pydicom
from dicomweb_client.api import DICOMwebClient

root, manifest_path = sys.argv[1:]
with open(manifest_path) as file:
    manifest = json.load(file)
study, series, sop = manifest["study"], manifest["series"], manifest["sop"]
original = pydicom.dcmread(manifest["file"])
client = DICOMwebClient(root)

def uids(found, keyword):
    return sorted(getattr(pydicom.Dataset.from_json(item), keyword) for item in found)

report = {
    "studies": uids(client.search_for_studies(), "StudyInstanceUID"),
    "by_patient": uids(
        client.search_for_studies(search_filters={"PatientID": original.PatientID}, fields=["StudyDescription"]),
        "StudyInstanceUID",
    ),
    "nothing": client.search_for_studies(search_filters={"PatientID": "nobody"}),
    "series": uids(client.search_for_series(study), "SeriesInstanceUID"),
    "instances": uids(client.search_for_instances(study, series), "SOPInstanceUID"),
    "page": len(client.search_for_studies(limit=1, offset=1)),
}

# Every element but the pixels, as pydicom reads it from the file.
metadata = pydicom.Dataset.from_json(client.retrieve_instance_metadata(study, series, sop), bulk_data_uri_handler=lambda *_: None)
different = []
for element in original:
    if element.keyword in ("PixelData", "SpecificCharacterSet"):
        continue
    if element.tag not in metadata or metadata[element.tag].value != element.value:
        different.append(element.keyword)
report["different"] = different

fetched = client.retrieve_instance(study, series, sop)
report["instance"] = int((fetched.pixel_array != original.pixel_array).sum())
report["series_count"] = len(client.retrieve_series(study, series))
report["study_count"] = len(client.retrieve_study(study))
report["study_metadata"] = len(client.retrieve_study_metadata(study))

numbers = manifest["frames"]
frames = client.retrieve_instance_frames(study, series, sop, numbers)
shape = (original.Rows, original.Columns)
pixels = original.pixel_array
report["frames"] = [
    int((numpy.frombuffer(frame, pixels.dtype).reshape(shape) != pixels[number - 1]).sum())
    for number, frame in zip(numbers, frames)
]
report["iterated"] = len(list(client.iter_instance_frames(study, series, sop, numbers)))

bulk = client.retrieve_bulkdata(f"{root}/studies/{study}/series/{series}/instances/{sop}/bulkdata/7FE00010")
report["bulk"] = b"".join(bulk) == original.PixelData

new = pydicom.dcmread(manifest["new"])
answer = client.store_instances([new], study_instance_uid=study)
report["stored"] = [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence]
back = client.retrieve_instance(study, new.SeriesInstanceUID, new.SOPInstanceUID)
report["back"] = int((back.pixel_array != new.pixel_array).sum())

print(json.dumps(report))
