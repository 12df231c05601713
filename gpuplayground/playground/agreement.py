"""Whether two snippets computed the same: the arrays they left in ``result``, compared in short.

A digest tells whether two arrays are equal bit by bit. Where they are not, up to 4096 elements of each are compared:
the largest difference, relative to the largest magnitude among these elements, against a tolerance for the type. It is
relative to the whole, not to each element, because sums in another order differ most where terms cancel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from gpuplayground.playground.results import ResultValue

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
    difference = largest_difference(first.sample, second.sample)
    # Equal samples of one exact type with different digests: what differs lies between the elements sampled.
    unseen = difference == 0 and tolerance == 0 and plain_dtype(first.dtype) == plain_dtype(second.dtype)
    close = difference <= tolerance and not unseen
    return ResultCheck(Agreement.CLOSE if close else Agreement.DIFFERENT, difference, tolerance)


def plain_dtype(name: str) -> str:
    """Return a type's name without its framework's: ``torch.float32`` is ``float32``."""
    return name.rpartition(".")[2]


def tolerance_of(dtype: str) -> float:
    """Return the largest relative difference that counts as equal for a type; 0 for integers and the unknown."""
    return TOLERANCES.get(plain_dtype(dtype), 0.0)


def largest_difference(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Return the largest difference of two samples of one length, relative to their largest finite magnitude.

    A NaN agrees with a NaN and an infinity with the same infinity; anything else beside them differs infinitely.
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
