# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "cupy-cuda12x[ctk]"]
# ///
# topic: Vector addition
"""Vector addition with CuPy

NumPy's own notation on the GPU: the first addition compiles a kernel, the second only runs it.
"""

import ctypes
import sys
from importlib.util import find_spec

if not find_spec("cupy"):
    sys.exit('CuPy is not installed in this environment: python -m pip install "cupy-cuda12x[ctk]"')

import cupy as cp
import numpy as np

# %% Is there a GPU? Ask the driver itself
try:
    driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
except OSError:
    sys.exit("CuPy needs the NVIDIA driver and this machine has none: install it from https://www.nvidia.com/drivers")
if driver.cuInit(0) != 0:
    sys.exit("CuPy needs an NVIDIA GPU and the driver finds none: run nvidia-smi to see what it says")

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
