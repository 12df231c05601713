# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: The library's own function
# framework: PyTorch
"""A sort of your own, and the library's (PyTorch)

A bitonic sort out of whole-array operations against torch.sort, with NumPy's as the baseline.

Benchmark "A bitonic sort" and "The library's sort" and compare: clever use of minimum and maximum still reads the array
some two hundred times. Raise n on a GPU and find the size from which it beats NumPy with the copies included.
"""

import numpy as np
import torch

# %% Choose the device
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    print("PyTorch finds no GPU here and runs on the CPU.")

# %% Random numbers, a power of two of them
bits = 24 if device == "cuda" else 18
n = 2**bits
numbers = np.random.default_rng(seed=0).random(n, dtype=np.float32)
x = torch.from_numpy(numbers).to(device)

# %% NumPy's sort
expected = np.sort(numbers)


# %% Compare and exchange at every distance, in blocks that double
def bitonic_sort(x):
    for stage in range(1, bits + 1):
        # Every second block of this size is sorted downwards, so that the next stage can merge the two.
        down = (torch.arange(n >> stage, device=x.device) % 2 == 1).view(-1, 1, 1)
        for step in reversed(range(stage)):
            pairs = x.view(n >> stage, -1, 2, 1 << step)
            low, high = torch.minimum(pairs[:, :, 0], pairs[:, :, 1]), torch.maximum(pairs[:, :, 0], pairs[:, :, 1])
            x = torch.stack((torch.where(down, high, low), torch.where(down, low, high)), dim=2).reshape(n)
    return x


# %% A bitonic sort
own = bitonic_sort(x)

# %% The library's sort
library = torch.sort(x).values

# %% Check the result
assert np.array_equal(own.cpu().numpy(), expected), "the bitonic sort's result differs from NumPy's"
assert np.array_equal(library.cpu().numpy(), expected), "the library's result differs from NumPy's"
result = library  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"{n:,} numbers sorted: {bits * (bits + 1) // 2} passes of our own, or one call.")
