# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: Launches
# framework: PyTorch
# needs: gpu
"""A thousand launches as one CUDA graph (PyTorch)

A long chain of tiny kernels is recorded once and replayed by a single call.

Benchmark "Launch each" and "Replay" and compare: the wall time falls by far more than the GPU's own time. In the trace
the gaps between the kernels are gone. Raise n until the kernels are longer than the gaps: then the graph saves nothing.
"""

import sys

import numpy as np
import torch

# %% Is there a GPU?
if not torch.cuda.is_available():
    sys.exit("This example needs an NVIDIA GPU and PyTorch finds none: CUDA graphs exist on GPUs only.")

# %% A chain of five hundred steps, two kernels each
n, steps = 4096, 500
start = np.random.default_rng(seed=0).random(n, dtype=np.float32)
x = torch.from_numpy(start).cuda()
state = x.clone()


def chain():
    """Take the steps in place: a graph replays the same addresses."""
    for _ in range(steps):
        state.mul_(0.999)
        state.add_(0.0005)


# %% Warm up on a side stream, as capturing asks for
side = torch.cuda.Stream()
side.wait_stream(torch.cuda.current_stream())
with torch.cuda.stream(side):
    chain()
torch.cuda.current_stream().wait_stream(side)

# %% Record the chain; nothing runs
graph = torch.cuda.CUDAGraph()
with torch.cuda.graph(graph):
    chain()

# %% Launch each
state.copy_(x)
chain()
launched = state.clone()

# %% Replay
state.copy_(x)
graph.replay()
replayed = state.clone()

# %% Check the result
expected = start
for _ in range(steps):
    expected = expected * np.float32(0.999) + np.float32(0.0005)
assert torch.equal(launched, replayed), "the graph gave another result than the launches"
assert np.allclose(replayed.cpu().numpy(), expected, rtol=1e-4), "the GPU's result differs from NumPy's"
print(f"{2 * steps:,} kernels on {n:,} numbers: {2 * steps:,} launches, or one.")
