"""Times one query after the other on faiss-cpu's exact flat index, one thread: faiss_flat.py FOLDER DIMENSIONS.

Reads faces.f32 and probes.f32 (little-endian float32, one template after the other) and prints milliseconds of
processor time, a line a query.
"""

import sys
import time
from pathlib import Path

import faiss
import numpy

folder, dims = Path(sys.argv[1]), int(sys.argv[2])
faiss.omp_set_num_threads(1)
index = faiss.IndexFlatIP(dims)
faces = numpy.memmap(folder / "faces.f32", dtype="<f4", mode="r").reshape(-1, dims)
for first in range(0, len(faces), 100_000):
    index.add(numpy.ascontiguousarray(faces[first : first + 100_000]))
probes = numpy.fromfile(folder / "probes.f32", dtype="<f4").reshape(-1, dims)
index.search(probes[:1], 2)
for probe in probes:
    before = time.thread_time()
    index.search(probe[None, :], 2)
    print((time.thread_time() - before) * 1000)
