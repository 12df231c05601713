"""First painted frame of the window, beside that of a bare PySide6 window with a QPlainTextEdit."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.screen import virtual_screen

ROUNDS = 9

#: Ends the process at the first paint of a top-level window and prints the time of it.
_PROBE = """
import os, sys, time
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QMainWindow
class Probe(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.UpdateRequest and isinstance(watched, QMainWindow):
            self.due = watched
        elif event.type() == QEvent.Type.Paint and isinstance(watched, QMainWindow):
            self.painted = True
        elif getattr(self, "painted", False):
            os.write(1, f"{time.time()!r}\\n".encode()); os._exit(0)
        return False
run = QApplication.exec
def exec_(app=None):
    app = QApplication.instance()
    probe = Probe(app)
    app.installEventFilter(probe)
    return run()
QApplication.exec = exec_
"""

_BARE = (
    _PROBE
    + """
from PySide6.QtWidgets import QPlainTextEdit
app = QApplication([])
window = QMainWindow()
window.setCentralWidget(QPlainTextEdit())
window.resize(1400, 900)
window.show()
app.exec()
"""
)

_OURS = (
    _PROBE
    + """
from gpuplayground.cli import main
main([])
"""
)


def first_frame_s(program: str, environment: dict[str, str]) -> float:
    """Return the seconds from starting Python to the first painted frame."""
    began = time.time()
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, check=True, timeout=60
    )
    return float(done.stdout) - began


def main() -> None:
    """Print both medians and their ratio."""
    with virtual_screen() as environment:
        for program in (_BARE, _OURS):
            first_frame_s(program, environment)  # compiles what is not compiled yet
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(first_frame_s(_BARE, environment))
            ours.append(first_frame_s(_OURS, environment))
    a, b = statistics.median(bare), statistics.median(ours)
    print(f"first painted frame   bare PySide6 window {a * 1e3:6.0f} ms   ours {b * 1e3:6.0f} ms   ratio {b / a:.2f}")


if __name__ == "__main__":
    main()
