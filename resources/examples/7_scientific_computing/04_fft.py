# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "cupy-cuda12x[ctk]"]
# ///
# topic: Scientific computing
# framework: CuPy
# needs: gpu
"""Find tones in noise with the FFT (CuPy)

A long signal with three tones buried in noise, transformed by NumPy and by cuFFT.

The first transform makes a plan for this length, the second finds it. Change n to 2**24 + 3, a length without small
factors, and look how much a transform costs then: pad to a good length by zeros where you can.
"""

import sys

import cupy as cp
import numpy as np

# %% Is there a GPU?
try:
    gpu = cp.cuda.runtime.getDeviceProperties(0)["name"].decode()
except cp.cuda.runtime.CUDARuntimeError as error:
    sys.exit(f"This example needs an NVIDIA GPU and CuPy finds none: {error}")

# %% A signal: three tones at a tenth of the noise
n = 2**24
tones = (123_456, 1_234_567, 5_000_000)  # periods in the whole signal
rng = np.random.default_rng(seed=0)
time = np.arange(n) / n
signal = sum(0.1 * np.sin(2 * np.pi * tone * time) for tone in tones) + rng.standard_normal(n)
signal = signal.astype(np.float32)

# %% NumPy's transform
expected = np.abs(np.fft.rfft(signal))

# %% To the GPU, and the first transform
d_signal = cp.asarray(signal)
spectrum = cp.fft.rfft(d_signal)

# %% The second transform
spectrum = cp.fft.rfft(d_signal)

# %% The largest three, found on the GPU
power = cp.abs(spectrum)
found = sorted(int(i) for i in cp.argsort(power)[-3:])

# %% Check the result
assert found == sorted(tones), f"found {found}, not {tones}"
assert np.allclose(cp.asnumpy(power), expected, rtol=1e-3, atol=expected.max() * 1e-5), "cuFFT differs from NumPy"
print(f"The tones {', '.join(f'{tone:,}' for tone in found)} stand out of {n:,} samples on {gpu}.")
