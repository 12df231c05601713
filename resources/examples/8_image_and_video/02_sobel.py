# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "pyopencl[pocl]"]
# ///
# topic: Image and video
# framework: OpenCL
"""Find edges with Sobel's filter (PyOpenCL)

One work item per pixel of every frame, for any maker's GPU, and for the CPU through PoCL.

Compare NumPy's line with the kernel's and with the copies around it: NumPy makes a dozen arrays on the way, the kernel
none. Return the edges as uchar instead of float and see how much the copy back saves.
"""

import numpy as np
import pyopencl as cl

# %% Take a GPU where there is one
devices = [device for platform in cl.get_platforms() for device in platform.get_devices()]
device = next((device for device in devices if device.type & cl.device_type.GPU), devices[0])
is_gpu = bool(device.type & cl.device_type.GPU)
if not is_gpu:
    print("OpenCL finds no GPU here and runs on the CPU.")
context = cl.Context([device])
queue = cl.CommandQueue(context)

# %% Frames of a bright square that moves
count, height, width = (32, 1080, 1920) if is_gpu else (8, 360, 640)
video = np.full((count, height, width), 40, dtype=np.uint8)
for i, frame in enumerate(video):
    left = i * width // (2 * count)
    frame[height // 4 : height // 2, left : left + height // 3] = 200

# %% NumPy's edges
p = np.pad(video.astype(np.float32), ((0, 0), (1, 1), (1, 1)), mode="edge")
x = p[:, :-2, 2:] - p[:, :-2, :-2] + 2 * (p[:, 1:-1, 2:] - p[:, 1:-1, :-2]) + p[:, 2:, 2:] - p[:, 2:, :-2]
y = p[:, 2:, :-2] - p[:, :-2, :-2] + 2 * (p[:, 2:, 1:-1] - p[:, :-2, 1:-1]) + p[:, 2:, 2:] - p[:, :-2, 2:]
expected = np.sqrt(x * x + y * y)

# %% Build the program
program = cl.Program(
    context,
    """
    #define AT(dr, dc) ((float)in[(f * h + clamp(r + (dr), 0, h - 1)) * w + clamp(c + (dc), 0, w - 1)])
    __kernel void sobel(__global float *out, __global const uchar *in)
    {
        int c = get_global_id(0), r = get_global_id(1), f = get_global_id(2);
        int w = get_global_size(0), h = get_global_size(1);
        float x = AT(-1, 1) - AT(-1, -1) + 2 * (AT(0, 1) - AT(0, -1)) + AT(1, 1) - AT(1, -1);
        float y = AT(1, -1) - AT(-1, -1) + 2 * (AT(1, 0) - AT(-1, 0)) + AT(1, 1) - AT(-1, 1);
        out[(f * h + r) * w + c] = sqrt(x * x + y * y);
    }
    """,
).build()
sobel = cl.Kernel(program, "sobel")

# %% Copy the frames to the device
flags = cl.mem_flags
d_in = cl.Buffer(context, flags.READ_ONLY | flags.COPY_HOST_PTR, hostbuf=video)
d_out = cl.Buffer(context, flags.WRITE_ONLY, expected.nbytes)

# %% Filter all frames by one launch
sobel(queue, (width, height, count), None, d_out, d_in)

# %% Copy the edges back
edges = np.empty_like(expected)
cl.enqueue_copy(queue, edges, d_out)

# %% Check the result
assert np.allclose(edges, expected, rtol=1e-5), "the device's edges differ from NumPy's"
print(f"{count} frames of {width} x {height}: {np.count_nonzero(edges):,} pixels on edges, {device.name.strip()}.")
