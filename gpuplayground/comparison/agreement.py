"""Whether two snippets computed the same: the arrays they left in ``result``, compared in short.

A digest tells whether two arrays are equal bit by bit. Where they are not, up to 1024 elements of each are compared:
the largest difference, relative to the largest magnitude among these elements, against a tolerance for the type. It is
relative to the whole, not to each element, because sums in another order differ most where terms cancel. Of the rest
the mean and the largest magnitude are compared: they show much of what is wrong there, never that nothing is, so that
agreement of a longer array is said to be that of a sample.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from gpuplayground.model.result_value import ResultValue

#: Largest difference that still counts as equal, relative to the largest element. Adding up n numbers in another order
#: costs up to about the square root of n roundings, so single and double precision are given some 100 of them; half
#: precision is nearly always summed in single and rounded once, so a few must do. Integers and what is not in the
#: table must be equal.
TOLERANCES = {
    "float16": 5e-3,
    "bfloat16": 2e-2,
    "float32": 1e-5,
    "float64": 1e-10,
    "complex64": 1e-5,
    "complex128": 1e-10,
}


class Agreement(StrEnum):
    """How a result stands to that of the baseline."""

    EQUAL = "equal"
    CLOSE = "equal within tolerance"
    SAMPLE = "sample equal within tolerance"  # of the elements between those sampled less is known
    DIFFERENT = "different"
    NOT_COMPARABLE = "not comparable"
    NONE = "no result"


@dataclass(frozen=True, slots=True)
class ResultCheck:
    """The finding, and the largest relative difference where one was computed; ``tolerance`` is what it may be."""

    agreement: Agreement
    largest_difference: float | None = None
    tolerance: float | None = None


def check_results(first: ResultValue | None, second: ResultValue | None) -> ResultCheck:
    """Return how two results stand to each other. Arrays of different shape are not compared."""
    if first is None or second is None:
        return ResultCheck(Agreement.NONE)
    if first.digest == second.digest:
        return ResultCheck(Agreement.EQUAL, 0.0)
    if first.shape != second.shape:
        return ResultCheck(Agreement.NOT_COMPARABLE)
    if not first.sample or len(first.sample) != len(second.sample):
        # Texts and objects have a digest only: that of another type says nothing.
        same_type = plain_dtype(first.dtype) == plain_dtype(second.dtype)
        return ResultCheck(Agreement.DIFFERENT if same_type else Agreement.NOT_COMPARABLE)
    tolerance = max(tolerance_of(first.dtype), tolerance_of(second.dtype))
    difference = max(largest_difference(first.sample, second.sample), least_difference(first, second))
    # Equal samples of one exact type with different digests: what differs lies between the elements sampled.
    unseen = difference == 0 and tolerance == 0 and plain_dtype(first.dtype) == plain_dtype(second.dtype)
    if difference > tolerance or unseen:
        return ResultCheck(Agreement.DIFFERENT, difference, tolerance)
    is_whole = _is_whole(first) and _is_whole(second)
    return ResultCheck(Agreement.CLOSE if is_whole else Agreement.SAMPLE, difference, tolerance)


def _is_whole(value: ResultValue) -> bool:
    """Return whether the sample holds every element, with both parts of complex numbers."""
    parts = 2 if plain_dtype(value.dtype).startswith("complex") else 1
    return len(value.sample) == math.prod(value.shape) * parts


def plain_dtype(name: str) -> str:
    """Return a type's name without its framework's: ``torch.float32`` is ``float32``."""
    return name.rpartition(".")[2]


def tolerance_of(dtype: str) -> float:
    """Return the largest relative difference that counts as equal for a type; 0 for integers and the unknown."""
    return TOLERANCES.get(plain_dtype(dtype), 0.0)


def largest_difference(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Return the largest difference of two samples of one length, relative to their largest finite magnitude.

    The parts of complex numbers are taken one by one. A NaN agrees with a NaN and an infinity with the same infinity;
    anything else beside them differs infinitely.
    """
    scale = largest = 0.0
    for a, b in zip(first, second, strict=True):
        if a == b or (math.isnan(a) and math.isnan(b)):
            scale = max(scale, abs(a)) if math.isfinite(a) else scale
        elif math.isfinite(a) and math.isfinite(b):
            scale = max(scale, abs(a), abs(b))
            largest = max(largest, abs(a - b))
        else:
            return math.inf
    return largest / scale if largest else 0.0


def least_difference(first: ResultValue, second: ResultValue) -> float:
    """Return what the largest difference of two arrays is at least, relative to their largest magnitude.

    Neither two means of magnitudes nor two largest ones are further apart than the elements that are furthest apart.
    It is 0 where the magnitudes are not known.
    """
    pairs = ((first.mean_magnitude, second.mean_magnitude), (first.largest_magnitude, second.largest_magnitude))
    least = max((abs(a - b) for a, b in pairs if a is not None and b is not None), default=0.0)
    scale = max(first.largest_magnitude or 0.0, second.largest_magnitude or 0.0)
    return least / scale if scale else 0.0
