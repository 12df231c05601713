# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: Deep learning
# framework: PyTorch
"""Inference one by one, or in a batch (PyTorch)

The same 256 inputs through the same network: 256 calls, 16 calls, one call.

Benchmark the three cells: on a GPU a call costs about the same for one input as for sixteen, so the batch is nearly
free until the GPU is full. Sweep batch to find that point, and weigh it against how long the first input waits.
"""

import numpy as np
import torch
from torch import nn

# %% Choose the device
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    print("PyTorch finds no GPU here and runs on the CPU.")
torch.manual_seed(0)

# %% A network of three layers, and 256 inputs
width, count = (2048, 256) if device == "cuda" else (512, 256)
model = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))
model.to(device).eval()
x = torch.randn(count, width, device=device)


def infer(batch):
    """Return the outputs of all inputs, ``batch`` of them at a time."""
    with torch.inference_mode():
        return torch.cat([model(part) for part in x.split(batch)])


warm = infer(count)

# %% One by one
single = infer(1)

# %% Sixteen at a time
batch = 16
some = infer(batch)

# %% All at once
together = infer(count)

# %% Check the result
h = x.cpu().numpy()
for i in (0, 2, 4):
    weight, bias = (p.detach().cpu().numpy() for p in (model[i].weight, model[i].bias))
    h = h @ weight.T + bias
    h = np.maximum(h, 0) if i < 4 else h
for name, outputs in (("single", single), ("sixteen", some), ("all", together)):
    assert np.allclose(outputs.cpu().numpy(), h, atol=1e-3), f"the outputs of {name} differ from NumPy's"
result = together  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"{count} inputs through a network {width} wide: {count} calls, {count // batch} calls, one call.")
