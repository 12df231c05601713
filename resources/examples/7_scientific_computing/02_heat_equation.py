# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "numba", "numba-cuda[cu12]"]
# ///
# topic: Scientific computing
# framework: Numba
# needs: gpu
"""The heat equation on a grid (Numba)

A plate with one hot edge, explicit steps: NumPy's slices against a kernel with one thread per cell.

Compare NumPy's loop with the kernel's: NumPy passes over the memory several times a step, the kernel once. Change
threads to (1, 256) and look again: neighbouring threads then read memory far apart, and the same work takes longer.
"""

import sys

import numpy as np
from numba import config, cuda

# %% Is there a GPU?
if not cuda.is_available():
    sys.exit("Numba finds no NVIDIA GPU here: set NUMBA_ENABLE_CUDASIM=1 to let it simulate one")


# %% The kernel: each thread computes one cell of the new plate
@cuda.jit
def diffuse(old, new, k):
    j, i = cuda.grid(2)  # j runs along a row, as neighbouring threads do
    if 0 < i < old.shape[0] - 1 and 0 < j < old.shape[1] - 1:
        around = old[i - 1, j] + old[i + 1, j] + old[i, j - 1] + old[i, j + 1]
        new[i, j] = old[i, j] + k * (around - np.float32(4) * old[i, j])


# %% A cold plate with one hot edge
# The simulator runs every thread in Python, so it gets a plate it can finish.
size, steps = (18, 4) if config.ENABLE_CUDASIM else (2048, 200)
k = np.float32(0.2)
plate = np.zeros((size, size), dtype=np.float32)
plate[0] = 100

# %% NumPy's slices
expected = plate.copy()
for _ in range(steps):
    inside = expected[1:-1, 1:-1]
    around = expected[:-2, 1:-1] + expected[2:, 1:-1] + expected[1:-1, :-2] + expected[1:-1, 2:]
    expected[1:-1, 1:-1] = inside + k * (around - np.float32(4) * inside)

# %% Two plates on the GPU, and the first launch, which compiles
old, new = cuda.to_device(plate), cuda.to_device(plate)
threads = (32, 8)
blocks = tuple((size + t - 1) // t for t in threads)
diffuse[blocks, threads](old, new, k)

# %% The kernel, step by step
# The two plates change roles, so no step copies anything.
old, new = cuda.to_device(plate), cuda.to_device(plate)
for _ in range(steps):
    diffuse[blocks, threads](old, new, k)
    old, new = new, old

# %% Check the result
result = old.copy_to_host()
assert np.allclose(result, expected, atol=1e-3), "the kernel's plate differs from NumPy's"
assert 0 < result[1, size // 2] < 100, "no heat flowed"
print(f"{steps} steps on a plate of {size} x {size}; the row below the edge is at {result[1, size // 2]:.1f} degrees.")
