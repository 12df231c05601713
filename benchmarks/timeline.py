"""Layout, panning, zooming and hovering of the timeline with 100,000 and 1,000,000 kernels on 8 streams."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QEvent, QEventLoop, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.figures import Figure, report
from gpuplayground.model.results import Run
from gpuplayground.storage import paths
from gpuplayground.ui.results.pages import TIMELINE, page_header
from gpuplayground.ui.trace_timeline.panel import TimelinePanel
from gpuplayground.ui.trace_timeline.rows import RowKind
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme, load_fonts
from tests.ui.trace_timeline.runs import RUN, crowded_run, samples_of

KERNELS = (100_000, 1_000_000)
SIZE = (1400, 400)
FRAMES = 200
#: 30 frames a second.
LIMIT_MS = 33.3


class Pulse(QObject):
    """Ticks every 5 ms while the event loop is free; ``longest_s`` is the longest time between two ticks."""

    def __init__(self) -> None:
        super().__init__()
        self._last = time.perf_counter()
        self.longest_s = 0.0
        self._timer = QTimer(self, interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.beat)
        self._timer.start()

    def beat(self) -> None:
        """Record the time since the last tick."""
        now = time.perf_counter()
        self.longest_s = max(self.longest_s, now - self._last)
        self._last = now


def shown_ms(panel: TimelinePanel, run: Run) -> tuple[float, float]:
    """Show a run; return the time until it is painted and the longest event-loop stall until then, in milliseconds."""
    pulse = Pulse()
    began = time.perf_counter()
    panel.clear(RUN)
    panel.set_run(run)
    while not panel.canvas.picture.rows:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    panel.canvas.repaint()
    pulse.beat()
    return (time.perf_counter() - began) * 1e3, pulse.longest_s * 1e3


def hovered_ms(panel: TimelinePanel, run: Run) -> float:
    """Show a run whose kernels all lie in a few pixel columns; return the slowest mouse move there, in milliseconds."""
    shown_ms(panel, replace(run, end_ns=run.start_ns + run.duration_ns * SIZE[0]))
    canvas, slowest = panel.canvas, 0.0
    slot = next(
        slot for slot in canvas.probe.geometry.slots(0) if canvas.picture.rows[slot.number].kind == RowKind.STREAM
    )
    button = Qt.MouseButton.NoButton
    for x in range(canvas.probe.geometry.gutter, canvas.probe.geometry.gutter + 40):
        point = QPointF(x, (slot.top + slot.bottom) // 2)
        moved = QMouseEvent(
            QEvent.Type.MouseMove, point, canvas.mapToGlobal(point), button, button, Qt.KeyboardModifier.NoModifier
        )
        began = time.perf_counter()
        QApplication.sendEvent(canvas, moved)
        slowest = max(slowest, time.perf_counter() - began)
    return slowest * 1e3


def panned_ms(panel: TimelinePanel, share: float) -> float:
    """Pan across the run with ``share`` of it in view; return the mean time of a frame, in milliseconds."""
    canvas = panel.canvas
    canvas.fit()
    canvas.zoom(share, 0.0)
    step = (1.0 / share - 1.0) / FRAMES
    began = time.perf_counter()
    for _ in range(FRAMES):
        canvas.pan(step)
        canvas.repaint()
    return (time.perf_counter() - began) / FRAMES * 1e3


def zoomed_ms(panel: TimelinePanel) -> float:
    """Zoom from the whole run to 10 ns; return the mean time of a frame, in milliseconds."""
    canvas = panel.canvas
    canvas.fit()
    factor = (10.0 / canvas.view.span) ** (1 / FRAMES)
    began = time.perf_counter()
    for _ in range(FRAMES):
        canvas.zoom(factor, 0.4)
        canvas.repaint()
    return (time.perf_counter() - began) / FRAMES * 1e3


def measure() -> list[Figure]:
    """Show each run in the real widget."""
    load_fonts(paths.resources() / "fonts")
    theme = Theme("dark")
    theme.apply()
    figures = []
    for kernels in KERNELS:
        panel = TimelinePanel(theme, page_header(TIMELINE, theme, Icons(paths.resources() / "icons", theme)))
        panel.resize(*SIZE)
        panel.show()
        QTest.qWaitForWindowExposed(panel)
        run = crowded_run(kernels)
        first_ms, stall_ms = shown_ms(panel, run)
        panel.set_samples(samples_of(run, 10_000_000))
        slowest = max(panned_ms(panel, share) for share in (0.5, 0.1, 0.01))
        name = f"timeline, {kernels:,} kernels"
        figures += [
            Figure(f"{name}: first picture", first_ms, "ms"),
            Figure(f"{name}: longest stall until then", stall_ms, "ms"),
            Figure(f"{name}: a frame while panning", slowest, "ms", LIMIT_MS),
            Figure(f"{name}: panning", 1e3 / slowest, "frames/s"),
            Figure(f"{name}: a frame while zooming", zoomed_ms(panel), "ms", LIMIT_MS),
            Figure(f"{name}: slowest move where they lie in a few columns", hovered_ms(panel, run), "ms", LIMIT_MS),
        ]
        panel.close()
    return figures


if __name__ == "__main__":
    application = QApplication([])
    report(measure())
