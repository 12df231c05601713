# /// script
# requires-python = ">=3.10"
# dependencies = ["torch"]
# ///
# topic: Memory
# framework: PyTorch
# needs: gpu
"""Where did my memory go? (PyTorch)

Watch the memory graph: del gives memory back to PyTorch, not to the GPU; only empty_cache() does that.

The memory curve falls at empty_cache, not at del. Keep one small tensor alive among the four and see how much less
comes back.
"""

import sys
import time

import torch

# %% Choose the device
if not torch.cuda.is_available():
    sys.exit("PyTorch finds no GPU here, and the memory of one is what this example is about: run it on a GPU machine")

# %% The context alone
# Before the first tensor there is nothing; with it come half a gigabyte of context and kernels.
x = torch.zeros(1, device="cuda")
time.sleep(1)

# %% Four tensors of a quarter of the free memory, at most 8 GB in all
free, total = torch.cuda.mem_get_info()
size = min(free // 4, 8 * 10**9) // 4 // 4
tensors = []
for _ in range(4):
    tensors.append(torch.empty(size, device="cuda"))
    time.sleep(1)
allocated = torch.cuda.memory_allocated()

# %% Delete them: PyTorch keeps the memory for the next tensor
del tensors
kept = torch.cuda.memory_reserved()
time.sleep(2)

# %% A new tensor costs nothing now: look at its time, and that the graph does not move
again = torch.empty(size, device="cuda")
del again
time.sleep(1)

# %% Give it back
torch.cuda.empty_cache()
left = torch.cuda.memory_reserved()
time.sleep(2)

# %% Check the result
assert allocated >= 4 * 4 * size, "four tensors were not allocated"
assert kept >= allocated, "PyTorch gave memory back when the tensors were deleted"
assert left < kept, "empty_cache() gave nothing back"
print(f"PyTorch held {allocated / 1e9:.2f} GB, after del {kept / 1e9:.2f} GB, after empty_cache() {left / 1e9:.2f} GB.")
print("The context stays until the process ends: then the graph is back where it began.")
