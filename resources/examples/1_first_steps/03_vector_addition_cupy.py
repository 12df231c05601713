# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "cupy-cuda12x[ctk]"]
# ///
# topic: First steps
# framework: CuPy
# needs: gpu
"""Vector addition with CuPy

NumPy's own notation on the GPU: the first addition compiles a kernel, the second only runs it.

The first addition pays for a kernel that the second one reuses. Change float32 to float64 and look which lines
double, and which pays for a new kernel.
"""

import sys

import cupy as cp
import numpy as np

# %% Is there a GPU?
try:
    gpu = cp.cuda.runtime.getDeviceProperties(0)["name"].decode()
except cp.cuda.runtime.CUDARuntimeError as error:
    sys.exit(f"This example needs an NVIDIA GPU and CuPy finds none: {error}")

# %% Two vectors of random numbers, in the memory of the CPU
n = 2**24
rng = np.random.default_rng(seed=0)
a = rng.random(n, dtype=np.float32)
b = rng.random(n, dtype=np.float32)

# %% Copy them to the GPU
# The first line also creates the CUDA context, tenths of a second. The second shows what a copy of 67 MB costs.
d_a = cp.asarray(a)
d_b = cp.asarray(b)

# %% Add them
# Most of this is CuPy making a kernel for this operation and these types, which it keeps for later runs.
d_c = d_a + d_b

# %% Add them again
# The kernel is there now. The wall time is the launch alone; the GPU is idle again a little later.
d_c = d_a + d_b

# %% Copy the result back
c = cp.asnumpy(d_c)

# %% Check the result
# Adding two floats is exact to the last bit on both sides, so the results are equal, not merely close.
assert np.array_equal(c, a + b), "the GPU's sum differs from NumPy's"
result = c  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"CuPy added {n:,} pairs of numbers on the GPU.")
