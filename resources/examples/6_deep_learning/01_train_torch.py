# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: Deep learning
# framework: PyTorch
"""Train a small network (PyTorch)

Two spirals, three layers, 300 steps: the whole of training on one page.

Look at the GPU's utilization: a network this small keeps it waiting for launches, and the CPU may win. Benchmark "One
step" and raise width to 2048 to see the GPU pull ahead. Then compile the model with torch.compile and compare again.
"""

import numpy as np
import torch
from torch import nn

# %% Choose the device
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    print("PyTorch finds no GPU here and runs on the CPU.")
torch.manual_seed(0)

# %% Two spirals
n = 2000
rng = np.random.default_rng(seed=0)
turn = rng.random(n) * 3 * np.pi
label = rng.integers(0, 2, n)
points = np.stack([turn * np.cos(turn + np.pi * label), turn * np.sin(turn + np.pi * label)], axis=1) / 9
points += rng.normal(0, 0.02, points.shape)
x = torch.tensor(points, dtype=torch.float32, device=device)
y = torch.tensor(label, device=device)

# %% The network
width = 128
model = nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 2))
model.to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss_of = nn.CrossEntropyLoss()


def step():
    """Take one step on all points and return the loss, which stays on the device."""
    optimizer.zero_grad()
    loss = loss_of(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.detach()


# %% One step
first = step()

# %% Train
# The loss is not read in the loop: reading it would wait for the GPU at every step.
losses = torch.stack([step() for _ in range(300)])

# %% Check the result
# NumPy computes the same predictions from the same weights.
h = points.astype(np.float32)
for i in (0, 2, 4):
    weight, bias = (p.detach().cpu().numpy() for p in (model[i].weight, model[i].bias))
    h = h @ weight.T + bias
    h = np.tanh(h) if i < 4 else h
predicted = model(x).argmax(dim=1)
accuracy = (predicted == y).float().mean().item()
assert np.mean(h.argmax(axis=1) == predicted.cpu().numpy()) > 0.99, "NumPy predicts otherwise from the same weights"
assert losses[-1] < losses[0], "the loss did not fall"
assert accuracy > 0.95, f"only {accuracy:.0%} of the points are classified"
print(f"The loss fell from {first.item():.3f} to {losses[-1].item():.3f}; {accuracy:.1%} of {n:,} points are right.")
