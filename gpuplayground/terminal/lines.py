"""Lines of output: finished ones, and lines that may still be overwritten or erased."""

from __future__ import annotations

from dataclasses import dataclass

#: Maximum number of characters of a line; the rest is dropped and counted.
MAX_LINE = 100_000
Runs = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class OutputLine:
    """A line to draw: its text, and runs of (start index, style), empty for a plain line."""

    text: str
    runs: tuple[tuple[int, int], ...] = ()


class TailLine:
    """A line that the cursor can reach. ``lost`` counts the characters beyond :data:`MAX_LINE`."""

    __slots__ = ("lost", "runs", "text")

    def __init__(self, text: str = "", runs: Runs | None = None) -> None:
        self.text = text
        self.runs: Runs = runs or []
        self.lost = 0

    def write(self, column: int, text: str, style: int) -> None:
        """Write text without line breaks at a column, overwriting what is there."""
        room = max(MAX_LINE - column, 0)
        if len(text) > room:
            self.lost += len(text) - room
            text = text[:room]
        if not text:
            return
        if column > len(self.text):
            self._append(" " * (column - len(self.text)), 0)
        if column == len(self.text):
            self._append(text, style)
        else:
            self._overwrite(column, text, style)

    def erase(self, start: int, end: int) -> None:
        """Blank the columns from ``start`` to ``end``, exclusive; truncate the line if ``end`` reaches its end."""
        if end >= len(self.text):
            self.text = self.text[:start]
            self.runs = [run for run in self.runs if run[0] < start]
            self.lost = 0
        elif start < end:
            self._overwrite(start, " " * (end - start), 0)

    def _append(self, text: str, style: int) -> None:
        """Append text."""
        if (self.runs[-1][1] if self.runs else 0) != style:
            self.runs.append((len(self.text), style))
        self.text += text

    def _overwrite(self, start: int, text: str, style: int) -> None:
        """Replace the text from ``start``, keeping what follows."""
        end, length = start + len(text), len(self.text)
        after = next((run[1] for run in reversed(self.runs) if run[0] <= end), 0)
        runs = [run for run in self.runs if run[0] < start] + [(start, style)]
        if end < length:
            runs += [(end, after), *(run for run in self.runs if run[0] > end)]
        self.text = self.text[:start] + text + self.text[end:]
        self.runs = merged(runs)


def merged(runs: Runs) -> Runs:
    """Return the runs without those that repeat the previous style."""
    result: Runs = []
    style = 0
    for start, following in runs:
        if following != style:
            result.append((start, following))
            style = following
    return result
