"""A ring buffer of rows in compact columns, as narrow as the driver's units allow without rounding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.void]
Order = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers or None, stored as multiples of ``unit`` or of 1 / ``parts``.

    ``kind`` is the NumPy type of the stored numbers. A column that gets a value it cannot store exactly is widened to
    64 bits per value. With ``is_listed`` there are few different values, and a row stores the index of its value.
    """

    name: str
    kind: str
    unit: int = 1
    parts: int = 1
    is_whole: bool = False
    is_listed: bool = False

    def pack(self, value: float | None, nothing: int | None, listed: dict[float, int]) -> float | None:
        """Return the number to store, or None if the value cannot be stored exactly.

        Args:
            value: the value to store.
            nothing: the number that represents None; None for a floating-point column.
            listed: the indexes of the known values of a listed column; a new value is added.
        """
        if nothing is None:
            return float("nan") if value is None else value
        if value is None or value != value:  # NaN means no value as well
            return nothing
        if self.is_whole:
            value = int(value)
        if self.is_listed:
            number = listed.setdefault(value, len(listed))
            return number if number < nothing else None
        if self.parts > 1:
            number = round(value * self.parts)
            is_exact = number / self.parts == value
        else:
            quotient, rest = divmod(value, self.unit)
            number, is_exact = int(quotient), not rest
        return number if is_exact and 0 <= number < nothing else None

    def unpack(self, numbers: npt.NDArray[Any], listed: Iterable[float] = ()) -> list[Any]:
        """Return the values of a column."""
        nothing, found = _nothing(numbers.dtype), numbers.tolist()
        if nothing is None:
            return [None if number != number else number for number in found]
        if numbers.dtype != self.kind:  # widened: stored as it is
            return [None if number == nothing else number for number in found]
        if self.is_listed:
            values = (*listed,)
            return [None if number == nothing else values[number] for number in found]
        if self.is_whole:
            return [None if number == nothing else number * self.unit for number in found]
        return [None if number == nothing else number * self.unit / self.parts for number in found]

    def widened(self) -> Column:
        """Return a 64-bit column for any value."""
        return Column(self.name, "u8" if self.is_whole else "f8", is_whole=self.is_whole)


class PackedRing:
    """The newest ``capacity`` rows, the oldest first."""

    def __init__(self, columns: Sequence[Column], capacity: int) -> None:
        self._columns, self._narrow = list(columns), tuple(columns)
        self._listed: list[dict[float, int]] = [{} for _ in columns]
        self._rows: Rows = np.empty(capacity, self._layout())
        self._nothings = [_nothing(np.dtype(column.kind)) for column in columns]
        self._end = 0
        self.count = 0

    @property
    def nbytes(self) -> int:
        """Size of the array in bytes."""
        return self._rows.nbytes

    def append(self, values: Sequence[float | None]) -> None:
        """Add a row, overwriting the oldest one when full."""
        numbers = [
            column.pack(value, nothing, listed)
            for column, value, nothing, listed in zip(self._columns, values, self._nothings, self._listed, strict=True)
        ]
        while None in numbers:
            at = numbers.index(None)
            self._widen(at)
            numbers[at] = self._columns[at].pack(values[at], self._nothings[at], {})
        self._rows[self._end] = tuple(numbers)
        self._end = (self._end + 1) % len(self._rows)
        self.count = min(self.count + 1, len(self._rows))

    def drop_newest(self, count: int) -> None:
        """Remove the newest rows."""
        self._end = (self._end - count) % len(self._rows)
        self.count -= count

    def drop_oldest(self, count: int) -> None:
        """Remove the oldest rows."""
        self.count -= count

    def reserve(self, count: int) -> None:
        """Grow the buffer so that ``count`` more rows fit without overwriting any."""
        if self.count + count > len(self._rows):
            rows = np.empty(self.count + count, self._rows.dtype)
            rows[: self.count] = self._rows[self.order()]
            self._rows, self._end = rows, self.count

    def order(self) -> Order:
        """Return the positions of the rows from oldest to newest, for :meth:`take`."""
        return (np.arange(self.count) + self._end - self.count) % len(self._rows)

    def numbers(self, name: str, order: Order | None = None) -> npt.NDArray[Any]:
        """Return a copy of a column's stored numbers."""
        found: npt.NDArray[Any] = self._rows[name][self.order() if order is None else order]
        return found

    def value(self, name: str, row: int) -> Any:
        """Return one stored number of a column; ``row`` counts from the oldest, or if negative from the newest row."""
        start = self._end if row < 0 else self._end - self.count
        return self._rows[name][(start + row) % len(self._rows)].item()

    def take(self, order: Order) -> Rows:
        """Return copies of rows, for :meth:`unpack`."""
        rows: Rows = self._rows[order]
        return rows

    def unpack(self, rows: Rows) -> Iterable[tuple[Any, ...]]:
        """Return the values of taken rows; rows may be added meanwhile."""
        columns = (
            column.unpack(rows[column.name], tuple(listed))
            for column, listed in zip(self._narrow, self._listed, strict=True)
        )
        return zip(*columns, strict=True)

    def _widen(self, at: int) -> None:
        old, column = self._rows, self._columns[at]
        self._columns[at] = wide = column.widened()
        if wide == column:
            raise OverflowError(f"{column.name} is beyond 64 bits")
        self._nothings[at] = _nothing(np.dtype(wide.kind))
        self._rows = np.empty(len(old), self._layout())
        order = self.order()
        for each in self._columns:
            self._rows[each.name][order] = old[each.name][order]
        values = column.unpack(old[column.name][order], self._listed[at])
        self._rows[column.name][order] = [wide.pack(value, self._nothings[at], {}) for value in values]

    def _layout(self) -> np.dtype[np.void]:
        return np.dtype([(column.name, column.kind) for column in self._columns])


def _nothing(kind: np.dtype[Any]) -> int | None:
    """Return the number that represents None: the largest integer of the type; None for floating point."""
    return None if kind.kind == "f" else int(np.iinfo(kind).max)
