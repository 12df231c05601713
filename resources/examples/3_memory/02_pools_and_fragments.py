# /// script
# requires-python = ">=3.10"
# dependencies = ["cupy-cuda12x[ctk]", "numpy"]
# ///
# topic: Memory
# framework: CuPy
# needs: gpu
"""Pools and the holes in them (CuPy)

CuPy keeps what you free. A block that is in use holds the memory around it, and a larger array does not fit into holes.

Look at the memory graph beside the printed figures: the pool grows when the large array finds only holes, and
free_all_blocks returns whole blocks alone. Compare the time of an allocation from the pool with one from the driver.
Next, allocate the large array before the small ones and see how much less the pool takes.
"""

import sys

import cupy as cp
import numpy as np

# %% Is there a GPU?
try:
    gpu = cp.cuda.runtime.getDeviceProperties(0)["name"].decode()
except cp.cuda.runtime.CUDARuntimeError as error:
    sys.exit(f"This example needs an NVIDIA GPU and CuPy finds none: {error}")

# %% A pool of our own, so that nothing else is in it
pool = cp.cuda.MemoryPool()
cp.cuda.set_allocator(pool.malloc)
MB = 2**20


def say(what):
    print(f"{what:34} in use {pool.used_bytes() / MB:6.0f} MB, held {pool.total_bytes() / MB:6.0f} MB")


# %% From the driver: sixteen arrays of 64 MB
small = [cp.empty(64 * MB, dtype=np.uint8) for _ in range(16)]
say("Sixteen arrays")
held_at_first = pool.total_bytes()

# %% Free every second one: the pool keeps them
del small[::2]
say("Every second one freed")
assert pool.total_bytes() == held_at_first

# %% From the pool: the driver is not asked
again = [cp.empty(64 * MB, dtype=np.uint8) for _ in range(8)]
say("Eight arrays in the holes")
assert pool.total_bytes() == held_at_first
del again

# %% Half a gigabyte is free, but in pieces: the pool grows
large = cp.arange(128 * MB, dtype=np.float32)
say("One array of 512 MB")
grown = pool.total_bytes()

# %% Give back what is free as a whole
pool.free_all_blocks()
say("After free_all_blocks()")

# %% Check the result
assert grown >= held_at_first + large.nbytes, "the large array fitted into the holes"
assert pool.total_bytes() < grown, "free_all_blocks() gave nothing back"
assert np.array_equal(cp.asnumpy(large[-4:]), np.arange(128 * MB - 4, 128 * MB, dtype=np.float32))
print(f"The pool grew from {held_at_first / MB:.0f} to {grown / MB:.0f} MB for an array that half of it could hold.")
