# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "numba", "numba-cuda[cu12]"]
# ///
# topic: Debugging
# framework: Numba
# needs: gpu
"""A kernel that writes out of bounds (Numba)

A missing if lets the last block write past its array, into a neighbour. No error, no warning, wrong numbers elsewhere.

Nothing in the timings betrays the mistake. Run it once more with NUMBA_ENABLE_CUDASIM=1: the simulator stops at the
line and names the thread. On the GPU, compute-sanitizer python FILE finds what leaves an allocation altogether.
"""

import sys

import numpy as np
from numba import config, cuda

# %% Is there a GPU?
if not cuda.is_available():
    sys.exit("Numba finds no NVIDIA GPU here: set NUMBA_ENABLE_CUDASIM=1 to let it simulate one")


# %% The mistake, and the same kernel with a check
@cuda.jit
def fill(out, value):
    i = cuda.grid(1)
    out[i] = value  # nothing stops the threads of the last block that have no element


@cuda.jit
def fill_checked(out, value):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = value


# %% Two arrays side by side in one piece of memory, as in a pool
n, threads, blocks = 1000, 256, 4  # 1024 threads for 1000 elements
memory = cuda.to_device(np.zeros(blocks * threads, dtype=np.float32))
ours, neighbour = memory[:n], memory[n:]

# %% Without the check
stopped = False
try:
    fill[blocks, threads](ours, 1.0)
except IndexError as error:
    stopped = True
    print("The simulator stops:", str(error).splitlines()[0])
damaged = np.count_nonzero(neighbour.copy_to_host())
print(f"{damaged} elements of the neighbour were overwritten.")

# %% With the check
memory.copy_to_device(np.zeros(blocks * threads, dtype=np.float32))
fill_checked[blocks, threads](ours, 1.0)

# %% Check the result
assert np.array_equal(ours.copy_to_host(), np.ones(n, dtype=np.float32)), "not every element was filled"
assert not neighbour.copy_to_host().any(), "the checked kernel wrote into its neighbour"
assert stopped if config.ENABLE_CUDASIM else damaged == blocks * threads - n
print("With the check every element is filled and the neighbour is whole.")
