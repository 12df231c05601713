"""The marks of the last run on the editor's lines, which follow the lines as the text is edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import monotonic
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QTextDocument

from gpuplayground.model.results import StatementTiming
from gpuplayground.units import duration

_CLEARED_AFTER_MS = 40
#: Qt's line separator in raw text.
_LINE_END = "\u2029"
#: Longest time, in seconds, that adding shares may block the window at once.
_SLICE_S = 0.01


class StatementShare(NamedTuple):
    """The time of a statement: lines counted from 1, share of the run's time from 0 to 1, and the time as text."""

    line: int
    end_line: int
    share: float
    text: str


def line_shares(timings: Iterable[StatementTiming], total_ns: int) -> Iterator[StatementShare]:
    """Yield the share of each statement in the total time."""
    for timing in timings:
        cost_ns = timing.cost_ns
        yield StatementShare(timing.line, timing.end_line, cost_ns / (total_ns or 1), duration(cost_ns))


class LineTracker(QObject):
    """Maps each line of the document to the line it was in the text that was run."""

    def __init__(self, document: QTextDocument, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._texts: list[str] = []
        self._origins: list[int] = []
        self._ran: list[str] = []
        self.edited: set[int] = set()
        document.contentsChange.connect(self._contents_changed)

    @property
    def started(self) -> bool:
        """Whether a text has been recorded."""
        return bool(self._origins)

    def start(self) -> None:
        """Record the current text as the one that is run."""
        # All at once: reading a very long text line by line blocks the window for a tenth of a second.
        self._texts = self._document.toRawText().split(_LINE_END)
        self._ran = list(self._texts)
        self._origins = list(range(1, len(self._texts) + 1))
        self.edited = set()

    def origin(self, number: int) -> int:
        """Return the line of the run, from 1, that line ``number``, from 0, was; 0 for a new one."""
        return self._origins[number] if number < len(self._origins) else 0

    def find(self, line: int) -> int | None:
        """Return the current number of a line of the run, both from 1; None if it was deleted."""
        if not self._origins:
            return line if 1 <= line <= self._document.blockCount() else None
        try:
            return self._origins.index(line) + 1
        except ValueError:
            return None

    def _lines(self, first: int, count: int) -> list[str]:
        block, lines = self._document.findBlockByNumber(first), []
        for _ in range(count):
            lines.append(block.text())
            block = block.next()
        return lines

    def _contents_changed(self, position: int, _removed: int, added: int) -> None:
        if not self._origins:
            return
        total = self._document.blockCount()
        first = self._document.findBlock(position).blockNumber()
        block = self._document.findBlock(position + added)
        last = block.blockNumber() if block.isValid() else total - 1
        gone = max(len(self._origins) - (total - (last - first + 1)), 0)
        new = self._lines(first, last - first + 1)
        old, origins = self._texts[first : first + gone], self._origins[first : first + gone]
        # The change starts and ends within a line: equal lines at both ends have only moved.
        same = len(old) == len(new)
        top = 0 if same else _equal(zip(old, new, strict=False), min(len(old), len(new)))
        rest = min(len(old), len(new)) - top
        bottom = 0 if same else _equal(zip(reversed(old), reversed(new), strict=False), rest)
        changed = new[top : len(new) - bottom]
        kept = (origins[top : len(old) - bottom] + [0] * len(changed))[: len(changed)]
        for index, origin in enumerate(origins[top : len(old) - bottom]):
            if index < len(changed) and origin and changed[index] == self._ran[origin - 1]:
                self.edited.discard(origin)
            else:
                self.edited.add(origin)
        self._origins[first : first + gone] = [*origins[:top], *kept, *origins[len(old) - bottom :]]
        self._texts[first : first + gone] = new


class LineMarks(QObject):
    """The marks of the last run: shares of the time, the error, and the running line, by lines of the run."""

    changed = Signal()

    def __init__(self, tracker: LineTracker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tracker = tracker
        self.error: tuple[int, str] | None = None
        self.running: int | None = None
        self._shares: dict[int, StatementShare] = {}  # every line of each statement
        self._pending: Iterator[StatementShare] | None = None

    def clear(self) -> None:
        """Clear all marks, and record the current text for the next run."""
        self.tracker.start()
        self.error, self.running, self._pending = None, None, None
        self._shares.clear()
        # Delayed, so that repainting does not delay the first output.
        QTimer.singleShot(_CLEARED_AFTER_MS, self, self.changed.emit)

    def set_shares(self, shares: Iterable[StatementShare]) -> None:
        """Show the time of each statement; of several on one line, the longest.

        A very large number is added in slices, so that the window is not blocked.
        """
        self._start_tracking()
        self._shares.clear()
        self._pending = iter(shares)
        self._add_shares()

    def _add_shares(self) -> None:
        if self._pending is None:
            return
        started = monotonic()
        for share in self._pending:
            for line in range(share.line, share.end_line + 1):
                other = self._shares.get(line)
                if other is None or other.share <= share.share:
                    self._shares[line] = share
            if monotonic() - started > _SLICE_S:
                QTimer.singleShot(0, self, self._add_shares)
                break
        else:
            self._pending = None
        self.changed.emit()

    def set_error(self, line: int, message: str) -> None:
        """Mark the line of the run that failed."""
        self._start_tracking()
        self.error = (line, message)
        self.changed.emit()

    def set_running(self, line: int | None) -> None:
        """Mark the line of the run that is running."""
        if line != self.running:
            self._start_tracking()
            self.running = line
            self.changed.emit()

    def share(self, number: int) -> StatementShare | None:
        """Return the share of the statement on line ``number``, from 0; None if it was edited."""
        share = self._shares.get(self.tracker.origin(number))
        return share if share is not None and self._is_unchanged(share, number) else None

    def share_starting_at(self, number: int) -> StatementShare | None:
        """Return the share of the statement that starts on line ``number``, from 0."""
        share = self.share(number)
        return share if share is not None and share.line == self.tracker.origin(number) else None

    def _is_unchanged(self, share: StatementShare, number: int) -> bool:
        """Return whether the statement around line ``number`` is unchanged, without lines inserted or removed."""
        tracker = self.tracker
        first = number - (tracker.origin(number) - share.line)
        if first < 0 or tracker.origin(first) != share.line:
            return False
        if tracker.origin(first + share.end_line - share.line) != share.end_line:
            return False
        return not any(line in tracker.edited for line in range(share.line, share.end_line + 1))

    def error_at(self, number: int) -> str | None:
        """Return the error on line ``number``, from 0; None if the line was edited."""
        if self.error is None or self.tracker.origin(number) != self.error[0] or self.error[0] in self.tracker.edited:
            return None
        return self.error[1]

    def is_running(self, number: int) -> bool:
        """Return whether line ``number``, from 0, is running."""
        return self.running is not None and self.tracker.origin(number) == self.running

    def _start_tracking(self) -> None:
        if not self.tracker.started:
            self.tracker.start()


def _equal(pairs: Iterable[tuple[str, str]], limit: int) -> int:
    count = 0
    for old, new in pairs:
        if count == limit or old != new:
            break
        count += 1
    return count
