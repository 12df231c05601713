"""The line above a track: its title at the left, its curves with their values at the right."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QFont, QFontMetrics, QPainter

from gpuplayground.ui.monitor.track_specs import TrackSpec
from gpuplayground.ui.theme import Theme, ui_font

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
        self._title_metrics, self._metrics = QFontMetrics(self._title_font), QFontMetrics(self._label_font)
        self._value_metrics = QFontMetrics(self._value_font)
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
        text, muted = theme.color("text"), theme.color("muted")
        painter.setFont(self._title_font)
        painter.setPen(muted)
        painter.drawText(area.left() + 10, baseline, self._spec.title)
        least = area.left() + 20 + self._title_metrics.horizontalAdvance(self._spec.title)
        x = area.right() - 11 - self._metrics.horizontalAdvance(self._suffix)
        painter.setFont(self._label_font)
        painter.drawText(x, baseline, self._suffix)
        for curve, value in reversed(list(zip(self._spec.curves, self.values, strict=True))):
            x -= 4 + self._value_metrics.horizontalAdvance(value)
            painter.setFont(self._value_font)
            painter.setPen(text)
            painter.drawText(x, baseline, value)
            width = self._metrics.horizontalAdvance(curve.label)
            if x - width - 2 * _CHIP > least:
                x -= 5 + width
                painter.setFont(self._label_font)
                painter.setPen(muted)
                painter.drawText(x, baseline, curve.label)
            x -= 5 + _CHIP
            painter.fillRect(x, baseline - _CHIP, _CHIP, _CHIP, theme.color(curve.role))
            x -= 10
