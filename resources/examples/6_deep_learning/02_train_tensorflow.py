# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "tensorflow"]
# ///
# topic: Deep learning
# framework: TensorFlow
"""Train a small network (TensorFlow)

The two spirals again, with Keras layers and a training step of our own that becomes a graph.

Compare the first step, which traces and compiles the graph, with the loop. Take @tf.function away and benchmark "Train"
again: the same steps, launched from Python one operation at a time.
"""

import numpy as np
import tensorflow as tf

# %% List the GPUs
if not tf.config.list_physical_devices("GPU"):
    print("TensorFlow finds no GPU here and runs on the CPU.")
tf.random.set_seed(0)

# %% Two spirals
n = 2000
rng = np.random.default_rng(seed=0)
turn = rng.random(n) * 3 * np.pi
label = rng.integers(0, 2, n)
points = np.stack([turn * np.cos(turn + np.pi * label), turn * np.sin(turn + np.pi * label)], axis=1) / 9
points = (points + rng.normal(0, 0.02, points.shape)).astype(np.float32)
x, y = tf.constant(points), tf.constant(label)

# %% The network
width = 128
layers = [
    tf.keras.layers.Dense(width, activation="tanh"),
    tf.keras.layers.Dense(width, activation="tanh"),
    tf.keras.layers.Dense(2),
]
model = tf.keras.Sequential([tf.keras.Input((2,)), *layers])
optimizer = tf.keras.optimizers.Adam(0.01)
loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@tf.function
def step():
    """Take one step on all points and return the loss."""
    with tf.GradientTape() as tape:
        loss = loss_of(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


# %% The first step traces the function
first = step()

# %% Train
for _ in range(600):
    last = step()

# %% Check the result
# NumPy computes the same predictions from the same weights.
h = points
for i, layer in enumerate(layers):
    weight, bias = layer.get_weights()
    h = h @ weight + bias
    h = np.tanh(h) if i < 2 else h
predicted = tf.argmax(model(x), axis=1).numpy()
accuracy = np.mean(predicted == label)
assert np.mean(h.argmax(axis=1) == predicted) > 0.99, "NumPy predicts otherwise from the same weights"
assert last < first, "the loss did not fall"
assert accuracy > 0.95, f"only {accuracy:.0%} of the points are classified"
print(f"The loss fell from {first.numpy():.3f} to {last.numpy():.3f}; {accuracy:.1%} of {n:,} points are right.")
