"""A bar chart of the GPU memory before, at the peak of, and after a run, and whether all of it was freed."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gpuplayground.receipts.receipt import Receipt
from gpuplayground.ui.widgets.chart_surface import Surface, solid
from gpuplayground.ui.widgets.theme import Theme, align_right, ui_font
from gpuplayground.units import memory_size

_ROW, _BAR = 19.0, 8.0
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class MemoryBars(Surface):
    """Shows the memory of the whole device, other processes included."""

    def __init__(self, receipt: Receipt, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, QSize(280, int(3 * _ROW) + 2), parent)
        self._receipt = receipt
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("GPU memory before, during and after the run"))
        self.setAccessibleDescription("; ".join(f"{name} {memory_size(amount)}" for name, amount in self.rows()))

    def rows(self) -> list[tuple[str, int | None]]:
        """Return the name and the bytes of each bar."""
        receipt = self._receipt
        return [
            (self.tr("Before"), receipt.device_before_bytes),
            (self.tr("Peak"), receipt.device_peak_bytes),
            (self.tr("After"), receipt.device_after_bytes),
        ]

    def verdict(self) -> tuple[str, str]:
        """Return in words whether the memory was freed, and their colour role; an empty text where it is unknown."""
        if self._receipt.came_back is None:
            return "", "muted"
        return (self.tr("freed"), "good") if self._receipt.came_back else (self.tr("not all freed"), "warning")

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the bars with their names and values."""
        font = ui_font(11)
        metrics = QFontMetricsF(font)
        words, role = self.verdict()
        names = max(metrics.horizontalAdvance(name) for name, _ in self.rows()) + 10
        figures = max(metrics.horizontalAdvance(memory_size(amount)) for _, amount in self.rows()) + 10
        note = metrics.horizontalAdvance(words) + 26 if words else 0.0
        top = max((amount for _, amount in self.rows() if amount), default=0)
        painter.setFont(font)
        for number, (name, amount) in enumerate(self.rows()):
            row = QRectF(area.left(), area.top() + number * _ROW, area.width(), _ROW)
            painter.setPen(self.theme.color("muted"))
            painter.drawText(row, _LEFT, name)
            track = QRectF(row.left() + names, row.center().y() - _BAR / 2, 0, _BAR)
            track.setRight(row.right() - figures - note)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.color("grid"))
            painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)
            if amount and top:
                painter.setBrush(self.theme.color("memory", 1.0 if number == 1 else 0.6))
                bar = QRectF(track)
                bar.setWidth(max(_BAR, track.width() * amount / top))
                painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
            painter.setPen(self.theme.color("text"))
            painter.drawText(QRectF(track.right(), row.top(), figures, _ROW), align_right(), memory_size(amount))
            if number == 2 and words:
                self._draw_verdict(painter, QRectF(row.right() - note, row.top(), note, _ROW), words, role)

    def _draw_verdict(self, painter: QPainter, box: QRectF, words: str, role: str) -> None:
        painter.setPen(solid(self.theme.color(role), 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        left, middle = box.left() + 10, box.center().y()
        if role == "good":
            tick = (QPointF(left, middle), QPointF(left + 3, middle + 3), QPointF(left + 9, middle - 4))
            painter.drawPolyline(QPolygonF(tick))
        else:
            painter.drawLine(QPointF(left + 4, middle - 5), QPointF(left + 4, middle + 1))
            painter.drawPoint(QPointF(left + 4, middle + 4))
        painter.drawText(box.adjusted(22, 0, 4, 0), _LEFT, words)
