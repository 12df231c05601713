"""Record of the array that a snippet left in its variable ``result``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ResultValue:
    """Digest and sample of the array in a snippet's variable ``result``: enough to compare two of them.

    ``digest`` covers dtype, shape and bytes. ``sample`` has up to 1024 evenly spaced elements as floats, each complex
    number as real and imaginary part; it is empty if any element is not finite. The magnitudes cover all elements and
    are None if unknown.
    """

    dtype: str
    shape: tuple[int, ...]
    digest: str
    sample: tuple[float, ...] = ()
    mean_magnitude: float | None = None
    largest_magnitude: float | None = None


def result_of(value: Mapping[str, Any] | None) -> ResultValue | None:
    """Return the result that a snippet's process reported, None if it reported none.

    Raises:
        KeyError, TypeError, ValueError: the report is invalid.
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
