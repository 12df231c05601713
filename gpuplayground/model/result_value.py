"""What a snippet computed, in short: its array named ``result``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ResultValue:
    """The array that a snippet left in a variable named ``result``, in short: enough to tell whether two are equal.

    ``digest`` is of dtype, shape and bytes; ``sample`` holds up to 1024 elements at equal distances as floats, each
    complex number as its real and its imaginary part, and is empty where an element is not finite. The magnitudes are
    of all elements, and None where that is not known.
    """

    dtype: str
    shape: tuple[int, ...]
    digest: str
    sample: tuple[float, ...] = ()
    mean_magnitude: float | None = None
    largest_magnitude: float | None = None


def result_of(value: Mapping[str, Any] | None) -> ResultValue | None:
    """Return what a snippet's process says of its result.

    Raises:
        KeyError, TypeError, ValueError: it cannot be understood.
    """
    if value is None:
        return None
    return ResultValue(
        dtype=str(value["dtype"]),
        shape=tuple(int(length) for length in value["shape"]),
        digest=str(value["digest"]),
        sample=tuple(float(element) for element in value["sample"]),
        mean_magnitude=None if value["mean_magnitude"] is None else float(value["mean_magnitude"]),
        largest_magnitude=None if value["largest_magnitude"] is None else float(value["largest_magnitude"]),
    )
