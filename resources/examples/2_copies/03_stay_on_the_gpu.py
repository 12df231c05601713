# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: Copies
# framework: PyTorch
"""Stay on the GPU instead of going back and forth (PyTorch)

Ten steps of one calculation: with a round trip through the CPU after each, and with one at the end.

Benchmark "Back and forth" and "Stay there" and compare: the arithmetic is the same, the difference is twenty copies.
Then print(y.mean().item()) in the second loop: a single number read back stops the queue at every step.
"""

import numpy as np
import torch

# %% Choose the device
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    print("PyTorch finds no GPU here and runs on the CPU, where nothing is copied.")

# %% The calculation, and NumPy's answer
n, steps = 2**24 if device == "cuda" else 2**20, 10
start = np.random.default_rng(seed=0).random(n, dtype=np.float32)
expected = start
for _ in range(steps):
    expected = np.sqrt(expected * expected + np.float32(0.25))

# %% Back and forth
x = torch.from_numpy(start)
for _ in range(steps):
    y = x.to(device)
    y = torch.sqrt(y * y + 0.25)
    x = y.cpu()  # waits for the GPU, then copies
there_and_back = x

# %% Stay there
y = torch.from_numpy(start).to(device)
for _ in range(steps):
    y = torch.sqrt(y * y + 0.25)
stayed = y.cpu()

# %% Check the result
assert torch.equal(there_and_back, stayed), "the two ways gave different results"
assert np.allclose(stayed.numpy(), expected, rtol=1e-5), "the result differs from NumPy's"
print(f"{steps} steps on {n:,} numbers: {2 * steps} copies back and forth, 2 copies when the data stays.")
