# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: Debugging
# framework: PyTorch
"""Check a result against the CPU (PyTorch)

How close is close enough? Rounding differs everywhere a little, a mistake in few places a lot.

The check costs more than what it checks: keep it for a small n and for tests. Look at where the wrong elements are
before you look at the code: these lie at one edge. Compute in float64 next and see the largest difference shrink.
"""

import numpy as np
import torch

# %% Choose the device
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    print("PyTorch finds no GPU here and runs on the CPU.")

# %% The moving average of a signal, and NumPy's answer in float64
n, radius = 2**20, 8
signal = np.random.default_rng(seed=0).standard_normal(n, dtype=np.float32)
padded = np.pad(signal.astype(np.float64), radius, mode="edge")
sums = np.concatenate([[0.0], np.cumsum(padded)])
expected = (sums[2 * radius + 1 :] - sums[: -2 * radius - 1]) / (2 * radius + 1)
x = torch.from_numpy(signal).to(device)


def average(x, ends):
    """Return the moving average; ``ends`` is how torch pads beyond the signal's ends."""
    kernel = torch.full((1, 1, 2 * radius + 1), 1 / (2 * radius + 1), dtype=x.dtype, device=x.device)
    wide = torch.nn.functional.pad(x[None, None], (radius, radius), mode=ends)
    return (wide.unfold(2, 2 * radius + 1, 1) * kernel).sum(dim=-1).flatten()


# %% Equal to the last bit? No, and that is no mistake
right = average(x, "replicate").cpu().numpy()
print(f"{np.count_nonzero(right != expected):,} of {n:,} elements differ from float64.")

# %% Close enough: a few units in the last place of the numbers that were added
tolerance = 2 * radius * np.finfo(np.float32).eps * np.abs(signal).max()
print(f"The largest difference is {np.abs(right - expected).max():.1e}, and rounding explains {tolerance:.1e}.")

# %% A mistake: zeros beyond the ends instead of the last value
wrong = average(x, "constant").cpu().numpy()
places = np.flatnonzero(np.abs(wrong - expected) > tolerance)
print(f"{len(places)} elements are wrong, from {places[0]} to {places[-1]}:", *places[:4], "...")

# %% Check the result
np.testing.assert_allclose(right, expected, rtol=0, atol=tolerance)
assert len(places) > 0, "the check did not find the mistake"
assert all(place < radius or place >= n - radius for place in places), "elements inside the signal are wrong"
print("All wrong elements lie within the radius of an end: that is where to look for the mistake.")
