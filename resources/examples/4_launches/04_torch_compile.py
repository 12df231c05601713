# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: Launches
# framework: PyTorch
"""Let torch.compile fuse the kernels

A formula of eight operations as PyTorch runs it, and compiled into one kernel by Triton or, on the CPU, by C++.

The first compiled call takes seconds; look at the one after it, and benchmark the cells "Eager" and "Compiled".
Change n in the compiled call: another shape may compile once more, so compile what is called often and alike.
"""

import shutil
import sys

import numpy as np
import torch

# %% Is there a C compiler? Triton and the CPU's code generator call it
if not any(map(shutil.which, ("cc", "gcc", "g++", "clang", "cl"))):
    sys.exit("torch.compile needs a C++ compiler here: install one, for instance by sudo apt install g++")

# %% Choose the device
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    print("PyTorch finds no GPU here and runs on the CPU.")


# %% The formula: an approximation of GELU, and NumPy's answer
def gelu(x):
    return 0.5 * x * (1.0 + torch.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))


n = 2**25 if device == "cuda" else 2**20
start = np.random.default_rng(seed=0).standard_normal(n, dtype=np.float32)
expected = 0.5 * start * (1 + np.tanh(np.float32(0.7978845608) * (start + np.float32(0.044715) * start**3)))
x = torch.from_numpy(start).to(device)
compiled = torch.compile(gelu)

# %% Eager: each operation is a kernel of its own and writes its result to memory
eager = gelu(x)

# %% The first compiled call writes and compiles the kernel
fused = compiled(x)

# %% Compiled: one kernel, one read and one write
fused = compiled(x)

# %% Check the result
assert np.allclose(eager.cpu().numpy(), expected, atol=1e-5), "the eager result differs from NumPy's"
assert np.allclose(fused.cpu().numpy(), expected, atol=1e-5), "the compiled result differs from NumPy's"
result = fused  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"GELU of {n:,} numbers, eager and compiled, on the {'GPU' if device == 'cuda' else 'CPU'}.")
