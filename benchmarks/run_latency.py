"""Time from Run to the first painted output with a warm spare, and from Kill until Run can be clicked again."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from PySide6.QtWidgets import QApplication

from benchmarks.figures import Figure, report
from benchmarks.window import PaintWatch, Window
from gpuplayground.model.results import RunState

ROUNDS = 15
KILLS = 7
#: Long enough for a spare to import numpy, in seconds.
WARM_S = 2.5

_PRINTS = """import numpy as np
print("sum", np.arange(10).sum())
"""

_STUBBORN = """import time
while True:
    try:
        print("here", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print("not yet", flush=True)
"""


def first_output_ms(qt: QApplication, folder: Path) -> tuple[list[float], int]:
    """Return the times of the runs that had a warm spare, in milliseconds, and the number of runs that had none."""
    snippet = folder / "prints.py"
    snippet.write_text(_PRINTS)
    window = Window(qt, snippet)
    watch = PaintWatch(window.output.view.viewport())
    warm, cold = [], 0
    for _ in range(ROUNDS):
        window.run_for(WARM_S)
        clicked = window.press_run()
        window.wait_until(lambda: "sum 45" in window.output.text())
        painted = watch.count
        shown = window.wait_until(lambda painted=painted: watch.count > painted)  # type: ignore[misc]
        window.wait_until(lambda: window.is_ready)
        if window.last_run_was_warm:
            warm.append(1e3 * (shown - clicked))
        else:
            cold += 1
    window.close()
    return warm, cold


def ready_again_ms(qt: QApplication, folder: Path) -> list[float]:
    """Return the times from a click on Kill until the next run can be started, in milliseconds."""
    snippet = folder / "stubborn.py"
    snippet.write_text(_STUBBORN)
    window = Window(qt, snippet)
    times = []
    for _ in range(KILLS):
        window.press_run()
        window.wait_until(lambda: "here" in window.output.text())
        window.press_stop()
        window.wait_until(lambda: window.application.playground.current_run().kills)
        clicked = window.press_stop()
        times.append(1e3 * (window.wait_until(lambda: window.is_ready) - clicked))
        if window.state is not RunState.STOPPED:
            sys.stderr.write(f"a killed run ended as {window.state}\n")
    window.close()
    return times


def measure() -> list[Figure]:
    """Measure each in a window of its own."""
    qt = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        shown, cold = first_output_ms(qt, Path(folder))
        killed = ready_again_ms(qt, Path(folder))
    if cold:
        sys.stderr.write(f"{cold} of {ROUNDS} runs had no warm spare and are left out\n")
    return [
        Figure("Run clicked to first output painted", statistics.median(shown), "ms", 15.0),
        Figure("Kill clicked to ready again", statistics.median(killed), "ms", 60.0),
    ]


if __name__ == "__main__":
    report(measure())
