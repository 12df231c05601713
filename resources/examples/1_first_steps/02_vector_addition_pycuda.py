# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "pycuda"]
# ///
# topic: First steps
# framework: PyCUDA
# needs: gpu
"""Vector addition with a CUDA kernel of your own (PyCUDA)

Every step of a GPU program on a line of its own: copy in, compile, launch, copy back.

The launch returns at once, so look at the time until the GPU is idle. The two copies in and the one out cost far
more than the kernel. Change threads to 1024 and to 33: which of them costs, and why?
"""

import ctypes
import sys

import numpy as np

# %% Is there a GPU? Ask the driver itself
try:
    driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
except OSError:
    sys.exit("PyCUDA needs the NVIDIA driver and this machine has none: install it from https://www.nvidia.com/drivers")
if driver.cuInit(0) != 0:
    sys.exit("PyCUDA needs an NVIDIA GPU and the driver finds none: run nvidia-smi to see what it says")

# %% Set up CUDA
# The context is the GPU's side of this process. It takes tenths of a second and 0.5 GB of GPU memory, once.
from pycuda import gpuarray
from pycuda.autoprimaryctx import device
from pycuda.compiler import SourceModule

# %% Two vectors of random numbers, in the memory of the CPU
n = 2**24
rng = np.random.default_rng(seed=0)
a = rng.random(n, dtype=np.float32)
b = rng.random(n, dtype=np.float32)

# %% Copy them to the GPU
# Look here first: these two copies cost far more than the addition they are for.
d_a = gpuarray.to_gpu(a)
d_b = gpuarray.to_gpu(b)
d_c = gpuarray.empty_like(d_a)

# %% Compile the kernel: one thread adds one pair of elements
# nvcc takes about half a second. PyCUDA keeps what it made, so the second run finds it compiled.
module = SourceModule("""
    __global__ void add_them(float *c, const float *a, const float *b, int n)
    {
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i < n)  // the last block reaches past the end
            c[i] = a[i] + b[i];
    }
""")
add_them = module.get_function("add_them")

# %% Launch it
# Rounded up to whole blocks: n is no multiple of 192, so part of the last block has nothing to add.
threads = 192
blocks = (n + threads - 1) // threads
# A launch only queues the work. Compare the wall time with the time until the GPU is idle.
add_them(d_c, d_a, d_b, np.int32(n), block=(threads, 1, 1), grid=(blocks, 1))

# %% Copy the result back
c = d_c.get()

# %% Check the result
# Adding two floats is exact to the last bit on both sides, so the results are equal, not merely close.
assert np.array_equal(c, a + b), "the GPU's sum differs from NumPy's"
result = c  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"{blocks:,} blocks of {threads} threads added {n:,} pairs of numbers on {device.name()}.")
