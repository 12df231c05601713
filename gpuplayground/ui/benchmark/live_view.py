"""A benchmark under way: its phase, the median so far, how near the interval is to its target, and the time used."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gpuplayground.playground.benchmark_figures import TARGET_HALF_WIDTH, half_width_text
from gpuplayground.playground.benchmark_results import BenchmarkPlan, Phase
from gpuplayground.playground.events import BenchmarkProgressed
from gpuplayground.ui.benchmark.meter import Meter, convergence
from gpuplayground.ui.charts.surface import Surface
from gpuplayground.ui.theme import Theme, ui_font
from gpuplayground.units import DASH, duration

_PHASES = tuple(Phase)


class PhaseSteps(Surface):
    """The four phases in a row: those that are over ticked off, the present one in the accent."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, QSize(360, 20), parent)
        self._phase = Phase.SET_UP
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(20)
        self.setAccessibleName(self.tr("Phase of the benchmark"))

    def show_phase(self, phase: Phase) -> None:
        """Show where the benchmark stands."""
        self._phase = phase
        self.setAccessibleDescription(self.name(phase))
        self.update()

    def name(self, phase: Phase) -> str:
        """Return what a phase is called."""
        return {
            Phase.SET_UP: self.tr("Set-up"),
            Phase.WARMING_UP: self.tr("Warm-up"),
            Phase.SAMPLING: self.tr("Sampling"),
            Phase.TRACING: self.tr("GPU time"),
        }[phase]

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint a dot and a name for each phase."""
        left, present = area.left(), _PHASES.index(self._phase)
        bold = QFontMetricsF(ui_font(12, QFont.Weight.DemiBold))
        has_room = sum(bold.horizontalAdvance(self.name(phase)) + 34 for phase in _PHASES) - 20 <= area.width()
        for number, phase in enumerate(_PHASES):
            font = ui_font(12, QFont.Weight.DemiBold if number == present else QFont.Weight.Normal)
            role = "good" if number < present else "accent" if number == present else "faint"
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.color(role))
            painter.drawEllipse(QRectF(left, area.center().y() - 3.5, 7, 7))
            name = self.name(phase) if has_room or number == present else ""
            width = QFontMetricsF(font).horizontalAdvance(name)
            painter.setFont(font)
            painter.setPen(self.theme.color("text" if number == present else "muted" if number < present else "faint"))
            box = QRectF(left + 13, area.top(), width + 4, area.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            left += width + (34 if name else 13)


class LiveView(QWidget):
    """Fills while a benchmark runs."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limit_s = 1.0
        self.step, self.figure, self.half_width, self.samples = QLabel(), QLabel(), QLabel(), QLabel()
        for label in (self.step, self.half_width, self.samples):
            label.setProperty("role", "muted")
        self.figure.setFont(ui_font(26, QFont.Weight.DemiBold))
        self.half_width.setFont(ui_font(15))
        self.phases = PhaseSteps(theme)
        self.precision = Meter(self.tr("Precision"), "accent", theme)
        self.time = Meter(self.tr("Time"), "memory", theme)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.figure)
        row.addWidget(self.half_width)
        row.addStretch(1)
        row.addWidget(self.samples)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        column.addWidget(self.step)
        column.addWidget(self.phases)
        column.addLayout(row)
        column.addWidget(self.precision)
        column.addWidget(self.time)
        column.addStretch(1)

    def begin(self, plan: BenchmarkPlan) -> None:
        """Start over for a plan."""
        self._limit_s = plan.max_time_s
        self.step.setText(plan.label)
        self._show(Phase.SET_UP, BenchmarkProgressed("", Phase.SET_UP))

    def progress(self, event: BenchmarkProgressed, plan: BenchmarkPlan) -> None:
        """Show how far it is."""
        words = plan.label
        if plan.sweep is not None and 1 <= event.step <= len(plan.sweep.values):
            value = plan.sweep.values[event.step - 1]
            words = self.tr("{label}  ·  {name} = {value}  ·  value {step} of {steps}").format(
                label=plan.label, name=plan.sweep.variable, value=value, step=event.step, steps=event.steps
            )
        self.step.setText(words)
        self._show(event.phase, event)

    def _show(self, phase: Phase, event: BenchmarkProgressed) -> None:
        self.phases.show_phase(phase)
        self.figure.setText(duration(event.median_ns))
        self.half_width.setText("" if event.half_width is None else half_width_text(event.half_width))
        count = self.tr("1 sample") if event.samples == 1 else self.tr("{count} samples")
        self.samples.setText(count.format(count=f"{event.samples:,}") if event.samples else "")
        reached = DASH if event.half_width is None else half_width_text(event.half_width)
        goal = self.tr("{reached}, target {target}").format(reached=reached, target=half_width_text(TARGET_HALF_WIDTH))
        self.precision.set(convergence(event.half_width, TARGET_HALF_WIDTH), goal)
        used = self.tr("{used:.1f} s of at most {limit:g} s").format(used=event.elapsed_s, limit=self._limit_s)
        self.time.set(event.elapsed_s / self._limit_s if self._limit_s else 0.0, used)
