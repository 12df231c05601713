# /// script
# requires-python = ">=3.10"
# dependencies = ["torch"]
# ///
# topic: Debugging
# framework: PyTorch
# needs: gpu
"""The error points at the wrong line (PyTorch)

A launch returns before its kernel runs, so a failing kernel is reported by a later line. One variable changes that.

The second run waits after every launch, so it is slower and its traceback is right: use it to look for a mistake, not
to measure. A failed kernel ends the process's use of the GPU, so both runs are processes of their own.
"""

import os
import re
import subprocess
import sys

import torch

# %% Is there a GPU?
if not torch.cuda.is_available():
    sys.exit("This example needs an NVIDIA GPU and PyTorch finds none: the CPU reports errors in place.")

# %% A program with an index that is too large
program = """
import torch
x = torch.rand(4096, 4096, device="cuda")
good, bad = torch.tensor([0], device="cuda"), torch.tensor([5000], device="cuda")
warm = x[good].sum().item()
y = x
for _ in range(50):
    y = (x @ y) / 4096  # enough work that the GPU is still busy when the mistake is queued
row = x[bad]
total = row.sum()
print(total.item())
"""
lines = program.splitlines()
mistake = 1 + next(number for number, line in enumerate(lines) if "x[bad]" in line)


def blamed(blocking):
    """Run the program and return the number of the line that its traceback names."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "CUDA_LAUNCH_BLOCKING": blocking},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0, "the program did not fail"
    assert "device-side assert" in done.stderr, done.stderr[-500:]
    return int(re.findall(r'File "<string>", line (\d+)', done.stderr)[-1])


# %% As it is: the line that waits for the GPU is blamed
late = blamed("0")
print(f"Line {late} is blamed:  {lines[late - 1]}")

# %% With CUDA_LAUNCH_BLOCKING=1: the line that launches
exact = blamed("1")
print(f"Line {exact} is blamed:  {lines[exact - 1]}")

# %% Check the result
assert exact == mistake, "blocking launches did not name the mistake"
assert late > mistake, "the asynchronous error was reported where it happened"
print(f"The mistake is in line {mistake}; without blocking launches line {late} gets the blame.")
