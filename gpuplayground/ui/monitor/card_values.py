"""Drawing the figures of a card: the only text that changes with every reading."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QFont, QFontMetrics, QPainter, QPen

from gpuplayground.ui.monitor.card_geometry import CardGeometry, Column
from gpuplayground.ui.monitor.figures import Figure
from gpuplayground.ui.widgets.theme import Theme, ui_font

_ZEROS = str.maketrans("123456789", "000000000")


class FigurePainter:
    """Draws figures in one theme and size, and keeps fonts, pens and text widths: making them costs most."""

    def __init__(self, theme: Theme, place: CardGeometry, *, dimmed: bool) -> None:
        self._value_font = ui_font(place.value_pixels, QFont.Weight.DemiBold)
        self._unit_font = ui_font(place.unit_pixels)
        self._value_metrics, self._unit_metrics = QFontMetrics(self._value_font), QFontMetrics(self._unit_font)
        self._widths: dict[tuple[str, bool], int] = {}
        self._value_pen = QPen(theme.color("faint" if dimmed else "text"))
        self._unit_pen = QPen(theme.color("faint" if dimmed else "muted"))
        self._bars = {column.key: QBrush(theme.color("faint" if dimmed else column.key)) for column in place.columns}

    def draw(self, painter: QPainter, figure: Figure, column: Column) -> None:
        """Draw one figure, its unit and its bar into the column's area, over what the face has drawn there."""
        area = column.area
        painter.setFont(self._value_font)
        painter.setPen(self._value_pen if figure.unit else self._unit_pen)
        painter.drawText(area.left(), column.baseline, figure.value)
        x = area.left() + self._width(figure.value, value=True) + 4
        room = area.right() - x
        unit = figure.unit if self._width(figure.unit, value=False) <= room else figure.short_unit
        painter.setFont(self._unit_font)
        painter.setPen(self._unit_pen)
        painter.drawText(x, column.baseline, unit)
        if figure.fraction:
            bar = QRectF(column.bar)
            bar.setWidth(max(2.0, bar.width() * figure.fraction))
            radius = min(bar.height(), bar.width()) / 2
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._bars[figure.key])
            painter.drawRoundedRect(bar, radius, radius)

    def _width(self, text: str, *, value: bool) -> int:
        """Return the width of a text. Figures are tabular, so all digits count as zeros and few widths are needed."""
        key = (text.translate(_ZEROS), value)
        width = self._widths.get(key)
        if width is None:
            metrics = self._value_metrics if value else self._unit_metrics
            width = self._widths[key] = metrics.horizontalAdvance(key[0])
        return width
