# /// script
# requires-python = ">=3.10"
# dependencies = ["torch"]
# ///
# topic: Deep learning
# framework: PyTorch
"""Mixed precision: bfloat16 where it is safe (PyTorch)

A training step in float32 and under autocast, which multiplies in bfloat16 and keeps weights and loss in float32.

Benchmark "A step in float32" and "A step in mixed precision", and look at the memory: activations take half. The gain
needs tensor cores (compute capability 8.0 or newer) and large layers. Halve width and see how soon it is gone.
"""

import torch
from torch import nn

# %% Choose the device
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    print("PyTorch finds no GPU here and runs on the CPU.")
elif torch.cuda.get_device_capability() < (8, 0):
    print("This GPU has no tensor cores for bfloat16, so mixed precision gains little or nothing.")
torch.manual_seed(0)

# %% A network, and data that another one made
width, count = (4096, 4096) if device == "cuda" else (256, 256)
model = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
model.to(device)
x = torch.randn(count, width, device=device)
y = x[:, :8].sum(dim=1, keepdim=True).tanh()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)


def step(mixed):
    """Take one step and return the loss, which stays on the device."""
    optimizer.zero_grad()
    with torch.autocast(device, dtype=torch.bfloat16, enabled=mixed):
        outputs = model(x)
    loss = nn.functional.mse_loss(outputs.float(), y)
    loss.backward()
    optimizer.step()
    return loss.detach()


# %% Both kinds of output from the same weights, for the check
with torch.no_grad():
    exact = model(x)
    with torch.autocast(device, dtype=torch.bfloat16):
        rounded = model(x)
warm = step(mixed=False), step(mixed=True)

# %% A step in float32
before = step(mixed=False)

# %% A step in mixed precision
after = step(mixed=True)

# %% Train on in mixed precision
losses = torch.stack([step(mixed=True) for _ in range(30)])

# %% Check the result
difference = (rounded.float() - exact).abs().max().item() / exact.abs().max().item()
assert rounded.dtype == torch.bfloat16, "autocast did not change the precision"
assert all(p.dtype == torch.float32 for p in model.parameters()), "the weights are no longer float32"
assert difference < 0.05, f"bfloat16 changes the outputs by {difference:.0%}"
assert losses[-1] < warm[0], "the loss did not fall"
print(f"Outputs differ by {difference:.2%}; the loss fell from {warm[0].item():.4f} to {losses[-1].item():.4f}.")
