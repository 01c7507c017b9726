"""The thin SVD of random matrices, in float64 and on all cores. Arguments: shapes as ROWSxCOLS. Prints seconds by the clock and of CPU."""

import sys
import time

import numpy

generator = numpy.random.default_rng(0)
seconds = cpu = 0.0
for shape in sys.argv[1:]:
    rows, cols = map(int, shape.split("x"))
    matrix = generator.normal(0, 0.02, (rows, cols))
    start, cpu_start = time.perf_counter(), time.process_time()
    numpy.linalg.svd(matrix, full_matrices=False)
    seconds += time.perf_counter() - start
    cpu += time.process_time() - cpu_start
print(seconds, cpu)
