"""The window of a sweep: what to measure at the left, the curves at the right. Not modal."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gpuplayground.playground.benchmark_results import Benchmark
from gpuplayground.playground.events import BenchmarkProgressed
from gpuplayground.playground.sweep_curves import curve_of, sweep_csv
from gpuplayground.ui.benchmark.meter import Meter
from gpuplayground.ui.charts.saving import ChooseFile, choose_by_dialog, save_picture, save_text
from gpuplayground.ui.charts.ticks import number_text
from gpuplayground.ui.icons import Icons
from gpuplayground.ui.sweep.cancel_button import CancelButton
from gpuplayground.ui.sweep.chart import SweepChart
from gpuplayground.ui.sweep.chart_frame import Quantity
from gpuplayground.ui.sweep.form import SweepForm
from gpuplayground.ui.sweep.request import Implementation, SweepRequest
from gpuplayground.ui.theme import Theme

_FORM_WIDTH = 300
_PICTURE = QSize(960, 600)


class SweepDialog(QDialog):
    """``startRequested`` carries a :class:`SweepRequest`; what comes of it is told by the methods below."""

    startRequested = Signal(object)
    cancelRequested = Signal()
    killRequested = Signal()

    def __init__(
        self, theme: Theme, icons: Icons, parent: QWidget | None = None, choose: ChooseFile = choose_by_dialog
    ) -> None:
        super().__init__(parent)
        self._icons, self._choose = icons, choose
        self._labels: dict[str, str] = {}
        self._running: SweepRequest | None = None
        self._variable = "n"
        self._shown: dict[str, str] = {}
        self._results: dict[str, list[Benchmark]] = {}
        self._failures: dict[str, str] = {}
        self.setWindowTitle(self.tr("Sweep"))
        self.resize(1060, 640)
        self.form, self.chart = SweepForm(theme), SweepChart(theme)
        self.meter = Meter(self.tr("Progress"), "accent", theme)
        self.note = QLabel()
        self.start_button, self.cancel_button = QPushButton(self.tr("Start")), CancelButton(icons)
        self.csv_button, self.picture_button = QPushButton(self.tr("Save CSV…")), QPushButton(self.tr("Save PNG…"))
        self.quantities: dict[Quantity, QToolButton] = {}
        self._set_up_buttons()
        self._lay_out()
        self.form.changed.connect(self._enable)
        theme.changed.connect(self._draw_icons)
        self._draw_icons()
        self._refresh()

    def _set_up_buttons(self) -> None:
        for button, tip, act in (
            (self.start_button, self.tr("Measure the ticked implementations over the values"), self._start),
            (self.csv_button, self.tr("Save every measured value as CSV"), self._save_csv),
            (self.picture_button, self.tr("Save the chart as a PNG picture"), self._save_picture),
        ):
            button.setToolTip(tip)
            button.setAccessibleName(button.text().rstrip("…"))
            button.setAutoDefault(False)
            button.clicked.connect(act)
        self.start_button.setProperty("role", "primary")
        self.cancel_button.cancelRequested.connect(self._cancel)
        self.cancel_button.killRequested.connect(self.killRequested)

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
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
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
        segments.setAccessibleName(self.tr("What is drawn upwards"))
        inner = QHBoxLayout(segments)
        inner.setContentsMargins(3, 2, 3, 2)
        inner.setSpacing(2)
        group = QButtonGroup(self)
        for quantity, text, tip in (
            (Quantity.TIME, self.tr("Time"), self.tr("Draw the time of one repeat until the GPU is idle")),
            (Quantity.RATE, self.tr("GB/s"), self.tr("Draw the bytes moved over the time")),
        ):
            button = QToolButton()
            button.setText(text)
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setAccessibleName(text)
            button.setToolTip(tip)
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
        """Whether a sweep was started and has not finished."""
        return self._running is not None

    @property
    def results(self) -> dict[str, tuple[Benchmark, ...]]:
        """What was measured, by the id of the implementation."""
        return {key: tuple(found) for key, found in self._results.items()}

    def suggest_variables(self, names: Sequence[str]) -> None:
        """Offer variables of the current snippet, see :func:`.sweep_variables.number_variables`."""
        self.form.suggest_variables(names)

    def set_implementations(self, implementations: Sequence[Implementation]) -> None:
        """List what can be measured."""
        self._labels = {each.id: each.label for each in implementations}
        self.form.set_implementations(implementations)

    def begin(self, request: SweepRequest) -> None:
        """Get ready for a sweep that is about to start: the curves of the one before go."""
        self._running, self._variable = request, request.plan.variable
        self._shown = {each: self._labels.get(each, each) for each in request.implementations}
        self._results = {each: [] for each in request.implementations}
        self._failures = {}
        self.meter.set(0.0, self.tr("starting"))
        self._refresh()

    def progress(self, implementation_id: str, event: BenchmarkProgressed) -> None:
        """Show how far it is within one implementation."""
        request = self._running
        if request is None or implementation_id not in request.implementations:
            return
        number, steps = request.implementations.index(implementation_id), len(request.plan.values)
        step = min(max(event.step, 1), steps)
        within = min(event.elapsed_s / request.max_time_s, 1.0)
        share = (number * steps + step - 1 + within) / (steps * len(request.implementations))
        words = self.tr("{name} ({number} of {count})  ·  {variable} = {value} ({step} of {steps})")
        self.meter.set(
            share,
            words.format(
                name=self._shown[implementation_id],
                number=number + 1,
                count=len(request.implementations),
                variable=request.plan.variable,
                value=number_text(request.plan.values[step - 1]),
                step=step,
                steps=steps,
            ),
        )

    def add_result(self, implementation_id: str, benchmark: Benchmark) -> None:
        """Take what was measured at one value; one of the same value, as after it was judged, takes its place."""
        found = self._results.get(implementation_id)
        if found is None:
            return
        found[:] = [each for each in found if each.parameter != benchmark.parameter]
        found.append(benchmark)
        found.sort(key=lambda each: each.parameter[1] if each.parameter else 0)
        self._refresh()

    def fail(self, implementation_id: str, sentence: str) -> None:
        """Say why an implementation could not be measured, or no further; the others go on."""
        self._failures[implementation_id] = sentence
        self._refresh()

    def finish(self) -> None:
        """Say that the sweep is over: complete, or cancelled."""
        if self._running is None:
            return
        steps = len(self._running.plan.values)
        wanted = steps * len(self._running.implementations)
        # A curve that memory ended is complete: there is nothing more to measure.
        reached = sum(steps if any(e.out_of_memory for e in found) else len(found) for found in self._results.values())
        done = sum(bool(each.samples_ns) for found in self._results.values() for each in found)
        self._running = None
        words = (
            self.tr("finished: {done} values measured")
            if reached >= wanted
            else self.tr("ended: {done} of {wanted} values")
        )
        self.meter.set(reached / wanted, words.format(done=done, wanted=wanted))
        self._refresh()

    def _start(self) -> None:
        request = self.form.request()
        if request is not None and not self.is_running:
            self.begin(request)
            self.startRequested.emit(request)

    def _cancel(self) -> None:
        self.meter.set(self.meter.share, self.tr("stopping: what is done is kept"))
        self.cancelRequested.emit()

    def _show_quantity(self) -> None:
        chosen = next(quantity for quantity, button in self.quantities.items() if button.isChecked())
        self.chart.show_quantity(chosen)

    def _named(self) -> dict[str, list[Benchmark]]:
        """Return the results by label; two of one label are told apart by a number."""
        named: dict[str, list[Benchmark]] = {}
        for key, found in self._results.items():
            label, number = self._shown[key], 2
            while label in named:
                label, number = f"{self._shown[key]} ({number})", number + 1
            named[label] = found
        return named

    def _refresh(self) -> None:
        curves = [curve_of(label, found) for label, found in self._named().items()]
        self.chart.show_curves(self._variable, curves)
        failures = [f"{self._shown.get(key, key)}: {sentence}" for key, sentence in self._failures.items()]
        failures += [
            f"{curve.label}, {self._variable} = {number_text(value)}: {sentence}"
            for curve in curves
            for value, sentence in curve.failed_at
        ]
        lines = [line for line in (self.chart.crossing_text(), *failures) if line]
        self.note.setText("\n".join(lines))
        self.note.setVisible(bool(lines))
        self._enable()

    def _enable(self) -> None:
        has_results = any(self._results.values())
        self.start_button.setEnabled(not self.is_running and self.form.request() is not None)
        self.cancel_button.set_running(self.is_running)
        self.form.setEnabled(not self.is_running)
        self.meter.setVisible(self.is_running or has_results)
        self.csv_button.setEnabled(has_results)
        self.picture_button.setEnabled(has_results)

    def _save_csv(self) -> None:
        path = self._choose(self, self.tr("Save the sweep"), "sweep.csv", self.tr("CSV (*.csv)"))
        if path is not None:
            self._say(save_text(path, sweep_csv(self._named())))

    def _save_picture(self) -> None:
        path = self._choose(self, self.tr("Save the chart"), "sweep.png", self.tr("PNG picture (*.png)"))
        if path is not None:
            self._say(save_picture(path, self.chart.picture(self.chart.size().expandedTo(_PICTURE))))

    def _say(self, words: str) -> None:
        self.note.setText(words)
        self.note.setVisible(True)

    def _draw_icons(self) -> None:
        self.start_button.setIcon(self._icons.icon("play", "on_accent", filled=True))
        self.cancel_button.draw_icon()
        for button in (self.csv_button, self.picture_button):
            button.setIcon(self._icons.icon("save"))
