"""Longest stall of the window while the trace of a run with 1,000,000 GPU operations is read and shown.

No GPU is needed: the snippet runs for real, and the operations in its trace file are synthetic.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from unittest import mock

from PySide6.QtWidgets import QApplication

from benchmarks.figures import Figure, report
from benchmarks.flood import StallWatch
from benchmarks.window import Window
from gpuplayground.model.results import Run
from gpuplayground.runtime.trace import file_format
from gpuplayground.tracing import attribution
from gpuplayground.tracing.attribution import with_trace
from gpuplayground.ui.results.pages import TIMELINE, TIMINGS
from tests.support.trace_files import CUPTI, US, many_rows, names, note

OPERATIONS = 1_000_000
STATEMENTS = 1000
_MS_EACH = 3
_SNIPPET = "import time\n" + f"time.sleep({_MS_EACH / 1e3})\n" * STATEMENTS


def write_trace(path: Path) -> None:
    """Write operations that span the duration of the snippet."""
    rows = many_rows(OPERATIONS, period=3 * US)
    path.write_bytes(
        names(*(f"kernel_{number}(float*, int)" for number in range(10)))
        + file_format.chunk(file_format.ROWS, rows.tobytes())
    )


def measure() -> list[Figure]:
    """Run the snippet twice: with the timings page in front, then with the timeline."""
    qt = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        snippet, trace = Path(folder) / "launches.py", Path(folder) / "trace"
        snippet.write_text(_SNIPPET)
        write_trace(trace)

        def traced(run: Run, _path: Path | None) -> Run:
            tied = note(file_format.CLOCK, [CUPTI, run.start_ns])
            with trace.open("ab") as file:
                file.write(tied)
            return with_trace(replace(run, trace_note=""), trace)

        window = Window(qt, snippet)
        window.run_for(2.0)
        stalls, figures = StallWatch(), []
        with mock.patch.object(attribution, "with_trace", traced):
            for page in (TIMINGS, TIMELINE):
                window.application.playground.show_page(page.page_id)
                window.run_for(1.0)
                stalls.restart()
                window.press_run()
                window.wait_until(lambda: window.is_ready)
                window.run_for(4.0)
                shown = window.application.playground.pages(window.tab_id).page(TIMELINE).run
                if shown is None or shown.trace is None or len(shown.trace.operations) < OPERATIONS:
                    raise SystemExit("The trace was not shown.")
                name = f"1,000,000 operations, {page.tab.title} in front: longest stall of the window"
                figures.append(Figure(name, 1e3 * stalls.longest_s, "ms", 100.0))
        window.close()
    return figures


if __name__ == "__main__":
    report(measure())
