"""Validates the notes in a trace file, which a process with untrusted code has written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from gpuplayground.model.trace import SpanKind
from gpuplayground.runtime.trace import file_format
from gpuplayground.tracing.intervals import Times

#: Upper limit of times: the year 2116, so that sums of two fit 64 bits.
LATEST_NS = 2**62
#: Maximum number of ranges, of spans and of names; more are left out and counted.
MAX_ENTRIES = 100_000
_LONGEST_TEXT = 4096
#: Maximum change of the offset between the two clocks; more means invalid data.
_MAX_DRIFT_NS = 24 * 3600 * 10**9

RegionRow = tuple[str, int, int | None, int, str]
SpanRow = tuple[SpanKind, int, int, str]


class TraceError(Exception):
    """The trace of a run cannot be used; the message is a sentence."""


def damaged(what: str) -> TraceError:
    """Return the error for a damaged file."""
    return TraceError(f"The trace of this run is damaged ({what}), so there are no GPU times: run it again.")


class Notes:
    """The contents of a file's notes. ``left_out`` counts what exceeds the limits."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.regions: list[RegionRow] = []
        self.spans: list[SpanRow] = []
        self.first_correlations: dict[int, int] = {}
        self.clock: dict[int, int] = {}
        self.dropped = self.left_out = 0
        self._takers: dict[str, Callable[[Any], None]] = {
            file_format.NAMES: self._take_name,
            file_format.REGIONS: self._take_region,
            file_format.SPANS: self._take_span,
            file_format.STATEMENTS: self._take_statement,
            file_format.CLOCK: self._take_clock,
            file_format.DROPPED: self._take_dropped,
        }

    def take(self, payload: bytes) -> None:
        """Read one note; unknown keys of later versions are ignored.

        Raises:
            TraceError: the note violates the format.
        """
        try:
            content = json.loads(payload)
        except (ValueError, RecursionError):
            raise damaged("a note is not JSON") from None
        if type(content) is not dict:
            raise damaged("a note is not an object")
        for key, rows in content.items():
            take = self._takers.get(key)
            if take is None:
                continue
            if type(rows) is not list:
                raise damaged(f"“{key}” is not a list")
            for row in rows:
                try:
                    take(row)
                except (TypeError, ValueError):
                    raise damaged(f"“{key}” has an invalid row") from None

    def _take_name(self, row: Any) -> None:
        number, name = row
        self.names[_whole(number, 2**32)] = _text(name)
        if len(self.names) > MAX_ENTRIES:
            self.names.popitem()
            self.left_out += 1

    def _take_region(self, row: Any) -> None:
        name, start, end, thread, domain = row
        region = _text(name), _time(start), None if end is None else _time(end), _whole(thread, 2**64), _text(domain)
        self._keep(self.regions, region)

    def _take_span(self, row: Any) -> None:
        kind, start, end, function = row
        self._keep(self.spans, (SpanKind(kind), _time(start), _time(end), _text(function)))

    def _take_statement(self, row: Any) -> None:
        index, correlation = row
        self.first_correlations[_whole(index, 2**31)] = _whole(correlation, 2**32)

    def _take_clock(self, row: Any) -> None:
        theirs, ours = row
        self.clock[_time(theirs)] = _time(ours)

    def _take_dropped(self, row: Any) -> None:
        (number,) = row
        self.dropped = min(self.dropped + _whole(number, LATEST_NS), LATEST_NS)

    def _keep(self, rows: list[Any], row: Any) -> None:
        if not row[1]:  # CUPTI reports zero for an unknown time
            return
        if len(rows) < MAX_ENTRIES:
            rows.append(row)
        else:
            self.left_out += 1


class Clock:
    """Converts CUPTI's times to ``clock.now_ns()``, given pairs of both.

    The offset between the clocks is interpolated between two pairs and constant outside.

    Args:
        pairs: CUPTI's times, each with ours.

    Raises:
        TraceError: there is no pair, or the pairs contradict each other.
    """

    def __init__(self, pairs: dict[int, int]) -> None:
        if not pairs:
            raise damaged("it has no clock reference")
        moments = sorted(pairs)
        offsets = [pairs[moment] - moment for moment in moments]
        if max(offsets) - min(offsets) > _MAX_DRIFT_NS:
            raise damaged("its clock references contradict each other")
        # Floats represent the differences exactly, but not the times themselves.
        self._origin, self._offset = moments[0], offsets[0]
        self._moments = np.array([moment - moments[0] for moment in moments], np.float64)
        self._drifts = np.array([offset - offsets[0] for offset in offsets], np.float64)

    def wall(self, times: Times) -> Times:
        """Return times of CUPTI's clock as ``clock.now_ns()``, clipped to the valid range."""
        drifts = np.interp((times - self._origin).astype(np.float64), self._moments, self._drifts)
        placed: npt.NDArray[np.int64] = times + self._offset + np.rint(drifts).astype(np.int64)
        return np.clip(placed, 0, LATEST_NS)


def _whole(value: Any, limit: int) -> int:
    if type(value) is not int or not 0 <= value < limit:
        raise ValueError
    return value


def _time(value: Any) -> int:
    return _whole(value, LATEST_NS)


def _text(value: Any) -> str:
    """Return a text without lone surrogates, which neither UTF-8 nor Qt can represent."""
    if type(value) is not str:
        raise TypeError
    return value[:_LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")
