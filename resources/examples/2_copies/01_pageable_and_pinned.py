# /// script
# requires-python = ">=3.10"
# dependencies = ["torch"]
# ///
# topic: Copies
# framework: PyTorch
# needs: gpu
"""Pageable or pinned memory? (PyTorch)

The same 268 MB to the GPU and back, from ordinary memory and from memory that the GPU reads by itself.

Compare the two copies to the GPU, then the two back: pinned memory is often three times as fast, and with
non_blocking=True the line returns before the copy is done. Pinning costs more than one copy saves, so pin a buffer
once and reuse it. Make n small and find the size from which pinning stops to matter.
"""

import sys

import torch

# %% Is there a GPU?
if not torch.cuda.is_available():
    sys.exit("This example needs an NVIDIA GPU and PyTorch finds none: copies within the CPU's memory show nothing.")

# %% One vector in ordinary memory, the same in pinned memory
n = 2**26
pageable = torch.rand(n)
pinned = pageable.pin_memory()
on_gpu = torch.empty(n, device="cuda")

# %% To the GPU from ordinary memory
# The driver copies through a pinned buffer of its own, so the data crosses the CPU's memory twice.
on_gpu.copy_(pageable)

# %% To the GPU from pinned memory
on_gpu.copy_(pinned)

# %% To the GPU from pinned memory, without waiting
# The line only queues the copy. What follows on the same stream still sees the new values.
on_gpu.copy_(pinned, non_blocking=True)
doubled = on_gpu * 2

# %% Back into new ordinary memory
# The first touch of each fresh page costs more than the bus.
fresh = doubled.cpu()

# %% Back into pinned memory
back = torch.empty(n, pin_memory=True)
back.copy_(doubled)

# %% Check the result
assert torch.equal(fresh, pageable * 2), "the copy to ordinary memory differs from the CPU's result"
assert torch.equal(back, fresh), "the copies to pinned and to ordinary memory differ"
print(f"{n * 4 / 1e6:.0f} MB went to the GPU and back, from ordinary and from pinned memory.")
