"""Decides from its source text whether a snippet may use a GPU."""

from __future__ import annotations

import re

#: Start of a word that names a GPU framework or one of CUDA's libraries: ``torchvision`` and ``cudart`` match too.
_GPU_MODULES = re.compile(
    r"\b(?:cuda|cudf|cudnn|cugraph|cuml|cupy|cuquantum|cuvs|jax|keras|libcu|numba|nvidia|nvmath|nvml|nvrtc|nvtx|"
    r"pycuda|pynvml|tensorflow|torch|triton|warp)",
    re.IGNORECASE,
)


def may_use_gpu(source: str) -> bool:
    """Return whether a snippet names a GPU framework or one of CUDA's libraries anywhere in its text."""
    return _GPU_MODULES.search(source) is not None
