"""Frames a second of the timeline while it is panned and zoomed, with 100,000 and 1,000,000 kernels on 8 streams."""

from __future__ import annotations

import time

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.figures import Figure, report
from gpuplayground import paths
from gpuplayground.ui.icons import Icons
from gpuplayground.ui.theme import Theme, load_fonts
from gpuplayground.ui.timeline.panel import TimelinePanel
from tests.ui.timeline.runs import RUN, crowded_run, samples_of

KERNELS = (100_000, 1_000_000)
SIZE = (1400, 400)
FRAMES = 200
#: 30 frames a second.
LIMIT_MS = 33.3


def panned_ms(panel: TimelinePanel, share: float) -> float:
    """Pan across while that share of the run is in sight and return the mean time of a frame."""
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
    """Zoom from the whole run to 10 ns and return the mean time of a frame."""
    canvas = panel.canvas
    canvas.fit()
    factor = (10.0 / canvas.view.span) ** (1 / FRAMES)
    began = time.perf_counter()
    for _ in range(FRAMES):
        canvas.zoom(factor, 0.4)
        canvas.repaint()
    return (time.perf_counter() - began) / FRAMES * 1e3


def measure() -> list[Figure]:
    """Show both runs in the real widget, one after the other."""
    load_fonts(paths.resources() / "fonts")
    theme = Theme("dark")
    theme.apply()
    figures = []
    for kernels in KERNELS:
        panel = TimelinePanel(theme, Icons(paths.resources() / "icons", theme))
        panel.resize(*SIZE)
        panel.show()
        QTest.qWaitForWindowExposed(panel)
        run = crowded_run(kernels)
        panel.begin(RUN)
        began = time.perf_counter()
        panel.finish(run)
        panel.canvas.repaint()
        first_ms = (time.perf_counter() - began) * 1e3
        panel.set_samples(samples_of(run, 10_000_000))
        slowest = max(panned_ms(panel, share) for share in (0.5, 0.1, 0.01))
        name = f"timeline, {kernels:,} kernels"
        figures += [
            Figure(f"{name}: first picture", first_ms, "ms"),
            Figure(f"{name}: a frame while panning", slowest, "ms", LIMIT_MS),
            Figure(f"{name}: panning", 1e3 / slowest, "frames/s"),
            Figure(f"{name}: a frame while zooming", zoomed_ms(panel), "ms", LIMIT_MS),
        ]
        panel.close()
    return figures


if __name__ == "__main__":
    application = QApplication([])
    report(measure())
