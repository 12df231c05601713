"""A snippet that prints 1,000,000 lines: its duration, the longest stall of the window, and lasting memory growth."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.figures import Figure, report
from benchmarks.window import Window

LINES = 1_000_000
ROUNDS = 3
_TICK_MS = 5

_SNIPPET = f"""for number in range({LINES}):
    print("line", number)
"""


class StallWatch(QObject):
    """A timer that records the longest delay of its ticks, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.longest_s = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def restart(self) -> None:
        """Start recording anew."""
        self.longest_s, self._last = 0.0, time.perf_counter()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest_s = max(self.longest_s, now - self._last - _TICK_MS / 1e3)
        self._last = now


def python_s(snippet: Path) -> float:
    """Return how long plain Python takes to write the lines, one at a time, into a pipe that is read."""
    began = time.perf_counter()
    source = "import sys\nsys.stdout.reconfigure(line_buffering=True)\n" + snippet.read_text()
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while os.read(process.stdout.fileno(), 1 << 20):
            continue
    return time.perf_counter() - began


def measure() -> list[Figure]:
    """Flood the window and plain Python in turn; report the best time of each and the worst stall."""
    qt = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        snippet = Path(folder) / "flood.py"
        snippet.write_text(_SNIPPET)
        window = Window(qt, snippet)
        window.run_for(3.0)
        resident = _resident()
        stalls = StallWatch()
        peers, ours, longest = [], [], []
        for _ in range(ROUNDS):
            peers.append(python_s(snippet))
            window.run_for(2.0)
            stalls.restart()
            clicked = window.press_run()
            ended = window.wait_until(lambda: window.is_ready and window.output.pump.is_idle)
            ours.append(ended - clicked)
            longest.append(stalls.longest_s)
            last = f"line {LINES - 1}"
            if last not in window.output.text():
                raise SystemExit(f"The output does not end with {last!r}.")
        window.run_for(2.0)
        gc.collect()
        growth = _resident() - resident
        window.close()
    return [
        Figure(
            "1,000,000 lines", min(ours), "s", 1.0, min(peers), "Python, line by line into a pipe", by_difference=True
        ),
        Figure("1,000,000 lines: longest stall of the window", 1e3 * max(longest), "ms", 50.0),
        Figure(f"1,000,000 lines {ROUNDS} times: lasting growth", growth / 1e6, "MB", 30.0),
    ]


def _resident() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    report(measure())
