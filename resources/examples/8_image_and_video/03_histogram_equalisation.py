# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "cupy-cuda12x[ctk]"]
# ///
# topic: Image and video
# framework: CuPy
# needs: gpu
"""Equalise the histograms of a batch of frames (CuPy)

Dark frames are stretched to the full range of grey, frame by frame and all together.

Benchmark "Frame by frame" and "All together" and compare: a frame alone is too little work for a large GPU, and each
one pays for its launches. Shrink the frames to 128 x 128 and the gap grows.
"""

import sys

import cupy as cp
import numpy as np

# %% Is there a GPU?
try:
    gpu = cp.cuda.runtime.getDeviceProperties(0)["name"].decode()
except cp.cuda.runtime.CUDARuntimeError as error:
    sys.exit(f"This example needs an NVIDIA GPU and CuPy finds none: {error}")

# %% Dark frames: most pixels in the lowest quarter of the range
count, height, width = 64, 540, 960
rng = np.random.default_rng(seed=0)
video = np.clip(rng.gamma(4.0, 8.0, (count, height, width)), 0, 255).astype(np.uint8)


# %% A frame by NumPy or CuPy: histogram, running sum, table
def equalise(frame, xp):
    total = xp.cumsum(xp.bincount(frame.ravel(), minlength=256))
    table = (total * 255 // frame.size).astype(np.uint8)
    return table[frame]


# %% NumPy, frame by frame
expected = np.stack([equalise(frame, np) for frame in video])

# %% Copy the frames to the GPU
d_video = cp.asarray(video)
warm = equalise(d_video[0], cp)  # compiled before it is measured

# %% Frame by frame
each = cp.stack([equalise(frame, cp) for frame in d_video])

# %% All together
# The frame's number times 256 gives each frame a histogram of its own in one long one.
keys = d_video + cp.arange(0, count * 256, 256, dtype=np.int32)[:, None, None]
histograms = cp.bincount(keys.ravel(), minlength=count * 256).reshape(count, 256)
tables = (cp.cumsum(histograms, axis=1) * 255 // (height * width)).astype(np.uint8)
together = tables.ravel()[keys]

# %% Check the result
assert np.array_equal(cp.asnumpy(each), expected), "the frames differ from NumPy's"
assert np.array_equal(cp.asnumpy(together), expected), "the batch differs from NumPy's"
result = together[0]  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"{count} frames of {width} x {height} on {gpu}: mean grey {video.mean():.0f}, then {expected.mean():.0f}.")
