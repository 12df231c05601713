# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "cupy-cuda12x[ctk]"]
# ///
# topic: Launches
# framework: CuPy
# needs: gpu
"""Six kernels or one? (CuPy's fuse and a raw kernel)

The same formula as NumPy writes it, fused by a decorator, and as CUDA C: what counts is how often memory is read.

Benchmark the cells "Six kernels", "Fused by CuPy" and "A raw kernel" and compare: the last two read and write each
number once. Set n to 1000 and look again: then not the memory but the launches cost, and fusing helps as much.
"""

import sys

import cupy as cp
import numpy as np

# %% Is there a GPU?
try:
    gpu = cp.cuda.runtime.getDeviceProperties(0)["name"].decode()
except cp.cuda.runtime.CUDARuntimeError as error:
    sys.exit(f"This example needs an NVIDIA GPU and CuPy finds none: {error}")

# %% Two vectors, and NumPy's answer
n = 2**25
rng = np.random.default_rng(seed=0)
x, y = rng.random(n, dtype=np.float32), rng.random(n, dtype=np.float32)
expected = np.sqrt(x * x + y * y) * np.float32(0.5) + x
d_x, d_y = cp.asarray(x), cp.asarray(y)


# %% The formula once more, for CuPy to fuse
@cp.fuse()
def fused(x, y):
    return cp.sqrt(x * x + y * y) * 0.5 + x


raw = cp.RawKernel(
    r"""
extern "C" __global__ void formula(const float *x, const float *y, float *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = sqrtf(x[i] * x[i] + y[i] * y[i]) * 0.5f + x[i];
}
""",
    "formula",
)
out = cp.empty_like(d_x)

# %% Six kernels: each reads and writes all of its memory
separate = cp.sqrt(d_x * d_x + d_y * d_y) * 0.5 + d_x

# %% Fused by CuPy
one = fused(d_x, d_y)

# %% A raw kernel
raw(((n + 255) // 256,), (256,), (d_x, d_y, out, np.int32(n)))

# %% Check the result
for name, result in (("separate", separate), ("fused", one), ("raw", out)):
    assert np.allclose(cp.asnumpy(result), expected, rtol=1e-6), f"the {name} result differs from NumPy's"
result = out  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"{n:,} numbers on {gpu}: six kernels, a fused one and a raw one agree with NumPy.")
