"""The Python code that adds two arrays with each framework, run in the framework's own environment.

Each piece runs after its probe (see :mod:`gpuplayground.environments.framework_probes`) in the same namespace, with
``on_gpu`` set. It sets ``result``, the sum as a list, and ``device``: ``GPU`` or ``CPU``, where it was added. One that
cannot add anything here, such as CuPy without a GPU, leaves both as they are. ``reason`` is the framework's own reason
for seeing no GPU. The arrays hold ``i`` and ``2 * i + 1`` for ``i < SIZE``, which float32 adds without rounding.
"""

from __future__ import annotations

SIZE = 1000

_NUMPY = """
a = numpy.arange(SIZE, dtype="float32")
result, device = (a + (2 * a + 1)).tolist(), "CPU"
"""
_CUPY = '''
if on_gpu:
    a = cupy.arange(SIZE, dtype="float32")
    b = 2 * a + 1  # compiled with the headers of the CUDA runtime, which a bare CuPy lacks
    kernel = cupy.RawKernel(
        """extern "C" __global__ void add(const float* a, const float* b, float* c, int n) {
            int i = blockDim.x * blockIdx.x + threadIdx.x;
            if (i < n) c[i] = a[i] + b[i];
        }""", "add")
    c = cupy.zeros_like(a)
    kernel(((SIZE + 255) // 256,), (256,), (a, b, c, cupy.int32(SIZE)))
    result, device = c.get().tolist(), "GPU"
    device_name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
else:
    try:
        cupy.cuda.runtime.getDeviceCount()
    except Exception as raised:
        reason = str(raised)
'''
_TORCH = """
place = "cuda" if on_gpu else "cpu"
a = torch.arange(SIZE, dtype=torch.float32, device=place)
result, device = (a + (2 * a + 1)).cpu().tolist(), "GPU" if on_gpu else "CPU"
if on_gpu:
    device_name = torch.cuda.get_device_name(0)
elif torch.version.cuda:
    try:
        torch.cuda.init()
    except Exception as raised:
        reason = str(raised)
"""
_TENSORFLOW = """
tensorflow.config.set_soft_device_placement(False)  # or an operation without a GPU kernel would run on the CPU
with tensorflow.device("/GPU:0" if on_gpu else "/CPU:0"):
    a = tensorflow.range(SIZE, dtype=tensorflow.float32) if not on_gpu else tensorflow.constant(
        [float(i) for i in range(SIZE)])
    c = a + (2 * a + 1)
result, device = [float(value) for value in c.numpy()], "GPU" if "GPU" in c.device else "CPU"
if on_gpu:
    details = tensorflow.config.experimental.get_device_details(tensorflow.config.list_physical_devices("GPU")[0])
    device_name = details.get("device_name", "")
"""
_PYCUDA = '''
if on_gpu:
    import numpy
    from pycuda.compiler import SourceModule
    gpu = pycuda.driver.Device(0)
    context = gpu.make_context()
    try:
        module = SourceModule("""__global__ void add(const float* a, const float* b, float* c, int n) {
            int i = blockDim.x * blockIdx.x + threadIdx.x;
            if (i < n) c[i] = a[i] + b[i];
        }""", cache_dir=False)
        a = numpy.arange(SIZE, dtype="float32")
        b, c = 2 * a + 1, numpy.zeros_like(a)
        module.get_function("add")(
            pycuda.driver.In(a), pycuda.driver.In(b), pycuda.driver.Out(c), numpy.int32(SIZE),
            block=(256, 1, 1), grid=((SIZE + 255) // 256, 1))
        result, device, device_name = c.tolist(), "GPU", gpu.name()
    finally:
        context.pop()
else:
    try:
        pycuda.driver.init()
    except Exception as raised:
        reason = str(raised)
'''
_NUMBA = """
import numpy
a = numpy.arange(SIZE, dtype="float32")
b, c = 2 * a + 1, numpy.zeros_like(a)
if on_gpu:
    @cuda.jit
    def add(a, b, c):
        i = cuda.grid(1)
        if i < c.size:
            c[i] = a[i] + b[i]
    on_device = cuda.to_device(c)
    add[(SIZE + 255) // 256, 256](cuda.to_device(a), cuda.to_device(b), on_device)
    result, device = on_device.copy_to_host().tolist(), "GPU"
    name = cuda.get_current_device().name
    device_name = name.decode() if isinstance(name, bytes) else name
else:
    @numba.njit
    def add(a, b, c):
        for i in range(c.size):
            c[i] = a[i] + b[i]
    add(a, b, c)
    result, device = c.tolist(), "CPU"
    if not lacks:
        reason = str(cuda.cuda_error() or "")
"""
_OPENCL = '''
import numpy
devices = [device for platform in pyopencl.get_platforms() for device in platform.get_devices()]
is_gpu = lambda device: bool(device.type & pyopencl.device_type.GPU)
chosen = sorted(devices, key=is_gpu)[-1]
context = pyopencl.Context([chosen])
queue = pyopencl.CommandQueue(context)
flags = pyopencl.mem_flags
a = numpy.arange(SIZE, dtype="float32")
b, c = 2 * a + 1, numpy.zeros_like(a)
buffers = [pyopencl.Buffer(context, flags.READ_ONLY | flags.COPY_HOST_PTR, hostbuf=each) for each in (a, b)]
out = pyopencl.Buffer(context, flags.WRITE_ONLY, c.nbytes)
program = pyopencl.Program(context, """__kernel void add(__global const float* a, __global const float* b,
    __global float* c) { int i = get_global_id(0); c[i] = a[i] + b[i]; }""").build()
pyopencl.Kernel(program, "add")(queue, a.shape, None, buffers[0], buffers[1], out)
pyopencl.enqueue_copy(queue, c, out)
queue.finish()
result, device, device_name = c.tolist(), "GPU" if is_gpu(chosen) else "CPU", chosen.name.strip()
'''

#: The code by the framework's module. A framework that is not here is only imported.
KERNELS = {
    "numpy": _NUMPY,
    "cupy": _CUPY,
    "torch": _TORCH,
    "tensorflow": _TENSORFLOW,
    "pycuda": _PYCUDA,
    "numba": _NUMBA,
    "pyopencl": _OPENCL,
}
