# /// script
# requires-python = ">=3.10"
# dependencies = []
# ///
# topic: First steps
# framework: CUDA driver
"""Is my GPU there, and what can it do?

Asks the driver itself, without any framework: which GPUs, how much memory, and which number formats they compute in.

There is nothing to time here but cuInit, which wakes the GPU and takes tenths of a second. If a GPU is missing from the
list, the Doctor page says why. Next, ask for one more attribute by its number in the driver's documentation.
"""

import ctypes
import sys

# %% The driver's library
try:
    driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
except OSError:
    driver = None
    print("No: this machine has no NVIDIA driver. The examples marked for the CPU run without one.")

# %% Start it, and ask for its version
version, count = ctypes.c_int(), ctypes.c_int()
code = driver.cuInit(0) if driver else None
if driver:
    driver.cuDriverGetVersion(ctypes.byref(version))
    print(f"The driver supports CUDA {version.value // 1000}.{version.value % 1000 // 10}.")
    if code:
        print(f"No: the driver finds no GPU that it can use (error {code}).")
    else:
        driver.cuDeviceGetCount(ctypes.byref(count))

# %% What came with which compute capability
FEATURES = (
    ((5, 3), "fp16 arithmetic"),
    ((6, 0), "atomic addition of float64"),
    ((7, 0), "tensor cores for fp16"),
    ((7, 5), "current CUDA (13)"),
    ((8, 0), "TF32 and bfloat16"),
    ((8, 9), "fp8"),
)
MULTIPROCESSORS, MAJOR, MINOR = 16, 75, 76  # numbers of cuDeviceGetAttribute


def attribute(device, number):
    value = ctypes.c_int()
    assert driver.cuDeviceGetAttribute(ctypes.byref(value), number, device) == 0
    return value.value


# %% Each GPU
for index in range(count.value):
    device, memory, name = ctypes.c_int(), ctypes.c_size_t(), ctypes.create_string_buffer(256)
    assert driver.cuDeviceGet(ctypes.byref(device), index) == 0
    driver.cuDeviceGetName(name, len(name), device)
    driver.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
    capability = attribute(device, MAJOR), attribute(device, MINOR)
    print(f"GPU {index}: {name.value.decode()}, {memory.value / 1e9:.1f} GB")
    print(f"       compute capability {capability[0]}.{capability[1]}")
    print(f"       {attribute(device, MULTIPROCESSORS)} multiprocessors")
    for needed, feature in FEATURES:
        print(f"       {'yes' if capability >= needed else 'no ':3} {feature}")
    assert memory.value > 0

# %% Check the result
assert count.value > 0 or code != 0, "the driver started but lists no GPU"
print(f"{count.value} GPU{'' if count.value == 1 else 's'} for CUDA.")
