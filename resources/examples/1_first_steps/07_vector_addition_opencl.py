# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "pyopencl[pocl]"]
# ///
# topic: First steps
# framework: OpenCL
"""Vector addition with OpenCL

The same kernel for any maker's GPU, and for the CPU through PoCL where there is no GPU.

The program is compiled for the device at the first build and kept for the next run. Look at the copy back, which waits
for everything before it. Run it on each device that is listed and compare the kernel's line.
"""

import numpy as np
import pyopencl as cl

# %% List the devices, and take a GPU where there is one
devices = [device for platform in cl.get_platforms() for device in platform.get_devices()]
for device in devices:
    print(f"{device.platform.name}: {device.name}")
device = next((device for device in devices if device.type & cl.device_type.GPU), devices[0])
context = cl.Context([device])
queue = cl.CommandQueue(context)

# %% Two vectors of random numbers, in the memory of the CPU
n = 2**24
rng = np.random.default_rng(seed=0)
a = rng.random(n, dtype=np.float32)
b = rng.random(n, dtype=np.float32)

# %% Copy them to the device
flags = cl.mem_flags
d_a = cl.Buffer(context, flags.READ_ONLY | flags.COPY_HOST_PTR, hostbuf=a)
d_b = cl.Buffer(context, flags.READ_ONLY | flags.COPY_HOST_PTR, hostbuf=b)
d_c = cl.Buffer(context, flags.WRITE_ONLY, a.nbytes)

# %% Build the program: one work item adds one pair of elements
program = cl.Program(
    context,
    """
    __kernel void add_them(__global float *c, __global const float *a, __global const float *b)
    {
        int i = get_global_id(0);
        c[i] = a[i] + b[i];
    }
    """,
).build()
add_them = cl.Kernel(program, "add_them")

# %% Launch it
# The launch only queues the work. OpenCL chooses the size of a work group where none is given.
add_them(queue, (n,), None, d_c, d_a, d_b)

# %% Copy the result back
c = np.empty_like(a)
cl.enqueue_copy(queue, c, d_c)

# %% Check the result
# Adding two floats is exact to the last bit on both sides, so the results are equal, not merely close.
assert np.array_equal(c, a + b), "the device's sum differs from NumPy's"
result = c  # Compare (Ctrl+Shift+M) holds the arrays of this name against each other.
print(f"OpenCL added {n:,} pairs of numbers on {device.name.strip()}.")
