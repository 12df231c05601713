"""The headline of a benchmark: its median in large type, the verdict beside it, and the reasons below."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from gpuplayground.benchmarks.figures import half_width_text, interval_sentence, title
from gpuplayground.benchmarks.statistics import Summary
from gpuplayground.model.benchmarks import Benchmark, FlagKind
from gpuplayground.ui.widgets.flow_layout import FlowLayout
from gpuplayground.ui.widgets.pill import Pill
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme, ui_font
from gpuplayground.units import DASH, duration


class Headline(QWidget):
    """Shows the median, its confidence interval and the verdict."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.figure, self.width_label = PlainLabel(), PlainLabel()
        self.figure.setFont(ui_font(26, QFont.Weight.DemiBold))
        self.width_label.setFont(ui_font(15))
        self.width_label.setProperty("role", "muted")
        self.subject, self.interval, self.reasons = _small(), _small(), _small()
        self.reasons.setProperty("role", "")
        self.error = _small()
        self.error.setProperty("role", "error")
        self.pills: list[Pill] = []
        self._row = FlowLayout(spacing=8)
        self._row.addWidget(self.figure)
        self._row.addWidget(self.width_label)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.subject)
        column.addLayout(self._row)
        for label in (self.interval, self.error, self.reasons):
            column.addWidget(label)
        self.figure.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def show_benchmark(self, benchmark: Benchmark, times: Summary | None, *, is_verdict_pending: bool) -> None:
        """Show a benchmark; ``times`` is None if nothing was measured.

        If the benchmark has no verdict, ``is_verdict_pending`` tells whether one is still to come.
        """
        lines = (
            self.tr("line {first}") if benchmark.first_line == benchmark.last_line else self.tr("lines {first}–{last}")
        )
        place = lines.format(first=benchmark.first_line, last=benchmark.last_line)
        # A benchmark without a title is named by its lines.
        name = title(benchmark)
        self.subject.setText(name if benchmark.label == place else f"{name}  ·  {place}")
        self.figure.setText(DASH if times is None else duration(times.median))
        self.width_label.setText(half_width_text(times.half_width) if times is not None and times.has_interval else "")
        self.width_label.setVisible(bool(self.width_label.text()))
        self.interval.setText("" if times is None else interval_sentence(times))
        self.error.setText(benchmark.error)
        self.error.setToolTip(plainly(benchmark.error_text))
        for label in (self.interval, self.error):
            label.setVisible(bool(label.text()))
        findings = [(_pill_text(flag.kind), flag_role(flag.kind), flag.sentence) for flag in benchmark.verdict]
        if times is not None and not findings:
            findings = [self._no_verdict(is_pending=is_verdict_pending)]
        self._show_verdict(findings)

    def _no_verdict(self, *, is_pending: bool) -> tuple[str, str, str]:
        """Return the pill's text, its role and the sentence of a benchmark without a verdict."""
        if is_pending:
            waiting = self.tr("Waiting for the monitor's last samples; the verdict follows in a moment.")
            return self.tr("JUDGING…"), "muted", waiting
        never = self.tr("GPU Playground was closed before the monitor's last samples. Measure again for a verdict.")
        return self.tr("NOT JUDGED"), "muted", never

    def _show_verdict(self, findings: list[tuple[str, str, str]]) -> None:
        """Show a pill and a sentence for each finding: text, role, sentence."""
        for pill in self.pills:
            self._row.removeWidget(pill)
            pill.deleteLater()
        self.pills = []
        for text, role, sentence in findings:
            pill = Pill(self._theme)
            self._row.addWidget(pill)
            pill.set(text, role)
            pill.setToolTip(plainly(sentence))
            self.pills.append(pill)
        sentences = [sentence for _, _, sentence in findings]
        bullet = "•  " if len(sentences) > 1 else ""
        self.reasons.setText("\n".join(f"{bullet}{sentence}" for sentence in sentences))
        self.reasons.setVisible(bool(sentences))
        self._row.invalidate()
        self.updateGeometry()


def flag_role(kind: FlagKind) -> str:
    """Return the colour role of a finding."""
    return "good" if kind is FlagKind.STEADY else "warning"


def _pill_text(kind: FlagKind) -> str:
    return str(kind).upper()


def _small() -> QLabel:
    label = PlainLabel()
    label.setFont(ui_font(12))
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label
