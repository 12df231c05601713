"""What a snippet leaves behind for comparisons and receipts: its ``result``, and the peaks of the allocators."""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from typing import Any, Mapping

#: Larger arrays are not looked at: to copy and hash them would take longer than many a run.
_MAX_BYTES = 1 << 30
#: So many elements are kept, at equal distances, to tell how far two results are apart.
_SAMPLE = 1024
#: So many elements at a time are made double precision: all at once could take more memory than the array itself.
_BLOCK = 1 << 20

#: Frameworks whose versions are reported when the snippet has imported them.
_FRAMEWORKS = ("numpy", "cupy", "torch", "tensorflow", "pycuda", "numba", "jax", "triton")


def result_value(namespace: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the array named ``result`` in short, as ``playground.results.ResultValue``, or None where there is none.

    Arrays of NumPy, CuPy, PyTorch, TensorFlow and Numba are known. With an element that is not finite the sample is
    empty, and the digest alone decides.
    """
    value = namespace.get("result")
    numpy = sys.modules.get("numpy")
    if value is None or numpy is None:
        return None
    with suppress(Exception):  # an object that only looks like an array, an error of the GPU, no memory for a copy
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
    """Return an array as one of NumPy."""
    if hasattr(value, "copy_to_host"):  # Numba
        return value.copy_to_host()
    if hasattr(value, "detach"):  # PyTorch
        tensor = value.detach().cpu()
        # NumPy has no bfloat16 and its kin.
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
    """Return the mean and the largest magnitude of all elements, not finite where one of them is not; 0 for none."""
    flat = array.reshape(-1)
    total = largest = 0.0
    with numpy.errstate(all="ignore"):
        for start in range(0, flat.size, _BLOCK):
            sizes = numpy.abs(_double(numpy, flat[start : start + _BLOCK]))
            total += float(sizes.sum())
            # Unlike Python's max, NumPy's keeps a NaN wherever it stands.
            largest = float(numpy.maximum(largest, sizes.max()))
    return total / max(1, flat.size), largest


def _double(numpy: Any, part: Any) -> Any:
    """Return elements in double precision, which holds the magnitude of every integer and the sum of many floats."""
    return part.astype(numpy.complex128 if part.dtype.kind == "c" else numpy.float64)


def allocator_peaks() -> dict[str, int]:
    """Return what the frameworks' own allocators held at most, in bytes; of CuPy what its pool holds at the end."""
    peaks: dict[str, int] = {}
    with suppress(Exception):  # half imported, or an error of the GPU
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
            with suppress(Exception):  # half imported, or a module of the snippet's of that name
                version = getattr(module, "__version__", None) or getattr(module, "VERSION_TEXT", None)
                if isinstance(version, str):
                    versions[name] = str(version)
    return versions
