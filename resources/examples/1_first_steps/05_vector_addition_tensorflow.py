# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "tensorflow"]
# ///
# topic: First steps
# framework: TensorFlow
"""Vector addition with TensorFlow

Lists the GPUs that TensorFlow sees and computes on the first under a device scope, else on the CPU.

The first operation starts the device and takes seconds, the second shows the addition alone. Put the addition into
a tf.function and see whether one addition gains from it.
"""

import numpy as np
import tensorflow as tf

# %% List the GPUs
gpus = tf.config.list_physical_devices("GPU")
for gpu in gpus:
    print(gpu.name, tf.config.experimental.get_device_details(gpu).get("device_name", ""))
device = "/GPU:0" if gpus else "/CPU:0"
if not gpus:
    print("TensorFlow finds no GPU here and runs on the CPU.")

# %% Two vectors of random numbers, in the memory of the CPU
n = 2**24
rng = np.random.default_rng(seed=0)
with tf.device("/CPU:0"):
    a = tf.constant(rng.random(n, dtype=np.float32))
    b = tf.constant(rng.random(n, dtype=np.float32))

# %% Copy them to the device
# On a GPU TensorFlow takes almost all of its memory here: the memory curve says how much.
with tf.device(device):
    d_a = tf.identity(a)
    d_b = tf.identity(b)

# %% Add them
with tf.device(device):
    d_c = d_a + d_b

# %% Add them again
# On a GPU the wall time is the launch alone; the time until the GPU is idle is what the addition takes.
with tf.device(device):
    d_c = d_a + d_b

# %% Copy the result back
c = d_c.numpy()

# %% Check the result
# Adding two floats is exact to the last bit on both sides, so the results are equal, not merely close.
assert (c == a.numpy() + b.numpy()).all(), "the sum differs from NumPy's"
result = c  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"TensorFlow added {n:,} pairs of numbers on {d_c.device.rpartition('device:')[2]}.")
