"""What the tests of the result panels share: panels in a shown window, and events of a run."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gpuplayground.model.events import OutputAppended, OutputChunk, RunFinished, StateChanged
from gpuplayground.model.results import Run, RunError, RunState, StatementTiming
from gpuplayground.ui.output.panel import OutputPanel
from gpuplayground.ui.output.view import OutputView
from gpuplayground.ui.results.pages import TIMINGS, PageSpec, page_header
from gpuplayground.ui.results.timings_panel import TimingsPanel
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.panel_header import PanelHeader
from gpuplayground.ui.widgets.theme import Theme, load_fonts

RUN = "run-1"
SNIPPET = "/home/ada/bias_gelu.py"


def themed(resources: Path) -> tuple[Theme, Icons]:
    """The dark theme with the fonts that ship, and its icons."""
    load_fonts(resources / "fonts")
    theme = Theme("dark")
    return theme, Icons(resources / "icons", theme)


def themed_header(resources: Path, page: PageSpec) -> tuple[Theme, PanelHeader]:
    """The same theme, and the header of a result page."""
    theme, icons = themed(resources)
    return theme, page_header(page, theme, icons)


def shown_output(qtbot: QtBot, resources: Path, *, width: int = 700, height: int = 300) -> OutputPanel:
    """A visible output panel in which a run has begun."""
    panel = OutputPanel(*themed(resources))
    _show(qtbot, panel, width, height)
    panel.begin(RUN)
    return panel


def shown_timings(qtbot: QtBot, resources: Path) -> TimingsPanel:
    """A visible timings panel in which a run has begun."""
    panel = TimingsPanel(*themed_header(resources, TIMINGS))
    _show(qtbot, panel, 700, 300)
    panel.clear(RUN)
    return panel


def _show(qtbot: QtBot, widget: QWidget, width: int, height: int) -> None:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    with qtbot.waitExposed(widget):
        widget.show()


def write(panel: OutputPanel, text: str | bytes, stream: str = "stdout", *, dropped: int = 0) -> None:
    """Let the snippet write something."""
    data = text.encode() if isinstance(text, str) else text
    panel.append(OutputAppended(RUN, (OutputChunk(stream, data),), dropped))


def settle(qtbot: QtBot, panel: OutputPanel) -> None:
    """Wait until everything written is in the buffer."""
    qtbot.waitUntil(lambda: panel.pump.is_idle, timeout=30_000)


def state(value: RunState, detail: str = "") -> StateChanged:
    return StateChanged(RUN, value, 0, detail)


def finished(
    summary: str = "exit 0 · 3.41 s",
    *,
    final: RunState = RunState.FINISHED,
    error: RunError | None = None,
    notes: tuple[str, ...] = (),
    timings: tuple[StatementTiming, ...] = (),
) -> RunFinished:
    """The last event of a run."""
    run = Run(RUN, "a.py", final, 0, 3_410_000_000, 0, error=error, summary=summary, notes=notes, timings=timings)
    return RunFinished(RUN, run)


def click(qtbot: QtBot, view: OutputView, line: int, index: int, *, shift: bool = False, double: bool = False) -> None:
    """Click on a character of the output."""
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    act = QTest.mouseDClick if double else QTest.mouseClick
    act(view.viewport(), Qt.MouseButton.LeftButton, modifier, at(view, line, index))


def drag(qtbot: QtBot, view: OutputView, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Drag from the left edge of one character to that of another."""
    port, button = view.viewport(), Qt.MouseButton.LeftButton
    half = QPoint(3, 0)
    QTest.mousePress(port, button, pos=at(view, *start) - half)
    QTest.mouseMove(port, at(view, *end) + QPoint(9, 0))
    QTest.mouseMove(port, at(view, *end) - half)
    QTest.mouseRelease(port, button, pos=at(view, *end) - half)


def at(view: OutputView, line: int, index: int) -> QPoint:
    return view.point_of((line, index))
