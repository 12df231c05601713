"""CPU and memory of the window and its agent, next to ``nvitop --interval 0.25``, on the same fake NVML library."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading

from benchmarks.figures import Figure, report
from benchmarks.processes import Cost, cost_of, end
from tests.support.fakes import fake_nvml_env

WATCH_S = 20.0
SETTLE_S = 8.0

#: The window as its command starts it, at 1400x900 and, on request, hidden 3 s after its start. Warm spares are turned
#: off: they belong to the playground, not to the monitor.
_WINDOW = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from gpuplayground.app import running
from gpuplayground.cli.main import main
running.WARM_AFTER_MS = 10**9
run = QApplication.exec
def exec_(app=None):
    if sys.argv[1] == "hidden":
        QTimer.singleShot(3000, lambda: [window.hide() for window in QApplication.topLevelWidgets()])
        QApplication.instance().setQuitOnLastWindowClosed(False)
    return run()
QApplication.exec = exec_
sys.exit(main(["--size", "1400x900"]))
"""


def nvitop_cost(gpus: int) -> Cost:
    """Run nvitop in a terminal of 200 columns and 60 lines and measure it."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "nvitop", "--monitor", "full", "--interval", "0.25"],
        env={**os.environ, **fake_nvml_env(gpus=gpus), "TERM": "xterm-256color", "LINES": "60", "COLUMNS": "200"},
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    )
    os.close(child)
    threading.Thread(target=_drain, args=(parent,), daemon=True).start()
    return _watch(process)


def window_cost(gpus: int, state: str) -> Cost:
    """Run the window, ``visible`` or ``hidden``, and measure it with its agent."""
    environment = {**os.environ, **fake_nvml_env(gpus=gpus)}
    return _watch(subprocess.Popen([sys.executable, "-c", _WINDOW, state], env=environment))


def _watch(process: subprocess.Popen[bytes]) -> Cost:
    try:
        process.wait(SETTLE_S)
        raise SystemExit(f"The process ended with exit code {process.returncode}.")
    except subprocess.TimeoutExpired:
        return cost_of(process.pid, WATCH_S)
    finally:
        end(process.pid)
        process.wait()


def _drain(descriptor: int) -> None:
    while True:
        try:
            if not os.read(descriptor, 1 << 16):
                return
        except OSError:
            return


def measure() -> list[Figure]:
    """Measure both with one GPU and with eight, and the hidden window."""
    figures = []
    for gpus in (1, 8):
        peer, ours = nvitop_cost(gpus), window_cost(gpus, "visible")
        hidden = window_cost(gpus, "hidden")
        name = f"{gpus} GPU{'s' if gpus > 1 else ''}, 10 Hz"
        figures += [
            Figure(f"{name}: visible", ours.cpu_percent, "% CPU", 1.0, peer.cpu_percent, "nvitop --interval 0.25"),
            Figure(f"{name}: hidden", hidden.cpu_percent, "% CPU", 1.0),
            Figure(f"{name}: RSS of window and agent", ours.rss_bytes / 1e6, "MB", 170.0),
            Figure(f"{name}: PSS of window and agent", ours.pss_bytes / 1e6, "MB"),
        ]
    return figures


if __name__ == "__main__":
    report(measure())
