"""Defines the frameworks and the Python code that probes each of them.

Each ``code`` sets ``version`` and ``gpus`` (the number of visible GPUs, None if not applicable), and may set
``lacks``, a key of ``remedies``. It must not create a CUDA context, which would take half a gigabyte of GPU memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FrameworkProbe:
    """One framework, with the module that shows whether it is installed and the command that installs it."""

    name: str
    module: str
    install: str
    code: str
    #: What an installed framework may lack, with the sentence that says how to fix it.
    remedies: Mapping[str, str] = field(default_factory=dict)
    #: Packages that contain it, besides one with the module's name.
    packages: tuple[str, ...] = ()

    def version_in(self, versions: Mapping[str, str]) -> str:
        """Return its version, given those of the installed packages by name; empty if it is not installed."""
        return next((versions[name] for name in (*self.packages, self.module) if name in versions), "")


_NUMPY = """
import numpy
version = numpy.__version__
"""
_CUPY = """
import cupy
version = cupy.__version__
try:
    gpus = cupy.cuda.runtime.getDeviceCount()
except cupy.cuda.runtime.CUDARuntimeError:
    gpus = 0
"""
_TORCH = """
import torch
version = torch.__version__
gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
lacks = "" if torch.version.cuda else "cuda"
"""
_TENSORFLOW = """
import tensorflow
version = tensorflow.__version__
gpus = len(tensorflow.config.list_physical_devices("GPU"))
lacks = "" if tensorflow.test.is_built_with_cuda() else "cuda"
"""
_PYCUDA = """
import shutil, pycuda
version = pycuda.VERSION_TEXT
lacks = "" if shutil.which("nvcc") else "nvcc"
try:
    import pycuda.driver
    pycuda.driver.init()
    gpus = pycuda.driver.Device.count()
except ImportError as raised:
    # Without the driver there is no GPU; any other missing library is an error.
    if "libcuda.so" not in str(raised) and "nvcuda.dll" not in str(raised):
        raise
    gpus = 0
except RuntimeError:
    gpus = 0
"""
_NUMBA = """
import numba
version = numba.__version__
try:
    from numba import cuda
    gpus = len(cuda.gpus) if cuda.is_available() else 0
except ModuleNotFoundError:
    gpus, lacks = 0, "cuda"
"""
_OPENCL = """
import pyopencl
version = pyopencl.VERSION_TEXT
"""
_CUPTI = """
from cupti import cupti
from importlib.metadata import version as version_of
version = version_of("cupti-python")
"""

PROBES = (
    FrameworkProbe("NumPy", "numpy", "python -m pip install numpy", _NUMPY),
    FrameworkProbe(
        "CuPy",
        "cupy",
        'python -m pip install "cupy-cuda12x[ctk]"',
        _CUPY,
        packages=("cupy-cuda13x", "cupy-cuda12x", "cupy-cuda11x"),
    ),
    FrameworkProbe(
        "PyTorch",
        "torch",
        "python -m pip install torch",
        _TORCH,
        {"cuda": "is built without CUDA: install a CUDA build as https://pytorch.org/get-started/locally says"},
    ),
    FrameworkProbe(
        "TensorFlow",
        "tensorflow",
        'python -m pip install "tensorflow[and-cuda]"',
        _TENSORFLOW,
        {"cuda": 'is built without CUDA: python -m pip install "tensorflow[and-cuda]"'},
        ("tensorflow-cpu",),
    ),
    FrameworkProbe(
        "PyCUDA",
        "pycuda",
        "python -m pip install pycuda",
        _PYCUDA,
        {"nvcc": "cannot compile kernels without nvcc: install the CUDA toolkit and put its bin folder on PATH"},
    ),
    FrameworkProbe(
        "Numba",
        "numba",
        'python -m pip install numba "numba-cuda[cu12]"',
        _NUMBA,
        {"cuda": "compiles for the CPU only: install numba-cuda beside it"},
    ),
    FrameworkProbe("PyOpenCL", "pyopencl", "python -m pip install pyopencl", _OPENCL),
    FrameworkProbe("CUPTI", "cupti", "python -m pip install cupti-python", _CUPTI, packages=("cupti-python",)),
)
