"""The pill with the state of a run: running and for how long, or how it ended."""

from __future__ import annotations

from time import perf_counter

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QFont, QFontMetrics, QHideEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gpuplayground.model.results import Run, RunState
from gpuplayground.model.run_summary import brief
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme, ui_font
from gpuplayground.units import duration

_ROLES = {
    RunState.STARTING: "accent",
    RunState.RUNNING: "accent",
    RunState.WAITING_FOR_INPUT: "warning",
    RunState.FINISHING: "accent",
    RunState.STOPPING: "warning",
    RunState.FINISHED: "good",
    RunState.FAILED: "error",
    RunState.STOPPED: "muted",
    RunState.NOT_STARTED: "error",
}
_TICK_MS = 100
_HEIGHT, _PADDING = 20, 10
#: Fits the main part of most states.
_LEAST_WIDTH = 92
_SEPARATOR = " · "


class RunStatus(QWidget):
    """Hidden until the first run. Its timer runs only while a run is active and the pill is visible."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state: RunState | None = None
        self._detail = ""
        self._text = ""
        self._started = 0.0
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._update_text)
        self.setFont(ui_font(11, QFont.Weight.Medium))
        policy = QSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        policy.setRetainSizeWhenHidden(True)  # the first run moves nothing
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)
        self.hide()

    @property
    def state(self) -> RunState | None:
        """The state, or None before the first run."""
        return self._state

    def text(self) -> str:
        """Return the full text, even if only a part of it fits."""
        return self._text

    @property
    def shown(self) -> str:
        """The text as drawn. Parts are left out as a whole, because a cut number would be a wrong one."""
        metrics, room = QFontMetrics(self.font()), self.width() - 2 * _PADDING + 1
        parts = self._text.split(_SEPARATOR)
        # While running, the colour tells the state, so the time is the main part.
        main = parts[-1] if self._state == RunState.RUNNING else parts[0]
        for text in (self._text, main):
            if metrics.horizontalAdvance(text) <= room:
                return text
        return metrics.elidedText(main, Qt.TextElideMode.ElideRight, room)

    @property
    def is_ticking(self) -> bool:
        """Whether the elapsed time is being updated."""
        return self._timer.isActive()

    def begin(self) -> None:
        """Show that a run is starting."""
        self._started = 0.0
        self.set_state(RunState.STARTING)

    def set_state(self, state: RunState, detail: str = "") -> None:
        """Show a state with a short ``detail``."""
        if state == RunState.RUNNING and not self._started:
            self._started = perf_counter()
        self._state, self._detail = state, detail
        self.show()
        self._tick_if_needed()
        self._update_text()

    def finish(self, run: Run) -> None:
        """Show how a run ended."""
        ending = short_ending(run)
        self.set_state(run.state, ending)
        has_time = ending.endswith(duration(run.duration_ns))
        text = run.error.text if run.error is not None else ""
        # The full message of an exception; pill and summary have only its first sentence.
        parts = (run.summary, text if text != brief(text) else "", self._meaning(run) if has_time else "")
        self.setToolTip(plainly("\n".join(filter(None, parts))))

    def _meaning(self, run: Run) -> str:
        """Return an explanation of a run's time."""
        if any(timing.prewarmed_ns for timing in run.timings):
            return self.tr(
                "From the first statement to the end of the process, without imports preloaded before the run"
            )
        return self.tr("From the first statement to the end of the process")

    def _update_text(self) -> None:
        """Update the text."""
        if self._state is None:
            return
        text = self._state_text(self._state)
        if text != self._text:
            same_size = len(text) == len(self._text)
            self._text = text
            self.setAccessibleName(self.tr("State of the run: {text}").format(text=text))
            self.setToolTip(plainly(text))
            if not same_size:
                self.updateGeometry()
        self.update()

    def _state_text(self, state: RunState) -> str:
        if state.is_final:
            return self._detail or _title(self, state)
        if state == RunState.RUNNING:
            return self.tr("running · {time}").format(time=elapsed(perf_counter() - self._started))
        return f"{_title(self, state)} · {self._detail}" if self._detail else _title(self, state)

    def _tick_if_needed(self) -> None:
        if self._state == RunState.RUNNING and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def showEvent(self, event: QShowEvent) -> None:
        """Resume updating the elapsed time."""
        super().showEvent(event)
        self._tick_if_needed()
        self._update_text()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop updating the elapsed time."""
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much as fits."""
        super().resizeEvent(event)
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the full text."""
        width = QFontMetrics(self.font()).horizontalAdvance(self._text) + 2 * _PADDING + 2
        return QSize(max(width, _LEAST_WIDTH), _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Return the size of a part of the text, the same for every state, so that nothing beside it moves."""
        return QSize(_LEAST_WIDTH, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill in the colour of the state."""
        if self._state is None:
            return
        role = _ROLES[self._state]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color(role, 0.45), 1))
        painter.setBrush(self._theme.color(role, 0.13))
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        painter.setPen(self._theme.color(role))
        inside = self.rect().adjusted(_PADDING, 0, -_PADDING, 0)
        painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, self.shown)
        painter.end()


def short_ending(run: Run) -> str:
    """Return in two or three words how a run ended; the output has the full sentence."""
    time = duration(run.duration_ns)
    if run.error is not None and run.state == RunState.FAILED:
        kind = run.error.kind or run.error.summary.partition(":")[0]
        place = f" · line {run.error.line}" if run.error.line is not None else ""
        return f"{kind}{place}"
    if run.signal_name is not None and run.state == RunState.FAILED:
        return f"{run.signal_name} · {time}"
    if run.exit_code is not None and run.state in (RunState.FINISHED, RunState.FAILED):
        return ending_of(run)
    return "" if run.state == RunState.NOT_STARTED else f"{run.state.value} · {time}"


def ending_of(run: Run) -> str:
    """Return the exit code and duration of a run."""
    time = duration(run.duration_ns)
    return f"exit {run.exit_code} · {time}" if run.exit_code is not None else time


def elapsed(seconds: float) -> str:
    """Return a running time, in tenths of a second up to a minute."""
    return f"{seconds:.1f} s" if seconds < 59.95 else duration(seconds * 1e9)


def _title(widget: QWidget, state: RunState) -> str:
    """Return the text of a state."""
    return {
        RunState.STARTING: widget.tr("starting…"),
        RunState.RUNNING: widget.tr("running"),
        RunState.WAITING_FOR_INPUT: widget.tr("waiting for input"),
        RunState.FINISHING: widget.tr("finishing"),
        RunState.STOPPING: widget.tr("stopping…"),
        RunState.FINISHED: widget.tr("finished"),
        RunState.FAILED: widget.tr("failed"),
        RunState.STOPPED: widget.tr("stopped"),
        RunState.NOT_STARTED: widget.tr("not started"),
    }[state]
