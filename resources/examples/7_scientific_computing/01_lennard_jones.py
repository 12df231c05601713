# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: Scientific computing
# framework: PyTorch
"""Molecular dynamics with Lennard-Jones forces (PyTorch)

Atoms on a lattice, all pairs of forces, velocity Verlet: forces checked against NumPy, the energy against itself.

Look at one step: with all pairs its work grows with the square of the atoms, and the GPU is idle between its small
kernels. Raise side and see the time per step stay flat until the GPU is full. Next, put forces_of into torch.compile.
"""

import numpy as np
import torch

# %% Choose the device
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    print("PyTorch finds no GPU here and runs on the CPU.")

# %% Atoms on a cubic lattice in a periodic box, in units of the potential
side = 16 if device == "cuda" else 6
spacing, dt, steps = 1.2, 0.002, 100
box = side * spacing
atoms = side**3
rng = np.random.default_rng(seed=0)
lattice = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) * spacing
start = lattice + rng.normal(0, 0.03, lattice.shape)
x = torch.tensor(start, dtype=torch.float64, device=device)
v = torch.tensor(rng.normal(0, 0.7, lattice.shape), dtype=torch.float64, device=device)
v -= v.mean(dim=0)
cutoff2 = min(2.5, box / 2) ** 2
shift = cutoff2**-6 - cutoff2**-3  # the potential is zero at the cutoff, so the energy has no jump there


def forces_of(x):
    """Return the forces and the potential energy."""
    r = x[:, None] - x[None]
    r -= box * torch.round(r / box)  # the nearest image of each atom
    r2 = (r * r).sum(dim=-1)
    r2.fill_diagonal_(float("inf"))
    s6 = torch.where(r2 < cutoff2, r2, float("inf")) ** -3
    pairs = torch.where(r2 < cutoff2, s6 * s6 - s6 - shift, 0.0)
    return ((24 * (2 * s6 * s6 - s6) / r2)[..., None] * r).sum(dim=1), 2 * pairs.sum()


# %% Forces of the start, and NumPy's for the first atom
f, potential = forces_of(x)
first = f[0].cpu().numpy()
r = start[0] - start[1:]
r -= box * np.round(r / box)
r2 = (r * r).sum(axis=1)
near = r2 < cutoff2
by_numpy = ((24 * (2 * r2**-6 - r2**-3) / r2)[near, None] * r[near]).sum(axis=0)
energies = [potential + (v * v).sum() / 2]

# %% A hundred steps of velocity Verlet
for _ in range(steps):
    v += f * dt / 2
    x += v * dt
    f, potential = forces_of(x)
    v += f * dt / 2
    energies.append(potential + (v * v).sum() / 2)

# %% Check the result
energy = torch.stack(energies).cpu().numpy()
drift = np.abs(energy - energy[0]).max() / atoms
assert np.allclose(first, by_numpy), "the forces differ from NumPy's"
assert drift < 0.01, f"the energy drifts by {drift:.3f} per atom: the step is too long"
print(f"{atoms:,} atoms, {steps} steps; the energy per atom stays within {drift:.1e} of {energy[0] / atoms:.3f}.")
