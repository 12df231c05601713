# /// script
# requires-python = ">=3.10"
# dependencies = ["torch"]
# ///
# topic: Memory
# framework: PyTorch
# needs: gpu
"""Out of memory, met and survived (PyTorch)

A batch that does not fit is caught, halved and tried again until it does. A limit of 2 GB makes that quick.

Look at the memory graph: it rises to the limit and falls again with each try. Each failed try costs little, for
PyTorch refuses before anything runs. Raise the limit, or set the batch to what fitted, and the tries are gone.
"""

import sys

import torch

# %% Is there a GPU?
if not torch.cuda.is_available():
    sys.exit("This example needs an NVIDIA GPU and PyTorch finds none: the CPU's memory has no such limit.")

# %% Allow this process 2 GB
total = torch.cuda.get_device_properties(0).total_memory
torch.cuda.set_per_process_memory_fraction(min(1.0, 2 * 2**30 / total))

# %% The work: pairwise distances of points, a matrix that grows with the square of the batch
torch.manual_seed(0)
points = torch.rand(32_768, 3, device="cuda")


def nearest(batch):
    """Return the distance from each of the first points to its nearest other one."""
    distances = torch.cdist(points[:batch], points, compute_mode="donot_use_mm_for_euclid_dist")
    distances[:, :batch].fill_diagonal_(float("inf"))
    return distances.min(dim=1).values


# %% Halve the batch until it fits
batch, failures = len(points), 0
while True:
    try:
        found = nearest(batch)
        break
    except torch.OutOfMemoryError:
        failures += 1
    # Outside the except block: inside it, the traceback still holds the tensors of the failed try.
    torch.cuda.empty_cache()
    batch //= 2
    print(f"Out of memory: next try with {batch:,} points")

# %% Check the result
# One row by hand, on the CPU.
point, others = points[0].cpu(), points[1:].cpu()
expected = (others - point).norm(dim=1).min()
assert failures > 0, "the limit was not met: make it smaller"
assert torch.isclose(found[0].cpu(), expected, rtol=1e-4), f"{found[0]} is not {expected}"
print(f"{batch:,} of {len(points):,} points fitted after {failures} failures; the process went on.")
