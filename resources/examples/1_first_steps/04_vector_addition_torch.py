# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: First steps
# framework: PyTorch
"""Vector addition with PyTorch

The same lines on the GPU or, where there is none, on the CPU: only the device changes.

The copies cost more than the addition, and the first addition more than the second. Make the vectors on the device
with torch.rand(n, device=device) and see what is left.
"""

import numpy as np
import torch

# %% Choose the device
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    print("PyTorch finds no GPU here and runs on the CPU.")

# %% Two vectors of random numbers, in the memory of the CPU
n = 2**24
rng = np.random.default_rng(seed=0)
a = torch.from_numpy(rng.random(n, dtype=np.float32))
b = torch.from_numpy(rng.random(n, dtype=np.float32))

# %% Copy them to the device
# On a GPU the first line also creates the CUDA context. On the CPU nothing is copied: look how little it costs.
d_a = a.to(device)
d_b = b.to(device)

# %% Add them
# On a GPU the first use of an operation loads its kernel.
d_c = d_a + d_b

# %% Add them again
# Now the wall time is the launch alone; the time until the GPU is idle is what the addition takes.
d_c = d_a + d_b

# %% Copy the result back
# PyTorch waits here until the GPU has finished.
c = d_c.cpu()

# %% Check the result
# Adding two floats is exact to the last bit on both sides, so the results are equal, not merely close.
assert torch.equal(c, a + b), "the sum differs from the CPU's"
result = c  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"PyTorch added {n:,} pairs of numbers on the {'GPU' if device == 'cuda' else 'CPU'}.")
