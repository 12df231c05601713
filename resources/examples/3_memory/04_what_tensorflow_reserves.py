# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "tensorflow"]
# ///
# topic: Memory
# framework: TensorFlow
# needs: gpu
"""What TensorFlow reserves, and how to stop it

By default TensorFlow takes almost all of the GPU's memory at the first operation. Memory growth takes what is needed.

Look at the memory graph, and at in use against held. Comment out the line with set_memory_growth and run it again:
the same small tensors hold the whole GPU, and another process gets an out-of-memory error. The alternative is a
fixed limit by tf.config.set_logical_device_configuration.
"""

import sys

import numpy as np
import tensorflow as tf

# %% Is there a GPU?
gpus = tf.config.list_physical_devices("GPU")
if not gpus:
    sys.exit("This example needs an NVIDIA GPU and TensorFlow finds none: on the CPU it reserves nothing.")

# %% Ask for growth, before the first operation
# After the first operation it is too late: TensorFlow then raises a RuntimeError.
for gpu in gpus:
    tf.config.experimental.set_memory_growth(gpu, True)

# %% The first operation: 64 MB
a = tf.ones((4096, 4096))
info = tf.config.experimental.get_memory_info("GPU:0")
print(f"In use after the first tensor: {info['current'] / 1e6:.0f} MB")

# %% A product needs two more of that size
b = a @ a
info = tf.config.experimental.get_memory_info("GPU:0")
print(f"In use after the product: {info['current'] / 1e6:.0f} MB, at most {info['peak'] / 1e6:.0f} MB")

# %% Delete them: in use falls, what the process holds does not
expected, got = np.float32(4096), b[0, 0].numpy()
before = info["current"]
del a, b
after = tf.config.experimental.get_memory_info("GPU:0")["current"]

# %% Check the result
assert got == expected, f"the product holds {got}, not {expected}"
assert after < before, "nothing was given back to TensorFlow"
print(f"TensorFlow had {before / 1e6:.0f} MB in use, after del {after / 1e6:.0f} MB.")
