# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: The library's own function
# framework: PyTorch
# needs: gpu 8.0
"""One product in float32, TF32 and bfloat16 (PyTorch)

The tensor cores multiply faster the fewer bits they are given. Here is what that costs in accuracy.

Benchmark the three cells and compare times and errors: TF32 keeps float32's range with a tenth of its precision and
needs no other change than one line. Change n to 512 and look again: small products do not fill the tensor cores.
"""

import sys

import numpy as np
import torch

# %% Is there a GPU with tensor cores for TF32 and bfloat16?
if not torch.cuda.is_available():
    sys.exit("This example needs an NVIDIA GPU and PyTorch finds none: TF32 exists on GPUs only.")
if torch.cuda.get_device_capability() < (8, 0):
    sys.exit("TF32 and bfloat16 need a GPU of compute capability 8.0 or newer, and this one is older.")

# %% Two matrices, and some of NumPy's rows of their product in float64
n = 4096
rng = np.random.default_rng(seed=0)
left, right = (rng.standard_normal((n, n), dtype=np.float32) for _ in range(2))
expected = left[:16].astype(np.float64) @ right.astype(np.float64)
a, b = torch.from_numpy(left).cuda(), torch.from_numpy(right).cuda()
a16, b16 = a.bfloat16(), b.bfloat16()
warm = a @ b  # the library is loaded and set up before anything is measured


def error(product):
    """Return the largest error of the first rows, relative to the size of a typical element."""
    return np.abs(product[:16].double().cpu().numpy() - expected).max() / np.sqrt(n)


# %% float32
torch.set_float32_matmul_precision("highest")
full = a @ b

# %% TF32: the inputs are rounded to 10 bits of mantissa inside the tensor cores
torch.set_float32_matmul_precision("high")
tf32 = a @ b

# %% bfloat16: the matrices take half the memory, 7 bits of mantissa
half = a16 @ b16

# %% Check the result
errors = {"float32": error(full), "TF32": error(tf32), "bfloat16": error(half)}
for name, size in errors.items():
    print(f"{name:9} largest error {size:.1e}")
assert errors["float32"] < 1e-4 < errors["TF32"] < 1e-2, "TF32 is not between float32 and its bound"
assert errors["bfloat16"] < 1e-1, "the bfloat16 product is wrong"
print(f"{2 * n**3 / 1e9:.0f} GFLOP per product of {n} x {n}.")
