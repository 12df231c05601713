"""The line above a track: its title at the left, its curves with their values at the right."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QStaticText

from gpuplayground.ui.monitor.track_specs import TrackSpec
from gpuplayground.ui.widgets.theme import Theme, ui_font

#: Height of the line in pixels.
STRIP_PX = 17
_CHIP = 7


class TrackStrip:
    """What is written above a track, and painting it. A widget of its own would make a hole in the plots' view."""

    def __init__(self, spec: TrackSpec) -> None:
        self._spec = spec
        self._suffix = spec.unit
        self._title_font, self._label_font = ui_font(11, QFont.Weight.Medium), ui_font(11)
        self._value_font = ui_font(12, QFont.Weight.DemiBold)
        self._metrics, self._value_metrics = QFontMetrics(self._label_font), QFontMetrics(self._value_font)
        self._title_width = QFontMetrics(self._title_font).horizontalAdvance(spec.title)
        self._label_widths = tuple(self._metrics.horizontalAdvance(curve.label) for curve in spec.curves)
        # Words that stay are shaped once; figures are cheap to shape.
        self._title = _still(spec.title, self._title_font)
        self._labels = tuple(_still(curve.label, self._label_font) for curve in spec.curves)
        self.area = QRect()
        self.values: tuple[str, ...] = ("",) * len(spec.curves)

    @property
    def spoken(self) -> str:
        """The figures as a sentence for a screen reader."""
        pairs = zip(self._spec.curves, self.values, strict=True)
        return f"{self._spec.title}: " + ", ".join(f"{curve.label} {value} {self._suffix}" for curve, value in pairs)

    def set_values(self, values: tuple[str, ...], suffix: str) -> bool:
        """Take other figures and their unit, as in ``/ 700 W``; return whether anything is written differently."""
        if (values, suffix) == (self.values, self._suffix):
            return False
        self.values, self._suffix = values, suffix
        return True

    def paint(self, painter: QPainter, theme: Theme) -> None:
        """Write the title, then the curves from the right as far as there is room."""
        area, baseline = self.area, self.area.top() + STRIP_PX - 5
        top = baseline - self._metrics.ascent()
        text, muted = theme.color("text"), theme.color("muted")
        painter.setFont(self._title_font)
        painter.setPen(muted)
        painter.drawStaticText(area.left() + 10, top, self._title)
        least = area.left() + 20 + self._title_width
        x = area.right() - 11 - self._metrics.horizontalAdvance(self._suffix)
        painter.setFont(self._label_font)
        painter.drawText(x, baseline, self._suffix)
        for number in reversed(range(len(self.values))):
            x -= 4 + self._value_metrics.horizontalAdvance(self.values[number])
            painter.setFont(self._value_font)
            painter.setPen(text)
            painter.drawText(x, baseline, self.values[number])
            if x - self._label_widths[number] - 2 * _CHIP > least:
                x -= 5 + self._label_widths[number]
                painter.setFont(self._label_font)
                painter.setPen(muted)
                painter.drawStaticText(x, top, self._labels[number])
            x -= 5 + _CHIP
            painter.fillRect(x, baseline - _CHIP, _CHIP, _CHIP, theme.color(self._spec.curves[number].metric.role))
            x -= 10


def _still(words: str, font: QFont) -> QStaticText:
    text = QStaticText(words)
    text.setTextFormat(Qt.TextFormat.PlainText)
    text.prepare(font=font)
    return text
