# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "numba", "numba-cuda[cu12]"]
# ///
# topic: Debugging
# framework: Numba
# needs: gpu
"""A race: threads that overwrite each other (Numba)

Counting into a histogram by += loses counts, and other ones at each run. Atomic additions lose none.

Run it twice: the first figure changes, the second does not. Compare the times of the three launches: the race is fast
and wrong, the atomics are right, and a histogram per block in shared memory is right and fast.
"""

import sys

import numpy as np
from numba import config, cuda

# %% Is there a GPU?
if not cuda.is_available():
    sys.exit("Numba finds no NVIDIA GPU here: set NUMBA_ENABLE_CUDASIM=1 to let it simulate one")


# %% Three kernels: a race, atomics, atomics per block
@cuda.jit
def racing(values, counts):
    i = cuda.grid(1)
    if i < values.size:
        counts[values[i]] += 1  # read, add, write: another thread may write in between


@cuda.jit
def atomic(values, counts):
    i = cuda.grid(1)
    if i < values.size:
        cuda.atomic.add(counts, values[i], 1)


@cuda.jit
def per_block(values, counts):
    own = cuda.shared.array(16, np.int32)
    thread = cuda.threadIdx.x
    if thread < 16:
        own[thread] = 0
    cuda.syncthreads()
    i = cuda.grid(1)
    if i < values.size:
        cuda.atomic.add(own, values[i], 1)
    cuda.syncthreads()  # without it a thread could add up before the others have counted
    if thread < 16:
        cuda.atomic.add(counts, thread, own[thread])


# %% Values from 0 to 15, and NumPy's counts
# The simulator runs every thread in Python, so it gets values that it can finish.
n = 500 if config.ENABLE_CUDASIM else 2**24
threads = 64 if config.ENABLE_CUDASIM else 256
blocks = (n + threads - 1) // threads
values = np.random.default_rng(seed=0).integers(0, 16, n, dtype=np.int32)
expected = np.bincount(values, minlength=16)
d_values = cuda.to_device(values)
wrong, right, fast = (cuda.to_device(np.zeros(16, dtype=np.int32)) for _ in range(3))

# %% The race
racing[blocks, threads](d_values, wrong)
lost = n - wrong.copy_to_host().sum()

# %% Atomic additions
atomic[blocks, threads](d_values, right)

# %% Atomic additions per block
per_block[blocks, threads](d_values, fast)

# %% Check the result
assert np.array_equal(right.copy_to_host(), expected), "the atomic counts differ from NumPy's"
assert np.array_equal(fast.copy_to_host(), expected), "the counts per block differ from NumPy's"
print(f"Of {n:,} values the race lost {lost:,}, the atomics none.")
