"""The line above a track: its title at the left, its curves with their values at the right."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gpuplayground.ui.monitor.track_specs import TrackSpec
from gpuplayground.ui.theme import Theme, ui_font

#: Height of the line in pixels.
STRIP_PX = 17
_CHIP = 7


class TrackStrip(QWidget):
    """Paints itself, and only when a figure has changed as it is written."""

    def __init__(self, theme: Theme, spec: TrackSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._spec = theme, spec
        self._values: tuple[str, ...] = ("",) * len(spec.curves)
        self._suffix = spec.unit
        self._title_font, self._label_font = ui_font(11, QFont.Weight.Medium), ui_font(11)
        self._value_font = ui_font(12, QFont.Weight.DemiBold)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(spec.title)
        theme.changed.connect(self.update)

    @property
    def values(self) -> tuple[str, ...]:
        """The figures as they are written, one per curve."""
        return self._values

    def show_values(self, values: tuple[str, ...], suffix: str) -> None:
        """Write other figures; ``suffix`` is the unit, with the limit where there is one: ``/ 700 W``."""
        if (values, suffix) == (self._values, self._suffix):
            return
        self._values, self._suffix = values, suffix
        pairs = zip(self._spec.curves, values, strict=True)
        self.setAccessibleDescription(", ".join(f"{curve.label} {value} {suffix}" for curve, value in pairs))
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of one line."""
        return QSize(200, STRIP_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write the title, then the curves from the right as far as there is room."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("panel"))
        baseline = STRIP_PX - 5
        painter.setFont(self._title_font)
        painter.setPen(self._theme.color("muted"))
        painter.drawText(10, baseline, self._spec.title)
        least = 10 + QFontMetrics(self._title_font).horizontalAdvance(self._spec.title) + 10
        x = self.width() - 12
        pairs = list(zip(self._spec.curves, self._values, strict=True))
        x = self._write(painter, x, baseline, self._suffix, self._label_font, "muted") - 4
        for curve, value in reversed(pairs):
            x = self._write(painter, x, baseline, value, self._value_font, "text") - 5
            width = QFontMetrics(self._label_font).horizontalAdvance(curve.label)
            if x - width - _CHIP - 5 > least:
                x = self._write(painter, x, baseline, curve.label, self._label_font, "muted") - 5
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color(curve.role))
            painter.drawRoundedRect(QRectF(x - _CHIP, baseline - _CHIP - 0.5, _CHIP, _CHIP), 2, 2)
            x -= _CHIP + 12

    def _write(self, painter: QPainter, right: int, baseline: int, text: str, font: QFont, role: str) -> int:
        """Write a text that ends at ``right``; return where it begins."""
        left = right - QFontMetrics(font).horizontalAdvance(text)
        painter.setFont(font)
        painter.setPen(self._theme.color(role))
        painter.drawText(left, baseline, text)
        return left
