"""The thin SVD of random matrices, in float64 and on all cores. Arguments: shapes as ROWSxCOLS. Prints seconds."""

import sys
import time

import numpy

generator = numpy.random.default_rng(0)
seconds = 0.0
for shape in sys.argv[1:]:
    rows, cols = map(int, shape.split("x"))
    matrix = generator.normal(0, 0.02, (rows, cols))
    start = time.perf_counter()
    numpy.linalg.svd(matrix, full_matrices=False)
    seconds += time.perf_counter() - start
print(seconds)
