# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch"]
# ///
# topic: Image and video
# framework: PyTorch
"""Blur a batch of frames (PyTorch)

A Gaussian of 31 x 31 pixels in one pass, and the same blur as a row pass and a column pass.

Benchmark "All at once" and "Rows, then columns" and compare: 961 multiplications a pixel against 62. Change radius to 1
and look again: for a small kernel the second pass over the memory costs more than it saves.
"""

import numpy as np
import torch
from torch.nn.functional import conv2d

# %% Choose the device
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    print("PyTorch finds no GPU here and runs on the CPU.")
torch.backends.cudnn.allow_tf32 = False  # cuDNN would round the pixels to 10 bits of mantissa

# %% Frames of a bright disc that moves over noise
count, height, width = (32, 1080, 1920) if device == "cuda" else (4, 180, 320)
rows, columns = np.mgrid[:height, :width]
rng = np.random.default_rng(seed=0)
video = rng.random((count, height, width), dtype=np.float32) * 0.2
for i, frame in enumerate(video):
    frame[(rows - height / 2) ** 2 + (columns - width * (i + 1) / (count + 1)) ** 2 < (height / 5) ** 2] += 0.8

# %% The kernel: a Gaussian, which is a column times a row
radius = 15
weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / (radius / 3)) ** 2).astype(np.float32)
weights /= weights.sum()

# %% NumPy blurs the first frame
half = sum(w * np.pad(video[0], ((radius, radius), (0, 0)))[k : k + height] for k, w in enumerate(weights))
expected = sum(w * np.pad(half, ((0, 0), (radius, radius)))[:, k : k + width] for k, w in enumerate(weights))

# %% Copy the frames to the device
frames = torch.from_numpy(video)[:, None].to(device)
column = torch.from_numpy(weights).view(1, 1, -1, 1).to(device)
row = column.view(1, 1, 1, -1)
square = column * row

# %% All at once
at_once = conv2d(frames, square, padding=radius)

# %% Rows, then columns
in_two = conv2d(conv2d(frames, row, padding=(0, radius)), column, padding=(radius, 0))

# %% Check the result
assert torch.allclose(at_once, in_two, atol=1e-4), "the two ways gave different frames"
assert np.allclose(in_two[0, 0].cpu().numpy(), expected, atol=1e-4), "the first frame differs from NumPy's"
result = in_two[0, 0]  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"{count} frames of {width} x {height} blurred by a kernel {2 * radius + 1} wide.")
