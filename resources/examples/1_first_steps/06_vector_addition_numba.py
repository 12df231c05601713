# /// script
# requires-python = ">=3.10"
# dependencies = ["numba", "numba-cuda[cu12]"]
# ///
# topic: First steps
# framework: Numba
# needs: gpu
"""Vector addition with a kernel in Python (Numba)

The CUDA kernel again, one thread per element, written in Python and compiled at its first launch.

The first launch compiles, the second does not. Pass a and b instead of d_a and d_b: Numba then copies them at every
launch, and the launch takes as long as the copies.
"""

import sys

import numpy as np
from numba import config, cuda

# %% Is there a GPU?
if not cuda.is_available():
    sys.exit("Numba finds no NVIDIA GPU here: set NUMBA_ENABLE_CUDASIM=1 to let it simulate one")


# %% The kernel: one thread adds one pair of elements
@cuda.jit
def add_them(c, a, b):
    i = cuda.grid(1)
    if i < c.size:  # the last block reaches past the end
        c[i] = a[i] + b[i]


# %% Two vectors of random numbers, in the memory of the CPU
# The simulator runs every thread in Python, so it gets a vector it can finish.
n = 2**10 + 1 if config.ENABLE_CUDASIM else 2**24
rng = np.random.default_rng(seed=0)
a = rng.random(n, dtype=np.float32)
b = rng.random(n, dtype=np.float32)

# %% Copy them to the GPU
# Look here first: these two copies cost far more than the addition they are for.
d_a = cuda.to_device(a)
d_b = cuda.to_device(b)
d_c = cuda.device_array_like(d_a)

# %% Launch it
# Rounded up to whole blocks: part of the last one has nothing to add.
# The first launch compiles the kernel for the types of its arguments.
threads = 192
blocks = (n + threads - 1) // threads
add_them[blocks, threads](d_c, d_a, d_b)

# %% Launch it again
# Compiled now: the wall time is the launch alone, the time until the GPU is idle is what the addition takes.
add_them[blocks, threads](d_c, d_a, d_b)

# %% Copy the result back
c = d_c.copy_to_host()

# %% Check the result
# Adding two floats is exact to the last bit on both sides, so the results are equal, not merely close.
assert np.array_equal(c, a + b), "the GPU's sum differs from NumPy's"
result = c  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"{blocks:,} blocks of {threads} threads added {n:,} pairs of numbers.")
