"""The whole window painted, with Run enabled, beside a bare PySide6 window with a QPlainTextEdit."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.figures import Figure, report

ROUNDS = 11

#: Prints when the first frame of the main window is on the screen, and when the first one of the graphs is.
_PROBE = """
import os, sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
class Probe(QObject):
    seen = set()
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            # What a scrolling widget shows is painted by its viewport.
            names = [each.metaObject().className() for each in (watched, watched.parent()) if each]
            name = "frame" if isinstance(watched, QMainWindow) else "TrackView" if "TrackView" in names else ""
            if name in ("frame", "TrackView") and name not in self.seen:
                self.seen.add(name)
                # Delivered once the event that caused the painting has been dealt with, to the last widget.
                QTimer.singleShot(0, self, lambda: self.shown(name))
        return False
    def shown(self, name):
        os.write(1, f"{time.time()!r}\\n".encode())
        if name == LAST:
            os._exit(0)
run = QApplication.exec
def exec_(app=None):
    app = QApplication.instance()
    app.installEventFilter(Probe(app))
    return run()
QApplication.exec = exec_
"""

_BARE = f"""
LAST = "frame"
{_PROBE}
from PySide6.QtWidgets import QPlainTextEdit
app = QApplication([])
window = QMainWindow()
window.setCentralWidget(QPlainTextEdit())
window.resize(1400, 900)
window.show()
app.exec()
"""

_OURS = f"""
LAST = "TrackView"
{_PROBE}
from gpuplayground.cli.main import main
main([])
"""


def frames_s(program: str) -> list[float]:
    """Return the seconds from starting Python to the first frame, and to that with the graphs."""
    began = time.time()
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True, timeout=60)
    return [float(line) - began for line in done.stdout.split()]


def measure() -> list[Figure]:
    """Start both in turn."""
    for program in (_BARE, _OURS):
        frames_s(program)  # compiles what is not compiled yet, and fills the disk cache
    bare, ours, timeline = [], [], []
    for _ in range(ROUNDS):
        bare.append(frames_s(_BARE)[0])
        frame, with_timeline = frames_s(_OURS)
        ours.append(frame)
        timeline.append(with_timeline)
    bare_ms, ours_ms, timeline_ms = (1e3 * statistics.median(times) for times in (bare, ours, timeline))
    return [
        Figure("whole window painted", ours_ms, "ms", 2.0, bare_ms, "bare PySide6 window"),
        Figure("graphs (pyqtgraph) painted after it", timeline_ms - ours_ms, "ms", 1200.0),
    ]


if __name__ == "__main__":
    report(measure())
