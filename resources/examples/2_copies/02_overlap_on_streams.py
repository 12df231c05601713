# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "cupy-cuda12x[ctk]"]
# ///
# topic: Copies
# framework: CuPy
# needs: gpu
"""Copy and compute at the same time (CuPy)

Sixteen chunks through the GPU, first one step after the other, then on streams that overlap.

Benchmark the cells "One after the other" and "On three streams" and compare them: the overlap hides the kernel and
one of the two directions behind the other. Look at the trace, where copies and kernels then lie above each other.
Change steps until the kernel takes longer than the copies, and see what overlapping still saves.
"""

import sys

import cupy as cp
import cupyx
import numpy as np

# %% Is there a GPU?
try:
    gpu = cp.cuda.runtime.getDeviceProperties(0)["name"].decode()
except cp.cuda.runtime.CUDARuntimeError as error:
    sys.exit(f"This example needs an NVIDIA GPU and CuPy finds none: {error}")

# %% Sixteen chunks in pinned memory: only from there a copy runs beside the CPU
chunks, size, steps = 16, 2**22, 200
source = cupyx.empty_pinned((chunks, size), dtype=np.float32)
source[:] = np.random.default_rng(seed=0).random((chunks, size), dtype=np.float32)
target = cupyx.zeros_pinned((chunks, size), dtype=np.float32)
work = cp.ElementwiseKernel(
    "float32 x, int32 steps", "float32 y", "y = x; for (int k = 0; k < steps; ++k) y = 0.999f * y + 0.0005f;", "work"
)
streams = [cp.cuda.Stream(non_blocking=True) for _ in range(3)]
buffers = [cp.empty(size, dtype=np.float32) for _ in streams]
work(buffers[0], steps, buffers[0])  # compiled before it is measured

# %% One after the other
for i in range(chunks):
    buffers[0].set(source[i])
    work(buffers[0], steps, buffers[0])
    buffers[0].get(out=target[i])
first = target.copy()

# %% On three streams
# Work on one stream stays in order; work on different streams may run at the same time.
for i in range(chunks):
    stream, buffer = streams[i % 3], buffers[i % 3]
    with stream:
        buffer.set(source[i], stream=stream)
        work(buffer, steps, buffer)
        buffer.get(stream=stream, out=target[i], blocking=False)
for stream in streams:
    stream.synchronize()  # target is whole only after this

# %% Check the result
expected = source[0].copy()
for _ in range(steps):
    expected = np.float32(0.999) * expected + np.float32(0.0005)
assert np.array_equal(first, target), "the two ways gave different results"
assert np.allclose(target[0], expected, rtol=1e-4), "the GPU's result differs from NumPy's"
print(f"{chunks} chunks of {size * 4 / 1e6:.0f} MB went through {gpu} on one stream and on three.")
