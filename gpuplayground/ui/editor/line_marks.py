"""What a run left on the lines of an editor, and where those lines went as the text was edited since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import monotonic
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QTextDocument

from gpuplayground.model.results import StatementTiming
from gpuplayground.units import duration

_CLEARED_AFTER_MS = 40
#: What Qt has between the lines of a raw text.
_LINE_END = "\u2029"
#: How long taking in shares may hold the window up at a time, in seconds.
_SLICE_S = 0.01


class StatementShare(NamedTuple):
    """What a statement cost: lines counted from 1, its share of the run's time from 0 to 1, the time as text."""

    line: int
    end_line: int
    share: float
    text: str
    #: What the tooltip adds, such as the GPU's own time.
    detail: str = ""


def line_shares(timings: Iterable[StatementTiming], total_ns: int) -> Iterator[tuple[int, int, float, str]]:
    """Yield (first line, last line, share of the total from 0 to 1, time as text) of every statement."""
    for timing in timings:
        cost_ns = timing.cost_ns
        yield timing.line, timing.end_line, cost_ns / (total_ns or 1), duration(cost_ns)


class LineTracker(QObject):
    """Knows for each line of the document which line of the text that was run it is."""

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
        """Whether there is a text to compare with."""
        return bool(self._origins)

    def start(self) -> None:
        """Take the text as it stands for the one that is run."""
        # All at once: asking each of very many lines holds the window up for a tenth of a second.
        self._texts = self._document.toRawText().split(_LINE_END)
        self._ran = list(self._texts)
        self._origins = list(range(1, len(self._texts) + 1))
        self.edited = set()

    def origin(self, number: int) -> int:
        """Return which line of the run the line ``number``, counted from 0, is; 0 for a new or unknown one."""
        return self._origins[number] if number < len(self._origins) else 0

    def find(self, line: int) -> int | None:
        """Return where line ``line`` of the run is now, both counted from 1; None if it was deleted."""
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
        # The change starts somewhere in its first line and ends in its last: equal lines there were only moved.
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
    """The marks of the last run by the lines of its text: shares of the time, the error, the line now executing."""

    changed = Signal()

    def __init__(self, tracker: LineTracker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tracker = tracker
        self.error: tuple[int, str] | None = None
        self.running: int | None = None
        self._shares: dict[int, StatementShare] = {}  # every line of each statement
        self._coming: Iterator[StatementShare] | None = None

    def clear(self) -> None:
        """Forget the run and take the text as it stands for the next one's."""
        self.tracker.start()
        self.error, self.running, self._coming = None, None, None
        self._shares.clear()
        # Not at once: painting the whole text again would come between the click on Run and the first output.
        QTimer.singleShot(_CLEARED_AFTER_MS, self, self.changed.emit)

    def set_shares(self, shares: Iterable[StatementShare]) -> None:
        """Show what each statement cost. Of several on one line the most expensive one shows.

        Of very many, those behind the first come a little later: the window is never held up by them.
        """
        self._begin()
        self._shares.clear()
        self._coming = iter(shares)
        self._take_shares()

    def _take_shares(self) -> None:
        if self._coming is None:
            return
        begun = monotonic()
        for share in self._coming:
            for line in range(share.line, share.end_line + 1):
                other = self._shares.get(line)
                if other is None or other.share <= share.share:
                    self._shares[line] = share
            if monotonic() - begun > _SLICE_S:
                QTimer.singleShot(0, self, self._take_shares)
                break
        else:
            self._coming = None
        self.changed.emit()

    def set_error(self, line: int, message: str) -> None:
        """Mark a line of the run as the one that failed."""
        self._begin()
        self.error = (line, message)
        self.changed.emit()

    def set_running(self, line: int | None) -> None:
        """Mark a line of the run as the one that executes."""
        if line != self.running:
            self._begin()
            self.running = line
            self.changed.emit()

    def share(self, number: int) -> StatementShare | None:
        """Return the statement that line ``number``, counted from 0, belongs to; none once it was edited."""
        share = self._shares.get(self.tracker.origin(number))
        return share if share is not None and self._is_unchanged(share, number) else None

    def begins(self, number: int) -> StatementShare | None:
        """Return the statement whose first line is line ``number``, counted from 0."""
        share = self.share(number)
        return share if share is not None and share.line == self.tracker.origin(number) else None

    def _is_unchanged(self, share: StatementShare, number: int) -> bool:
        """Return whether all lines of the statement around line ``number`` are as they were run, none between them."""
        tracker = self.tracker
        first = number - (tracker.origin(number) - share.line)
        if first < 0 or tracker.origin(first) != share.line:
            return False
        if tracker.origin(first + share.end_line - share.line) != share.end_line:
            return False
        return not any(line in tracker.edited for line in range(share.line, share.end_line + 1))

    def error_at(self, number: int) -> str | None:
        """Return the error of line ``number``, counted from 0; none once the line was edited."""
        if self.error is None or self.tracker.origin(number) != self.error[0] or self.error[0] in self.tracker.edited:
            return None
        return self.error[1]

    def is_running(self, number: int) -> bool:
        """Return whether line ``number``, counted from 0, executes."""
        return self.running is not None and self.tracker.origin(number) == self.running

    def _begin(self) -> None:
        if not self.tracker.started:
            self.tracker.start()


def _equal(pairs: Iterable[tuple[str, str]], limit: int) -> int:
    count = 0
    for old, new in pairs:
        if count == limit or old != new:
            break
        count += 1
    return count
