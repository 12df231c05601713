# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: Scientific computing
# framework: PyTorch
"""Monte Carlo: the price of an option (PyTorch)

Random end prices, their mean payoff, and the Black-Scholes formula to check both NumPy and the device against.

Compare NumPy's cell with the device's: drawing the numbers takes most of both. Ten times the paths cost ten times the
time and make the result three times as accurate. Draw in float64 instead and see what it costs your GPU.
"""

from math import erf, exp, log, sqrt

import numpy as np
import torch

# %% Choose the device
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    print("PyTorch finds no GPU here and runs on the CPU.")

# %% A call on a share: price, strike, rate and volatility per year, years
price, strike, rate, volatility, years = 100.0, 105.0, 0.03, 0.2, 1.0
drift, spread, discount = (rate - volatility**2 / 2) * years, volatility * sqrt(years), exp(-rate * years)
paths = 10**8 if device == "cuda" else 2 * 10**6

# %% The formula
d = (log(price / strike) + drift) / spread


def normal(z):
    return (1 + erf(z / sqrt(2))) / 2


exact = price * normal(d + spread) - strike * discount * normal(d)

# %% NumPy draws two million paths
z = np.random.default_rng(seed=0).standard_normal(2 * 10**6, dtype=np.float32)
payoff = np.maximum(price * np.exp(drift + spread * z) - strike, 0) * discount
by_numpy, error_of_numpy = payoff.mean(dtype=np.float64), payoff.std(dtype=np.float64) / sqrt(len(payoff))

# %% The device draws its own
generator = torch.Generator(device).manual_seed(0)
z = torch.randn(paths, generator=generator, device=device)
payoff = (price * torch.exp(drift + spread * z) - strike).clamp(min=0) * discount

# %% Their mean, added up in float64: float32 runs out of digits at so many numbers
by_device = payoff.mean(dtype=torch.float64).item()
error = payoff.std().item() / sqrt(paths)

# %% Check the result
assert abs(by_numpy - exact) < 5 * error_of_numpy, f"NumPy's {by_numpy:.4f} is too far from {exact:.4f}"
assert abs(by_device - exact) < 5 * error + 1e-4, f"the device's {by_device:.4f} is too far from {exact:.4f}"
print(f"Exact {exact:.4f}; NumPy {by_numpy:.4f} ± {error_of_numpy:.4f}; {device} {by_device:.4f} ± {error:.4f}.")
