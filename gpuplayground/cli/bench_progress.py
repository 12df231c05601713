"""Shows the progress of a benchmark in one line of the terminal."""

from __future__ import annotations

import shutil

from gpuplayground.benchmarks.figures import count_text
from gpuplayground.model.events import BenchmarkProgressed, OutputAppended, RunFinished, SessionEvent
from gpuplayground.standard_streams import tell_styled
from gpuplayground.units import duration

#: Return to the start of the line and erase it (ECMA-48).
_ERASE = "\r\033[K"


class ProgressLine:
    """A progress line on stderr, below what the snippet prints.

    Args:
        is_shown: whether stderr is a terminal; nothing is written otherwise.
    """

    def __init__(self, is_shown: bool) -> None:
        self._is_shown = is_shown
        self._is_drawn = False

    def show(self, event: SessionEvent) -> None:
        """Take an event before anything is written about it."""
        if isinstance(event, BenchmarkProgressed) and self._is_shown:
            width = shutil.get_terminal_size().columns - 1
            self._is_drawn = True
            tell_styled(f"{_ERASE}{progress_text(event)[:width]}")
        elif isinstance(event, (OutputAppended, RunFinished)):
            self.clear()

    def clear(self) -> None:
        """Erase the line."""
        if self._is_drawn:
            self._is_drawn = False
            tell_styled(_ERASE)


def progress_text(event: BenchmarkProgressed) -> str:
    """Return ``value 3 of 17 · sampling · 1,204 samples · 7.42 µs ± 0.6 % · 3.2 s``."""
    parts = [f"value {event.step} of {event.steps}"] if event.steps > 1 else []
    parts.append(str(event.phase))
    if event.samples:
        parts.append(count_text(event.samples, "sample"))
    if event.median_ns is not None:
        width = "" if event.half_width is None else f" ± {100 * event.half_width:.1f} %"
        parts.append(duration(event.median_ns) + width)
    parts.append(f"{event.elapsed_s:.1f} s")
    return " · ".join(parts)
