# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "cupy-cuda12x[ctk]"]
# ///
# topic: Launches
# framework: CuPy
# needs: gpu
"""Copy, compile or compute? (CuPy)

One expression, four costs: copying in, compiling on first use, the kernels themselves, copying out.

Compare the first with the second use, then the three kernels with the one. Take the loop's two thousand launches
down to ten: the wall time hardly tells, the GPU's time does.
"""

import sys

import cupy as cp
import numpy as np

# %% Is there a GPU?
try:
    gpu = cp.cuda.runtime.getDeviceProperties(0)["name"].decode()
except cp.cuda.runtime.CUDARuntimeError as error:
    sys.exit(f"This example needs an NVIDIA GPU and CuPy finds none: {error}")

# %% The CPU's answer, to compare with
n = 2**26
a = np.random.default_rng(seed=0).random(n, dtype=np.float32)
expected = np.sqrt(a) * 2 + a

# %% Copy in
# The first use of the GPU creates the CUDA context: that is most of this line, not the 268 MB.
d = cp.asarray(a)

# %% First use: CuPy compiles a kernel for each operation
e = cp.sqrt(d) * 2 + d

# %% Second use: three kernels, nothing to compile
e = cp.sqrt(d) * 2 + d

# %% One fused kernel reads and writes the memory once instead of three times
fused = cp.ElementwiseKernel("float32 x", "float32 y", "y = sqrtf(x) * 2 + x", "fused_sqrt")
e = fused(d)

# %% The same kernel two thousand times: launches queue up, the GPU works them off
for _ in range(2000):
    fused(d, e)

# %% Copy out
# Ordinary memory is slower than the bus: the driver copies through a buffer of its own.
h = cp.asnumpy(e)

# %% Check the result
assert np.allclose(h, expected, rtol=1e-6), "the GPU's result differs from NumPy's"
print(f"{n:,} elements; largest difference from NumPy {np.abs(h - expected).max():.1e}.")
