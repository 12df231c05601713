"""The builds of each framework: the CUDA version that each needs, and the GPUs that it has kernels for.

Sources, read in November 2026:

- PyTorch: the CUDA support matrix in https://github.com/pytorch/pytorch/blob/main/RELEASE.md and its changes for each
  release (pull requests 164471, 175253 and 182849, issues 157517, 190355 and 190385); for the older releases
  ``TORCH_CUDA_ARCH_LIST`` in https://github.com/pytorch/builder/blob/main/manywheel/build_cuda.sh.
- TensorFlow: ``HERMETIC_CUDA_COMPUTE_CAPABILITIES`` in https://github.com/tensorflow/tensorflow/blob/master/.bazelrc
  (``compute_90`` there is a cubin and PTX); 2.16 is the last release for capability 5.0 by the release notes.
- CuPy: https://docs.cupy.dev/en/stable/install.html; what its compiler NVRTC supports is in
  https://docs.nvidia.com/cuda/nvrtc/index.html#supported-compile-options.
- Numba: https://nvidia.github.io/numba-cuda/user/installation.html.
- JAX: https://docs.jax.dev/en/latest/installation.html.
- The Pythons of each release: the wheels on https://pypi.org.
- An older driver of the same major version runs a build's cubins, but does not compile its PTX:
  https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html.
- The first CUDA version for a GPU: https://docs.nvidia.com/cuda/archive, the release notes of each version.
"""

from __future__ import annotations

from dataclasses import dataclass

#: A compute capability, or a CUDA version: major and minor.
Pair = tuple[int, int]

#: The first CUDA version that has support for a compute capability, newest first.
FIRST_CUDA: tuple[tuple[Pair, Pair], ...] = (
    ((12, 1), (12, 9)),
    ((10, 0), (12, 8)),
    ((8, 9), (11, 8)),
    ((8, 6), (11, 1)),
    ((8, 0), (11, 0)),
)
#: Python versions that the application can run snippets in, best first: most packages have wheels for the first ones.
PYTHONS = ("3.12", "3.13", "3.11", "3.14", "3.10")

_X86 = (("linux", "x86_64"), ("windows", "x86_64"))
_LINUX_X86 = (("linux", "x86_64"),)
_LINUX_ARM = (("linux", "arm64"),)
_ALL_CUDA = (*_X86, *_LINUX_ARM)


@dataclass(frozen=True, slots=True)
class Build:
    """One build of a framework for CUDA.

    Attributes:
        distribution: Its name on the package index, with extras.
        cuda: The CUDA version that it is built with.
        platforms: System and processor of the machines it has wheels for.
        first: Its first release, such as ``2.6``.
        last: Its last release, empty if it is still released.
        cubins: The compute capabilities that it has machine code for.
        ptx: The compute capability that it has PTX for, if any; the driver compiles it for newer GPUs.
        compiles: The lowest and highest capability that its own compiler supports, if it compiles at run time.
        label: Name of the PyTorch index that holds it, such as ``cu126``.
        libraries: Other distributions that it loads CUDA's libraries from.
    """

    distribution: str
    cuda: Pair
    platforms: tuple[tuple[str, str], ...]
    first: str
    last: str = ""
    cubins: tuple[Pair, ...] = ()
    ptx: Pair | None = None
    compiles: tuple[Pair, Pair] | None = None
    label: str = ""
    libraries: tuple[str, ...] = ()

    def covers(self, capability: Pair, driver: Pair) -> bool:
        """Return whether it runs on a GPU of this compute capability with a driver of this CUDA version."""
        if self.cuda[0] > driver[0]:
            return False
        if self.compiles is not None:
            lowest, highest = self.compiles
            return lowest <= capability <= highest
        if any(major == capability[0] and minor <= capability[1] for major, minor in self.cubins):
            return True
        return self.ptx is not None and self.ptx <= capability and self.cuda <= driver


def first_cuda_for(capability: Pair) -> Pair:
    """Return the first CUDA version that supports GPUs of this capability; 11.0 for all that are older than it."""
    return next((cuda for since, cuda in FIRST_CUDA if capability >= since), (11, 0))


_MAXWELL_TO_HOPPER = ((5, 0), (6, 0), (7, 0), (7, 5), (8, 0), (8, 6), (9, 0))
_TURING_TO_BLACKWELL = ((7, 5), (8, 0), (8, 6), (9, 0), (10, 0), (12, 0))
_ARM_TO_BLACKWELL = ((8, 0), (9, 0), (10, 0), (11, 0), (12, 0))
_WINDOWS = (("windows", "x86_64"),)

TORCH = (
    Build("torch", (11, 8), _X86, "2.0", "2.7", ((3, 7), *_MAXWELL_TO_HOPPER), label="cu118"),
    Build("torch", (12, 1), _X86, "2.1", "2.5", _MAXWELL_TO_HOPPER, label="cu121"),
    Build("torch", (12, 4), _X86, "2.4", "2.6", _MAXWELL_TO_HOPPER, label="cu124"),
    Build("torch", (12, 6), _X86, "2.6", "2.14", _MAXWELL_TO_HOPPER, label="cu126"),
    Build("torch", (12, 6), _LINUX_ARM, "2.9", "2.14", ((8, 0), (9, 0)), label="cu126"),
    # Some releases of the builds for 12.8 and 12.9 have Volta, others have not.
    Build("torch", (12, 8), _X86, "2.7", "2.11", _TURING_TO_BLACKWELL, label="cu128"),
    Build("torch", (12, 8), _LINUX_ARM, "2.9", "2.11", ((8, 0), (9, 0), (10, 0), (12, 0)), label="cu128"),
    Build("torch", (12, 9), _LINUX_X86, "2.8", "2.8", _TURING_TO_BLACKWELL, (12, 0), label="cu129"),
    Build("torch", (13, 0), _LINUX_X86, "2.9", "", _TURING_TO_BLACKWELL, (12, 0), label="cu130"),
    Build("torch", (13, 0), _WINDOWS, "2.9", "", _TURING_TO_BLACKWELL, label="cu130"),
    Build("torch", (13, 0), _LINUX_ARM, "2.9", "", _ARM_TO_BLACKWELL, (12, 0), label="cu130"),
    Build("torch", (13, 2), _LINUX_X86, "2.12", "", _TURING_TO_BLACKWELL, (12, 0), label="cu132"),
    Build("torch", (13, 2), _WINDOWS, "2.12", "", _TURING_TO_BLACKWELL, label="cu132"),
    Build("torch", (13, 2), _LINUX_ARM, "2.12", "", _ARM_TO_BLACKWELL, (12, 0), label="cu132"),
)

_PASCAL_TO_HOPPER = ((6, 0), (7, 0), (8, 0), (8, 9), (9, 0))
# PTX would only apply to Blackwell, where releases before 2.20 fail: they pin CUDA's libraries of before it.
TENSORFLOW = (
    Build("tensorflow[and-cuda]", (12, 3), _LINUX_X86, "2.16", "2.16", ((5, 0), *_PASCAL_TO_HOPPER)),
    Build("tensorflow[and-cuda]", (12, 3), _LINUX_X86, "2.17", "2.17", _PASCAL_TO_HOPPER),
    Build("tensorflow[and-cuda]", (12, 5), _LINUX_X86, "2.18", "2.19", _PASCAL_TO_HOPPER),
    Build("tensorflow[and-cuda]", (12, 5), _LINUX_X86, "2.20", "", _PASCAL_TO_HOPPER, (9, 0)),
)

#: What NVRTC and NVVM of the last release of each CUDA version compile for.
_CUDA_11, _CUDA_12, _CUDA_13 = ((3, 5), (9, 0)), ((5, 0), (12, 1)), ((7, 5), (12, 1))
#: The wheel for CUDA 11 has no extra that brings these.
_LIBRARIES_11 = tuple(
    f"nvidia-{name}-cu11"
    for name in ("cublas", "cuda-nvrtc", "cuda-runtime", "cufft", "curand", "cusolver", "cusparse")
)
CUPY = (
    Build("cupy-cuda11x", (11, 2), _X86, "12.0", "13.6", compiles=_CUDA_11, libraries=_LIBRARIES_11),
    Build("cupy-cuda11x", (11, 2), _LINUX_ARM, "12.0", "13.6", compiles=_CUDA_11),
    Build("cupy-cuda12x[ctk]", (12, 0), _ALL_CUDA, "13.5", compiles=_CUDA_12),
    Build("cupy-cuda13x[ctk]", (13, 0), _ALL_CUDA, "13.6", compiles=_CUDA_13),
)
NUMBA = (
    Build("numba-cuda[cu12]", (12, 0), _ALL_CUDA, "0.20", compiles=_CUDA_12),
    Build("numba-cuda[cu13]", (13, 0), _ALL_CUDA, "0.20", compiles=_CUDA_13),
)
JAX = (
    Build("jax[cuda12]", (12, 1), (*_LINUX_X86, *_LINUX_ARM), "0.4.30", compiles=((5, 2), (12, 1))),
    Build("jax[cuda13]", (13, 0), (*_LINUX_X86, *_LINUX_ARM), "0.7.2", compiles=_CUDA_13),
)
#: PyCUDA is built on the machine, with the compiler of one of these CUDA versions.
PYCUDA = (
    Build("pycuda", (11, 8), _ALL_CUDA, "2022.1", compiles=_CUDA_11),
    Build("pycuda", (12, 9), _ALL_CUDA, "2024.1", compiles=_CUDA_12),
    Build("pycuda", (13, 0), _ALL_CUDA, "2025.1.2", compiles=_CUDA_13),
)

#: The known releases of PyTorch and TensorFlow, and the Pythons that the wheels of each minor release are for.
TORCH_RELEASES = [
    "2.0.0",
    "2.0.1",
    "2.1.0",
    "2.1.1",
    "2.1.2",
    "2.2.0",
    "2.2.1",
    "2.2.2",
    "2.3.0",
    "2.3.1",
    "2.4.0",
    "2.4.1",
    "2.5.0",
    "2.5.1",
    "2.6.0",
    "2.7.0",
    "2.7.1",
    "2.8.0",
    "2.9.0",
    "2.9.1",
    "2.10.0",
    "2.11.0",
    "2.12.0",
    "2.12.1",
    "2.13.0",
    "2.14.0",
    "2.14.1",
    "2.15.0",
]
TENSORFLOW_RELEASES = [
    "2.16.1",
    "2.16.2",
    "2.17.0",
    "2.17.1",
    "2.18.0",
    "2.18.1",
    "2.19.0",
    "2.19.1",
    "2.20.0",
    "2.21.0",
]
#: First and last minor version of Python 3, from the given release on.
TORCH_PYTHONS = (
    ("2.15", 11, 15), ("2.9", 10, 14), ("2.6", 9, 13), ("2.2", 8, 12), ("2.0", 8, 11),
)  # fmt: skip
TENSORFLOW_PYTHONS = (("2.20", 10, 13), ("2.16", 9, 12))
