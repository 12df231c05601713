"""The progress of a running benchmark: phase, median so far, precision against its target, and time used."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gpuplayground.benchmarks.figures import TARGET_HALF_WIDTH, half_width_text
from gpuplayground.model.benchmarks import BenchmarkPlan, Phase
from gpuplayground.model.events import BenchmarkProgressed
from gpuplayground.ui.widgets.chart_surface import Surface
from gpuplayground.ui.widgets.elided_label import ElidedLabel
from gpuplayground.ui.widgets.meter import Meter
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme, ui_font
from gpuplayground.units import duration

_PHASES = tuple(Phase)
#: A name is shortened down to this width; below it the value is left out instead.
_LEAST_NAME_PX = 40
#: Relative half-width at which the precision bar is empty.
_WIDEST = 0.5


def convergence(half_width: float | None, target: float) -> float:
    """Return the progress of a relative half-width from 50 % to its target, from 0 to 1, on a logarithmic scale.

    The interval shrinks with the square root of the number of samples, so progress is linear in the logarithm of time.
    """
    if half_width is None or half_width >= _WIDEST:
        return 0.0
    if half_width <= target:
        return 1.0
    return math.log(_WIDEST / half_width) / math.log(_WIDEST / target)


class WholeLabel(PlainLabel):
    """One line of plain text, hidden if it does not fit completely: a cut number would be a wrong one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setMinimumWidth(1)

    @property
    def is_whole(self) -> bool:
        """Whether the text fits."""
        return self.width() >= self.sizeHint().width()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the whole text or nothing."""
        if self.is_whole:
            super().paintEvent(event)


class SubjectLabel(ElidedLabel):
    """A name followed by the value of a sweep; if they do not fit, the name is elided and the value kept."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = ""

    def show_subject(self, name: str, value: str) -> None:
        """Show a name and a value, which may be empty."""
        self._value = f"  ·  {value}" if value else ""
        self.setText(name + self._value)

    @property
    def shown(self) -> str:
        """The text as drawn."""
        metrics, room = self.fontMetrics(), self.contentsRect().width()
        if metrics.horizontalAdvance(self.text()) <= room:
            return self.text()
        value = self._value
        if room - metrics.horizontalAdvance(value) < _LEAST_NAME_PX:
            value = ""
        name = self.text().removesuffix(self._value)
        beside = room - metrics.horizontalAdvance(value)
        return metrics.elidedText(name, Qt.TextElideMode.ElideRight, beside) + value


class PhaseSteps(Surface):
    """The four phases in a row; the current one is highlighted."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, QSize(360, 20), parent)
        self._phase = Phase.SET_UP
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(20)
        self.setAccessibleName(self.tr("Phase of the benchmark"))

    def show_phase(self, phase: Phase) -> None:
        """Show the current phase."""
        self._phase = phase
        self.setAccessibleDescription(self.name(phase))
        self.update()

    def name(self, phase: Phase) -> str:
        """Return the name of a phase."""
        return {
            Phase.SET_UP: self.tr("Set-up"),
            Phase.WARMING_UP: self.tr("Warm-up"),
            Phase.SAMPLING: self.tr("Sampling"),
            Phase.TRACING: self.tr("GPU time"),
        }[phase]

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint a dot and a name for each phase."""
        left, current = area.left(), _PHASES.index(self._phase)
        bold = QFontMetricsF(ui_font(12, QFont.Weight.DemiBold))
        has_room = sum(bold.horizontalAdvance(self.name(phase)) + 34 for phase in _PHASES) - 20 <= area.width()
        for number, phase in enumerate(_PHASES):
            font = ui_font(12, QFont.Weight.DemiBold if number == current else QFont.Weight.Normal)
            role = "good" if number < current else "accent" if number == current else "faint"
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.color(role))
            painter.drawEllipse(QRectF(left, area.center().y() - 3.5, 7, 7))
            name = self.name(phase) if has_room or number == current else ""
            width = QFontMetricsF(font).horizontalAdvance(name)
            painter.setFont(font)
            painter.setPen(self.theme.color("text" if number == current else "muted" if number < current else "faint"))
            box = QRectF(left + 13, area.top(), width + 4, area.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            left += 13 + width + (21 if has_room else 8) if name else 14


class LiveView(QScrollArea):
    """Shows the progress of a benchmark. Its size hint does not depend on its content, so nothing moves."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = BenchmarkPlan(1, 1, "")
        self.subject, self.step = SubjectLabel(), PlainLabel()
        self.figure, self.half_width, self.samples = PlainLabel(), WholeLabel(), WholeLabel()
        for label in (self.subject, self.step, self.half_width, self.samples):
            label.setProperty("role", "muted")
        for label in (self.subject, self.step, self.samples):
            label.setFont(ui_font(12))
        self.figure.setFont(ui_font(26, QFont.Weight.DemiBold))
        self.half_width.setFont(ui_font(15))
        self.half_width.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        # The sample count gets the remaining width: the precision matters more.
        self.samples.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.samples.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.phases = PhaseSteps(theme)
        self.precision = Meter(self.tr("Precision"), "accent", theme)
        self.time = Meter(self.tr("Time"), "memory", theme)
        self.time.setToolTip(self.tr("Warm-up and sampling; the first execution, which may compile, has no limit"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Progress of the benchmark"))
        self._lay_out()

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setBackgroundRole(QPalette.ColorRole.Base)
        above, row = QHBoxLayout(), QHBoxLayout()
        above.setSpacing(12)
        above.addWidget(self.subject, 1)
        above.addWidget(self.step)
        row.setSpacing(8)
        row.addWidget(self.figure)
        row.addWidget(self.half_width)
        row.addWidget(self.samples, 1)
        column = QVBoxLayout(inside)
        # The subject is where the result will show it.
        column.setContentsMargins(14, 10, 14, 4)
        column.setSpacing(5)
        column.addLayout(above)
        column.addWidget(self.phases)
        column.addLayout(row)
        column.addWidget(self.precision)
        column.addWidget(self.time)
        column.addStretch(1)
        self.setWidget(inside)

    def begin(self, plan: BenchmarkPlan) -> None:
        """Start over for a new plan."""
        self._plan = plan
        steps = 1 if plan.sweep is None else len(plan.sweep.values)
        self.progress(BenchmarkProgressed("", Phase.SET_UP, steps=steps))

    def progress(self, event: BenchmarkProgressed) -> None:
        """Show the progress of the plan."""
        self._show_subject(event)
        self.phases.show_phase(event.phase)
        self._show_figure(event.median_ns)
        self.half_width.setText("" if event.half_width is None else half_width_text(event.half_width))
        count = self.tr("1 sample") if event.samples == 1 else self.tr("{count} samples")
        self.samples.setText(count.format(count=f"{event.samples:,}") if event.samples else "")
        self.precision.set(convergence(event.half_width, TARGET_HALF_WIDTH), self._precision_text(event.half_width))
        self.time.set(event.elapsed_s / self._plan.max_time_s, self._time_text(event))

    def _show_figure(self, median_ns: float | None) -> None:
        self.figure.setText(duration(median_ns))
        # The dash before the first median is muted.
        role = "muted" if median_ns is None else ""
        if role != self.figure.property("role"):
            self.figure.setProperty("role", role)
            self.figure.style().unpolish(self.figure)
            self.figure.style().polish(self.figure)

    def _show_subject(self, event: BenchmarkProgressed) -> None:
        sweep = self._plan.sweep
        value = f"{sweep.variable} = {sweep.values[event.step - 1]}" if sweep is not None else ""
        self.subject.show_subject(self._plan.label, value)
        self.step.setText(self.tr("value {step} of {steps}").format(step=event.step, steps=event.steps))
        self.step.setVisible(sweep is not None)

    def _precision_text(self, half_width: float | None) -> str:
        target = self.tr("target {target}").format(target=half_width_text(TARGET_HALF_WIDTH))
        return target if half_width is None else f"{half_width_text(half_width)}, {target}"

    def _time_text(self, event: BenchmarkProgressed) -> str:
        limit_s = self._plan.max_time_s
        if event.phase is Phase.SET_UP:
            words = self.tr("at most {limit:g} s")
        elif event.phase is Phase.TRACING:
            words = self.tr("{used:.1f} s")
        elif event.elapsed_s < limit_s + 0.05:
            words = self.tr("{used:.1f} s of at most {limit:g} s")
        else:
            words = self.tr("{used:.1f} s, limit {limit:g} s")
        return words.format(used=event.elapsed_s, limit=limit_s)
