# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "cupy-cuda12x[ctk]"]
# ///
# topic: The library's own function
# framework: CuPy
# needs: gpu
"""A sum of your own, and the library's (CuPy)

The sum of 67 million numbers by atomic additions, by shared memory, and by one call.

Benchmark the three cells and compare: the first queues every thread at one address, the second one thread per block,
the third reads at the speed of the memory. Change blocks in the second and see how near it comes.
"""

import sys

import cupy as cp
import numpy as np

# %% Is there a GPU?
try:
    gpu = cp.cuda.runtime.getDeviceProperties(0)["name"].decode()
except cp.cuda.runtime.CUDARuntimeError as error:
    sys.exit(f"This example needs an NVIDIA GPU and CuPy finds none: {error}")

# %% The numbers, and NumPy's answer in float64
n = 2**26
x = np.random.default_rng(seed=0).random(n, dtype=np.float32)
expected = x.sum(dtype=np.float64)
d_x, total = cp.asarray(x), cp.zeros(1, dtype=np.float64)

# %% Two kernels of our own
module = cp.RawModule(
    code=r"""
extern "C" __global__ void atomic_sum(const float *x, double *total, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) atomicAdd(total, (double)x[i]);
}
extern "C" __global__ void shared_sum(const float *x, double *total, int n)
{
    __shared__ double part[256];
    double mine = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) mine += x[i];
    part[threadIdx.x] = mine;
    __syncthreads();
    for (int half = 128; half > 0; half /= 2) {
        if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) atomicAdd(total, part[0]);
}
""",
)
atomic_sum, shared_sum = module.get_function("atomic_sum"), module.get_function("shared_sum")

# %% Every thread adds to one address
total.fill(0)
atomic_sum((n // 256,), (256,), (d_x, total, np.int32(n)))
by_atomics = float(total[0])

# %% Every block adds up in shared memory first
blocks = 1024
total.fill(0)
shared_sum((blocks,), (256,), (d_x, total, np.int32(n)))
by_blocks = float(total[0])

# %% The library's function
by_library = float(cp.sum(d_x, dtype=np.float64))

# %% Check the result
for name, value in (("atomics", by_atomics), ("blocks", by_blocks), ("cupy.sum", by_library)):
    assert np.isclose(value, expected, rtol=1e-9), f"{name} gave {value}, NumPy {expected}"
print(f"The sum of {n:,} numbers is {by_library:,.3f}, three times on {gpu}.")
