"""One line that may still change: written to at a column, overwritten, erased."""

from __future__ import annotations

from dataclasses import dataclass

#: Characters kept of one line; a longer one is cut and says by how much.
MAX_LINE = 100_000
Runs = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class OutputLine:
    """A line as it is drawn: its text, and the style from each of some indices on (empty for a plain line)."""

    text: str
    runs: tuple[tuple[int, int], ...] = ()


class TailLine:
    """A line near the cursor. ``lost`` counts the characters that went beyond :data:`MAX_LINE`."""

    __slots__ = ("lost", "runs", "text")

    def __init__(self, text: str = "", runs: Runs | None = None) -> None:
        self.text = text
        self.runs: Runs = runs or []
        self.lost = 0

    def write(self, column: int, text: str, style: int) -> None:
        """Put a text without line breaks over what stands from ``column`` on."""
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
        """Blank the columns from ``start`` up to but without ``end``; what is blank to the end is cut off."""
        if end >= len(self.text):
            self.text = self.text[:start]
            self.runs = [run for run in self.runs if run[0] < start]
            self.lost = 0
        elif start < end:
            self._overwrite(start, " " * (end - start), 0)

    def _append(self, text: str, style: int) -> None:
        """Add to the end."""
        if (self.runs[-1][1] if self.runs else 0) != style:
            self.runs.append((len(self.text), style))
        self.text += text

    def _overwrite(self, start: int, text: str, style: int) -> None:
        """Replace what stands from ``start`` on, keeping what lies beyond."""
        end, length = start + len(text), len(self.text)
        after = next((run[1] for run in reversed(self.runs) if run[0] <= end), 0)
        runs = [run for run in self.runs if run[0] < start] + [(start, style)]
        if end < length:
            runs += [(end, after), *(run for run in self.runs if run[0] > end)]
        self.text = self.text[:start] + text + self.text[end:]
        self.runs = merged(runs)


def merged(runs: Runs) -> Runs:
    """Return the runs without those that change nothing."""
    result: Runs = []
    style = 0
    for start, following in runs:
        if following != style:
            result.append((start, following))
            style = following
    return result
