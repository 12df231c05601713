"""What a GPU can do, by its compute capability, and which CUDA versions compile for it.

Sources:
    CUDA Programming Guide, appendix on compute capabilities (data types of the arithmetic and of the tensor cores):
    https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/compute-capabilities.html
    PTX ISA, for the first architecture of an instruction (fp16 arithmetic, dp4a, mma):
    https://docs.nvidia.com/cuda/parallel-thread-execution/
    CUDA Toolkit release notes, for added and removed architectures: 11.0 and 12.0 removed Kepler, 13.0 everything
    before 7.5. https://docs.nvidia.com/cuda/archive/
"""

from __future__ import annotations

from dataclasses import dataclass

Capability = tuple[int, int]

#: The newest CUDA version in this table.
NEWEST_CUDA = 13


@dataclass(frozen=True, slots=True)
class Architecture:
    """A range of compute capabilities.

    ``last_cuda`` is the last CUDA version that compiles for it, None if the newest one does.
    """

    name: str
    first: Capability
    last: Capability
    first_cuda: Capability
    last_cuda: Capability | None = None


ARCHITECTURES = (
    Architecture("Fermi", (2, 0), (2, 1), (3, 0), (8, 0)),
    Architecture("Kepler", (3, 0), (3, 2), (4, 2), (10, 2)),
    Architecture("Kepler", (3, 5), (3, 7), (5, 0), (11, 8)),
    Architecture("Maxwell", (5, 0), (5, 3), (6, 0), (12, 9)),
    Architecture("Pascal", (6, 0), (6, 2), (8, 0), (12, 9)),
    Architecture("Volta", (7, 0), (7, 2), (9, 0), (12, 9)),
    Architecture("Turing", (7, 5), (7, 5), (10, 0)),
    Architecture("Ampere", (8, 0), (8, 8), (11, 0)),
    Architecture("Ada Lovelace", (8, 9), (8, 9), (11, 8)),
    Architecture("Hopper", (9, 0), (9, 0), (11, 8)),
    Architecture("Blackwell", (10, 0), (12, 9), (12, 8)),
)

#: Each feature with the first compute capability that has it.
FEATURES: tuple[tuple[str, Capability], ...] = (
    ("fp16 arithmetic", (5, 3)),
    ("int8 dot products", (6, 1)),
    ("tensor cores (fp16)", (7, 0)),
    ("tensor cores (int8)", (7, 2)),
    ("bf16", (8, 0)),
    ("TF32", (8, 0)),
    ("fp8", (8, 9)),
    ("fp4", (10, 0)),
)
#: GPUs of 7.5 that have no tensor cores.
_WITHOUT_TENSOR_CORES = ("GTX 16", "MX450", "MX550", "T400", "T500", "T550", "T600", "T1000", "T1200")
#: GPUs whose fp16 arithmetic runs at 1/64 of the rate of fp32.
_SLOW_FP16 = (6, 1)


def architecture_of(capability: Capability) -> Architecture | None:
    """Return the architecture of a compute capability; None for one this table does not know."""
    return next((each for each in ARCHITECTURES if each.first <= capability <= each.last), None)


def abilities(name: str, capability: Capability) -> tuple[list[str], list[str]]:
    """Return the features that a GPU has, and those it lacks.

    Args:
        name: the GPU's name, as the driver reports it.
        capability: its compute capability.
    """
    lacks_tensor_cores = capability == (7, 5) and any(each in name for each in _WITHOUT_TENSOR_CORES)
    has, lacks = list[str](), list[str]()
    for feature, first in FEATURES:
        is_there = capability >= first and not (lacks_tensor_cores and "tensor" in feature)
        words = feature
        if feature == "fp16 arithmetic" and capability == _SLOW_FP16:
            words = "fp16 arithmetic (slow)"
        (has if is_there else lacks).append(words)
    return has, lacks


def last_cuda(capability: Capability) -> Capability | None:
    """Return the last CUDA version that compiles for a compute capability; None if the newest one does."""
    found = architecture_of(capability)
    if found is not None:
        return found.last_cuda
    return ARCHITECTURES[0].last_cuda if capability < ARCHITECTURES[0].first else None


def dotted(version: Capability) -> str:
    """Return a version or compute capability as text, such as ``9.0``."""
    return f"{version[0]}.{version[1]}"
