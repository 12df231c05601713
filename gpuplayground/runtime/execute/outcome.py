"""Reads what a snippet leaves for comparisons and receipts: its ``result`` and the allocators' peaks."""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from typing import Any, Mapping

#: Maximum size of an array; copying and hashing larger ones would take too long.
_MAX_BYTES = 1 << 30
#: Number of evenly spaced elements kept to compare results.
_SAMPLE = 1024
#: Number of elements converted to double precision at a time, to limit memory.
_BLOCK = 1 << 20

#: Frameworks whose versions are reported if the snippet has imported them.
_FRAMEWORKS = ("numpy", "cupy", "torch", "tensorflow", "pycuda", "numba", "jax", "triton")


def result_value(namespace: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return digest and sample of the array ``result``, as in ``ResultValue``; None if there is no such array.

    Arrays of NumPy, CuPy, PyTorch, TensorFlow and Numba are supported. If any element is not finite, the sample is
    empty and only the digest is compared.
    """
    value = namespace.get("result")
    numpy = sys.modules.get("numpy")
    if value is None or numpy is None:
        return None
    with suppress(Exception):  # an object that only resembles an array, a GPU error, or no memory for a copy
        if not hasattr(value, "dtype") or not hasattr(value, "shape"):
            return None
        if _bytes_of(value) > _MAX_BYTES:
            return None
        array = numpy.ascontiguousarray(_on_host(value))
        if array.dtype.kind not in "biufc":
            return None
        mean, largest = _magnitudes(numpy, array)
        return {
            "dtype": str(value.dtype).rpartition(".")[2],
            "shape": [int(length) for length in value.shape],
            "digest": _digest(array),
            "sample": _sample(numpy, array) if math.isfinite(largest) else [],
            "mean_magnitude": mean if math.isfinite(mean) else None,
            "largest_magnitude": largest if math.isfinite(largest) else None,
        }
    return None


def _bytes_of(value: Any) -> int:
    count = 1
    for length in value.shape:
        count *= int(length)
    return count * int(getattr(value.dtype, "itemsize", 8))


def _on_host(value: Any) -> Any:
    """Return an array as a NumPy array."""
    if hasattr(value, "copy_to_host"):  # Numba
        return value.copy_to_host()
    if hasattr(value, "detach"):  # PyTorch
        tensor = value.detach().cpu()
        # NumPy has no bfloat16 or float8.
        return (tensor.float() if tensor.is_floating_point() and tensor.element_size() < 4 else tensor).numpy()
    if hasattr(value, "get") and hasattr(value, "device"):  # CuPy
        return value.get()
    return value.numpy() if hasattr(value, "numpy") else value


def _digest(array: Any) -> str:
    from hashlib import blake2b

    return blake2b(f"{array.dtype.str} {array.shape} ".encode() + array.tobytes(), digest_size=16).hexdigest()


def _sample(numpy: Any, array: Any) -> list[float]:
    if not array.size:
        return []
    flat = array.reshape(-1)
    places = numpy.linspace(0, flat.size - 1, min(flat.size, _SAMPLE)).astype(numpy.int64)
    chosen: list[float] = _double(numpy, flat[places]).view(numpy.float64).tolist()
    return chosen


def _magnitudes(numpy: Any, array: Any) -> tuple[float, float]:
    """Return the mean and the largest magnitude of all elements; 0 without elements, not finite if one is not."""
    flat = array.reshape(-1)
    total = largest = 0.0
    with numpy.errstate(all="ignore"):
        for start in range(0, flat.size, _BLOCK):
            sizes = numpy.abs(_double(numpy, flat[start : start + _BLOCK]))
            total += float(sizes.sum())
            # Unlike Python's max, NumPy's propagates NaN.
            largest = float(numpy.maximum(largest, sizes.max()))
    return total / max(1, flat.size), largest


def _double(numpy: Any, part: Any) -> Any:
    """Return elements in double precision, to avoid overflow in magnitudes and sums."""
    return part.astype(numpy.complex128 if part.dtype.kind == "c" else numpy.float64)


def allocator_peaks() -> dict[str, int]:
    """Return the peak bytes of the frameworks' allocators; for CuPy the final size of its pool."""
    peaks: dict[str, int] = {}
    with suppress(Exception):  # half imported, or a GPU error
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            devices = range(torch.cuda.device_count())
            peaks["PyTorch"] = sum(int(torch.cuda.max_memory_allocated(device)) for device in devices)
    with suppress(Exception):
        cupy = sys.modules.get("cupy")
        if cupy is not None:
            peaks["CuPy pool"] = int(cupy.get_default_memory_pool().total_bytes())
    return {name: peak for name, peak in peaks.items() if peak}


def framework_versions() -> dict[str, str]:
    """Return the versions of the frameworks that the snippet has imported."""
    versions = {}
    for name in _FRAMEWORKS:
        module = sys.modules.get(name)
        if module is not None:
            with suppress(Exception):  # half imported, or the snippet's own module of that name
                version = getattr(module, "__version__", None) or getattr(module, "VERSION_TEXT", None)
                if isinstance(version, str):
                    versions[name] = str(version)
    return versions
