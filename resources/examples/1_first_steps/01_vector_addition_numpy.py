# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy"]
# ///
# topic: First steps
# framework: NumPy
"""Vector addition with NumPy

The baseline on the CPU: 16.8 million additions, and what the first touch of fresh memory costs.

The two additions differ by the memory they write: the first asks the system for 67 MB, the second reuses it. Run
the same addition with a GPU framework next, and compare the addition alone, then the addition with its copies.
"""

import numpy as np

# %% Two vectors of random numbers
n = 2**24
rng = np.random.default_rng(seed=0)
a = rng.random(n, dtype=np.float32)
b = rng.random(n, dtype=np.float32)

# %% Add them
# Look at this line's time: it is the figure every GPU example has to beat, copies included.
c = a + b

# %% Add them into memory that is already there
# The same arithmetic, mostly faster: the line above also had to ask the system for 67 MB of fresh memory.
np.add(a, b, out=c)

# %% Check the result
for i in (0, n // 2, n - 1):
    assert c[i] == a[i] + b[i], f"element {i} is {c[i]}, not {a[i] + b[i]}"
result = c  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"NumPy added {n:,} pairs of numbers on the CPU.")
