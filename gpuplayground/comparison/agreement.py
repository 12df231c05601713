"""Checks whether two snippets computed the same ``result`` array.

Equal digests mean arrays that are equal bit by bit. Otherwise up to 1024 elements of each are compared: their largest
difference, relative to the largest magnitude among them, must not exceed a tolerance for the type. It is not relative
to each element, because sums in another order differ most where terms cancel. The mean and the largest magnitude of
the whole arrays are compared too. They reveal many errors but cannot prove equality, so agreement of a longer array
is reported as that of a sample.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from gpuplayground.model.result_value import ResultValue

#: Largest difference that still counts as equal, relative to the largest element. Summing n numbers in another order
#: typically costs about sqrt(n) rounding errors, so single and double precision get about 100 of them. Half precision
#: is nearly always summed in single precision and rounded once, so it gets a few. All other types must be equal.
TOLERANCES = {
    "float16": 5e-3,
    "bfloat16": 2e-2,
    "float32": 1e-5,
    "float64": 1e-10,
    "complex64": 1e-5,
    "complex128": 1e-10,
}


class Agreement(StrEnum):
    """How a result compares with the baseline's."""

    EQUAL = "equal"
    CLOSE = "equal within tolerance"
    SAMPLE = "sample equal within tolerance"  # the elements between the sampled ones were not compared
    DIFFERENT = "different"
    NOT_COMPARABLE = "not comparable"
    NONE = "no result"


@dataclass(frozen=True, slots=True)
class ResultCheck:
    """The agreement, with the largest relative difference and its tolerance if they were computed."""

    agreement: Agreement
    largest_difference: float | None = None
    tolerance: float | None = None


def check_results(first: ResultValue | None, second: ResultValue | None) -> ResultCheck:
    """Return how two results agree. Arrays of different shapes are not comparable."""
    if first is None or second is None:
        return ResultCheck(Agreement.NONE)
    if first.digest == second.digest:
        return ResultCheck(Agreement.EQUAL, 0.0)
    if first.shape != second.shape:
        return ResultCheck(Agreement.NOT_COMPARABLE)
    if not first.sample or len(first.sample) != len(second.sample):
        # Results without a sample have a digest only, which says nothing about another type.
        same_type = plain_dtype(first.dtype) == plain_dtype(second.dtype)
        return ResultCheck(Agreement.DIFFERENT if same_type else Agreement.NOT_COMPARABLE)
    tolerance = max(tolerance_of(first.dtype), tolerance_of(second.dtype))
    difference = max(largest_difference(first.sample, second.sample), least_difference(first, second))
    # Equal samples of one exact type with different digests: the difference lies between the sampled elements.
    unseen = difference == 0 and tolerance == 0 and plain_dtype(first.dtype) == plain_dtype(second.dtype)
    if difference > tolerance or unseen:
        return ResultCheck(Agreement.DIFFERENT, difference, tolerance)
    is_whole = _is_whole(first) and _is_whole(second)
    return ResultCheck(Agreement.CLOSE if is_whole else Agreement.SAMPLE, difference, tolerance)


def _is_whole(value: ResultValue) -> bool:
    """Return whether the sample has every element, with both parts of complex numbers."""
    parts = 2 if plain_dtype(value.dtype).startswith("complex") else 1
    return len(value.sample) == math.prod(value.shape) * parts


def plain_dtype(name: str) -> str:
    """Return a type's name without its framework's: ``float32`` for ``torch.float32``."""
    return name.rpartition(".")[2]


def tolerance_of(dtype: str) -> float:
    """Return the largest relative difference that counts as equal for a type; 0 for integers and unknown types."""
    return TOLERANCES.get(plain_dtype(dtype), 0.0)


def largest_difference(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Return the largest difference of two samples of equal length, relative to their largest finite magnitude.

    Real and imaginary parts are compared separately. NaN equals NaN, and an infinity equals the same infinity; any
    other pair with one of these differs by infinity.
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
    """Return a lower bound for the largest difference of two arrays, relative to their largest magnitude.

    Neither the means nor the maxima of the magnitudes can differ by more than the largest difference of two elements.
    0 if the magnitudes are unknown.
    """
    pairs = ((first.mean_magnitude, second.mean_magnitude), (first.largest_magnitude, second.largest_magnitude))
    least = max((abs(a - b) for a, b in pairs if a is not None and b is not None), default=0.0)
    scale = max(first.largest_magnitude or 0.0, second.largest_magnitude or 0.0)
    return least / scale if scale else 0.0
