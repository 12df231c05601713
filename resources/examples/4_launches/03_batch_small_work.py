# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: Launches
# framework: PyTorch
"""A loop of small kernels, or one batch (PyTorch)

Two thousand products of small matrices: a launch for each, and one launch for all of them.

Benchmark "A loop" and "One batch" and compare. On a GPU the loop's time is that of its launches, some microseconds
each, whatever the size; the batch is bound by memory. Raise size to 512 and find where the loop catches up.
"""

import numpy as np
import torch

# %% Choose the device
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    print("PyTorch finds no GPU here and runs on the CPU.")

# %% Two thousand pairs of small matrices
count, size = 2000, 16
rng = np.random.default_rng(seed=0)
left, right = (rng.standard_normal((count, size, size), dtype=np.float32) for _ in range(2))
a, b = torch.from_numpy(left).to(device), torch.from_numpy(right).to(device)
looped = torch.empty_like(a)

# %% NumPy's answer
expected = left @ right

# %% A loop
for i in range(count):
    torch.mm(a[i], b[i], out=looped[i])

# %% One batch
batched = torch.bmm(a, b)

# %% Check the result
assert np.allclose(looped.cpu().numpy(), expected, atol=1e-4), "the loop's result differs from NumPy's"
assert np.allclose(batched.cpu().numpy(), expected, atol=1e-4), "the batch's result differs from NumPy's"
result = batched  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"{count:,} products of {size} x {size}: {count:,} launches or one.")
