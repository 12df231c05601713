"""The sweep window: the form at the left, the chart at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gpuplayground.benchmarks.sweep_curves import sweep_csv
from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.model.events import BenchmarkProgressed
from gpuplayground.ui.sweep.chart import SweepChart
from gpuplayground.ui.sweep.chart_frame import Quantity
from gpuplayground.ui.sweep.form import SweepForm
from gpuplayground.ui.sweep.request import Implementation, SweepRequest
from gpuplayground.ui.sweep.results import SweepResults
from gpuplayground.ui.widgets.commands import KILL_AFTER_MS
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.meter import Meter
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.saving import ChooseFile, choose_by_dialog, save_picture, save_text
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.widgets.ticks import number_text

#: A note of more lines scrolls.
MAX_LINES = 5
_FORM_WIDTH = 300
_PICTURE = QSize(960, 600)


class CancelButton(QPushButton):
    """Cancels; turns into Kill if the sweep has not stopped after :data:`KILL_AFTER_MS`."""

    cancelRequested = Signal()
    killRequested = Signal()
    stateChanged = Signal()  # enabled, or kills

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._is_running = self._kills = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(KILL_AFTER_MS)
        self._timer.timeout.connect(self._offer_kill)
        self.setAutoDefault(False)
        self.clicked.connect(self._ask)
        self._show_state(enabled=False)

    @property
    def kills(self) -> bool:
        """Whether a click kills."""
        return self._kills

    def set_running(self, is_running: bool) -> None:
        """Enable or disable the button; a change resets it to Cancel."""
        if is_running != self._is_running:
            self._is_running, self._kills = is_running, False
            self._timer.stop()
            self._show_state(enabled=is_running)

    def draw_icon(self) -> None:
        """Redraw the icon in the current theme."""
        self.setIcon(self._icons.icon("skull", "window") if self._kills else self._icons.icon("square"))

    def _ask(self) -> None:
        if self._kills:
            self.killRequested.emit()
            return
        self.setEnabled(False)
        self._timer.start()
        self.cancelRequested.emit()
        self.stateChanged.emit()

    def _offer_kill(self) -> None:
        self._kills = True
        self._show_state(enabled=True)

    def _show_state(self, *, enabled: bool) -> None:
        self.setText(self.tr("Kill") if self._kills else self.tr("Cancel"))
        self.setAccessibleName(self.text())
        self.setToolTip(
            self.tr("End the measurement now; results so far are kept")
            if self._kills
            else self.tr("Stop measuring; results so far are kept")
        )
        self.setProperty("role", "danger" if self._kills else "")
        # A changed property takes effect only when the style is applied again.
        self.style().unpolish(self)
        self.style().polish(self)
        self.draw_icon()
        self.setEnabled(enabled)
        self.stateChanged.emit()


class Note(QScrollArea):
    """Findings and, below them, errors; hidden while empty. It scrolls if there are many lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words, self._failures = PlainLabel(), PlainLabel()
        self._words.setProperty("role", "muted")
        self._failures.setProperty("role", "error")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for label in (self._words, self._failures):
            label.setWordWrap(True)
            column.addWidget(label)
        column.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        # Let the panel's background show through.
        for surface in (inside, self.viewport()):
            surface.setAutoFillBackground(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Findings of the sweep"))
        self.show_words("")

    def text(self) -> str:
        """Return all lines."""
        return "\n".join(filter(None, (self._words.text(), self._failures.text())))

    def show_words(self, words: str, failures: str = "") -> None:
        """Show findings and failures; each may have several lines."""
        for label, text in ((self._words, words), (self._failures, failures)):
            label.setText(text)
            label.setVisible(bool(text))
        self.setAccessibleDescription(self.text())
        self.setVisible(bool(self.text()))
        self._fit()

    def sizeHint(self) -> QSize:
        """Return the height of the lines that do not scroll."""
        return QSize(0, self.maximumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the height to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = [label for label in (self._words, self._failures) if label.text()]
        wanted = sum(label.heightForWidth(max(self.width(), 1)) for label in shown)
        most = MAX_LINES * self.fontMetrics().lineSpacing()
        self.setFixedHeight(min(wanted, most))
        # Only a scrolling note takes the focus.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if wanted > most else Qt.FocusPolicy.NoFocus)


class SweepDialog(QDialog):
    """Not modal. It asks for a sweep and shows what it is told about its progress."""

    startRequested = Signal(object)  # SweepRequest
    cancelRequested = Signal()
    killRequested = Signal()
    statusChanged = Signal()  # status, can_cancel or kills
    activated = Signal()  # in front again: the implementations may have changed meanwhile

    def __init__(
        self, theme: Theme, icons: Icons, parent: QWidget | None = None, choose: ChooseFile = choose_by_dialog
    ) -> None:
        super().__init__(parent)
        self._icons, self._choose = icons, choose
        self._labels: dict[str, str] = {}
        self._running: SweepRequest | None = None
        self._results = SweepResults()
        self.setWindowTitle(self.tr("Sweep"))
        self.resize(QSize(1060, 640).boundedTo(self.screen().availableSize() - QSize(20, 50)))
        self.form, self.chart = SweepForm(theme), SweepChart(theme)
        self.meter = Meter(self.tr("Progress"), "accent", theme)
        self.note = Note()
        self.start_button, self.cancel_button = QPushButton(self.tr("Start")), CancelButton(icons)
        self.csv_button, self.picture_button = QPushButton(self.tr("Save CSV…")), QPushButton(self.tr("Save PNG…"))
        self.quantities: dict[Quantity, QToolButton] = {}
        self._set_up_buttons()
        self._lay_out()
        self.form.changed.connect(self._enable)
        self.form.submitted.connect(self._start)
        theme.changed.connect(self._draw_icons)
        self._draw_icons()
        self._refresh()

    def _set_up_buttons(self) -> None:
        for button, tip, act in (
            (self.start_button, self.tr("Measure the ticked implementations at each value"), self._start),
            (self.csv_button, self.tr("Save every measured value as CSV"), self._save_csv),
            (self.picture_button, self.tr("Save the chart as a PNG picture"), self._save_picture),
        ):
            button.setToolTip(plainly(tip))
            button.setAccessibleName(button.text().rstrip("…"))
            button.setAutoDefault(False)
            button.clicked.connect(act)
        self.start_button.setProperty("role", "primary")
        self.cancel_button.cancelRequested.connect(self._cancel)
        self.cancel_button.killRequested.connect(self.killRequested)
        self.cancel_button.stateChanged.connect(self.statusChanged)

    def _lay_out(self) -> None:
        left, right = QFrame(), QFrame()
        for frame in (left, right):
            frame.setProperty("role", "panel")
        left.setMinimumWidth(_FORM_WIDTH - 40)
        form = QVBoxLayout(left)
        form.setContentsMargins(0, 0, 0, 12)
        form.addWidget(self.form, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(14, 0, 14, 0)
        buttons.addWidget(self.start_button, 1)
        buttons.addWidget(self.cancel_button)
        form.addLayout(buttons)
        picture = QVBoxLayout(right)
        picture.setContentsMargins(14, 10, 14, 12)
        picture.setSpacing(8)
        picture.addLayout(self._tools())
        picture.addWidget(self.chart, 1)
        picture.addWidget(self.note)
        picture.addWidget(self.meter)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        split.setSizes([_FORM_WIDTH, 760])
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 12, 12, 12)
        row.addWidget(split)

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        segments = QFrame()
        segments.setProperty("role", "panel")
        segments.setAccessibleName(self.tr("Y axis"))
        inner = QHBoxLayout(segments)
        inner.setContentsMargins(3, 2, 3, 2)
        inner.setSpacing(2)
        group = QButtonGroup(self)
        for quantity, text, tip in (
            (
                Quantity.TIME,
                self.tr("Time"),
                self.tr("Plot the wall time of one repeat, until the GPU has finished its work"),
            ),
            (Quantity.RATE, self.tr("GB/s"), self.tr("Plot the bytes moved per second")),
        ):
            button = QToolButton()
            button.setText(text)
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setAccessibleName(text)
            button.setToolTip(plainly(tip))
            button.clicked.connect(self._show_quantity)
            group.addButton(button)
            inner.addWidget(button)
            self.quantities[quantity] = button
        self.quantities[Quantity.TIME].setChecked(True)
        row.addWidget(segments)
        row.addStretch(1)
        row.addWidget(self.csv_button)
        row.addWidget(self.picture_button)
        return row

    @property
    def is_running(self) -> bool:
        """Whether a sweep is running."""
        return self._running is not None

    @property
    def results(self) -> dict[str, tuple[Benchmark, ...]]:
        """The benchmarks so far, by the id of the implementation."""
        return self._results.by_id()

    @property
    def status(self) -> str:
        """The progress of the running sweep in one line; empty while none runs."""
        return self.tr("Sweep: {0}").format(" ".join(self.meter.words.split())) if self.is_running else ""

    @property
    def can_cancel(self) -> bool:
        """Whether :meth:`cancel` has an effect now."""
        return self.cancel_button.isEnabled()

    @property
    def kills(self) -> bool:
        """Whether :meth:`cancel` would kill."""
        return self.cancel_button.kills

    def cancel(self) -> None:
        """Click Cancel, which may have turned into Kill."""
        self.cancel_button.click()

    def showEvent(self, event: QShowEvent) -> None:
        """Focus the form, where Enter starts the sweep."""
        super().showEvent(event)
        self.form.values.setFocus()

    def changeEvent(self, event: QEvent) -> None:
        """Tell when the window is activated."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.activated.emit()

    def suggest_variables(self, names: Sequence[str]) -> None:
        """Offer the variables that ``number_variables`` finds in the current snippet."""
        self.form.suggest_variables(names)

    def set_implementations(self, implementations: Sequence[Implementation], preferred: str = "") -> None:
        """List the implementations; the preferred one is ticked until the user ticks others."""
        self._labels = {each.id: each.label for each in implementations}
        self.form.set_implementations(implementations, preferred)

    def begin(self, request: SweepRequest) -> None:
        """Clear the chart for a sweep that is about to start."""
        self._running = request
        self._results = SweepResults(request, [self._labels.get(each, each) for each in request.implementations])
        self._show_progress(0.0, self.tr("starting"))
        self._refresh()

    def progress(self, implementation_id: str, event: BenchmarkProgressed) -> None:
        """Show the progress within one implementation."""
        request = self._running
        if request is None or implementation_id not in request.implementations:
            return
        number, steps = request.implementations.index(implementation_id), len(request.plan.values)
        step = min(max(event.step, 1), steps)
        within = min(event.elapsed_s / request.max_time_s, 1.0)
        share = (number * steps + step - 1 + within) / (steps * len(request.implementations))
        words = self.tr("{name} ({number} of {count})  ·  {variable} = {value} ({step} of {steps})")
        self._show_progress(
            share,
            words.format(
                name=self._results.label(implementation_id),
                number=number + 1,
                count=len(request.implementations),
                variable=request.plan.variable,
                value=number_text(request.plan.values[step - 1]),
                step=step,
                steps=steps,
            ),
        )

    def add_results(self, implementation_id: str, benchmarks: Sequence[Benchmark]) -> None:
        """Add benchmarks; one of a value that was measured before, such as a judged one, replaces it."""
        if self._results.add(implementation_id, benchmarks):
            self._refresh()

    def fail(self, implementation_id: str, sentence: str) -> None:
        """Show why an implementation failed; the others go on. The first reason is kept."""
        self._results.fail(implementation_id, sentence)
        self._refresh()

    def finish(self) -> None:
        """Show that the sweep is over: complete or cancelled."""
        if self._running is None:
            return
        self._running = None
        done, reached, wanted = self._results.counts
        words = (
            self.tr("finished: {done} values measured")
            if reached >= wanted
            else self.tr("ended: {done} of {wanted} values")
        )
        # Failed implementations counted as done; the bar must not move back.
        self._show_progress(max(self.meter.share, reached / wanted), words.format(done=done, wanted=wanted))
        self._refresh()

    def _show_progress(self, share: float, text: str) -> None:
        self.meter.set(share, text)
        self.statusChanged.emit()

    def _start(self) -> None:
        request = self.form.request()
        if request is not None and not self.is_running:
            self.begin(request)
            self.startRequested.emit(request)

    def _cancel(self) -> None:
        self._show_progress(self.meter.share, self.tr("stopping; results so far are kept"))
        self.cancelRequested.emit()

    def _show_quantity(self) -> None:
        chosen = next(quantity for quantity, button in self.quantities.items() if button.isChecked())
        self.chart.show_quantity(chosen)

    def _refresh(self) -> None:
        failures = "\n".join(self._results.failures())
        has_failed = bool(failures) and not self.is_running
        self.chart.show_curves(self._results.variable, self._results.curves(), has_failed=has_failed)
        self.note.show_words(self.chart.crossing_text(), failures)
        self._enable()

    def _enable(self) -> None:
        has_results = any(self.results.values())
        self.start_button.setEnabled(not self.is_running and self.form.request() is not None)
        self.cancel_button.set_running(self.is_running)
        self.form.setEnabled(not self.is_running)
        self.meter.setVisible(self.is_running or has_results)
        self.csv_button.setEnabled(has_results)
        self.picture_button.setEnabled(has_results)

    def _save_csv(self) -> None:
        path = self._choose(self, self.tr("Save the sweep"), "sweep.csv", self.tr("CSV (*.csv)"))
        if path is not None:
            self._show_note(save_text(path, sweep_csv(self._results.by_label())))

    def _save_picture(self) -> None:
        path = self._choose(self, self.tr("Save the chart"), "sweep.png", self.tr("PNG picture (*.png)"))
        if path is not None:
            self._show_note(save_picture(path, self.chart.picture(self.chart.size().expandedTo(_PICTURE))))

    def _show_note(self, text: str) -> None:
        self.note.show_words(text, "\n".join(self._results.failures()))

    def _draw_icons(self) -> None:
        self.start_button.setIcon(self._icons.icon("play", "on_accent", filled=True))
        self.cancel_button.draw_icon()
        for button in (self.csv_button, self.picture_button):
            button.setIcon(self._icons.icon("save"))
