"""Singular values of a float64 matrix. Arguments: file of raw numbers, rows, cols. Prints them as JSON."""

import json
import sys

import numpy

path, rows, cols = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
matrix = numpy.fromfile(path).reshape(rows, cols)
print(json.dumps(numpy.linalg.svd(matrix, compute_uv=False).tolist()))
