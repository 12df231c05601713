"""Base of painted charts: repainting with the theme, mouse tracking, export as an image."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gpuplayground.ui.widgets.theme import Theme, ui_font

#: Images are saved at twice the size on screen, so that they are sharp in a document.
PICTURE_SCALE = 2.0


class Surface(QWidget):
    """A widget that paints itself in :meth:`draw` and tracks the mouse in :attr:`mouse` (None outside)."""

    def __init__(self, theme: Theme, hint: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.mouse: QPointF | None = None
        self._hint = hint
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, min(hint.height(), 60))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return self._hint

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the chart into ``area``; to be overridden."""
        raise NotImplementedError

    def picture(self, size: QSize | None = None) -> QImage:
        """Return the chart as an image of twice the size, without the marks at the mouse."""
        size = size or self.size()
        image = QImage(size * PICTURE_SCALE, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(PICTURE_SCALE)
        image.fill(self.theme.color("panel"))
        painter = QPainter(image)
        mouse, self.mouse = self.mouse, None
        self._start(painter)
        self.draw(painter, QRectF(0, 0, size.width(), size.height()))
        self.mouse = mouse
        painter.end()
        return image

    def _start(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(ui_font(11))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the chart."""
        painter = QPainter(self)
        self._start(painter)
        self.draw(painter, QRectF(self.rect()))
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse."""
        super().mouseMoveEvent(event)
        self.mouse = event.position()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the mouse."""
        super().leaveEvent(event)
        self.mouse = None
        self.update()


def solid(color: QColor, width: float = 1.0) -> QPen:
    """Return a pen with square ends."""
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def dashed(color: QColor, width: float = 1.0) -> QPen:
    """Return a dashed pen."""
    pen = QPen(color, width, Qt.PenStyle.DashLine)
    pen.setDashPattern([4, 3])
    return pen


def draw_tip(painter: QPainter, theme: Theme, area: QRectF, at: QPointF, text: str) -> None:
    """Draw a tooltip with lines of text beside a point, inside ``area``."""
    painter.setFont(ui_font(11))
    box = painter.boundingRect(area, Qt.AlignmentFlag.AlignLeft, text).adjusted(-8, -5, 8, 5)
    left = at.x() + 12 if at.x() + 12 + box.width() <= area.right() else at.x() - 12 - box.width()
    top = min(max(at.y() - box.height() / 2, area.top()), area.bottom() - box.height())
    box.moveTo(max(area.left(), left), top)
    painter.setPen(theme.color("border"))
    painter.setBrush(theme.color("card"))
    painter.drawRoundedRect(box, 6, 6)
    painter.setPen(theme.color("text"))
    painter.drawText(box.adjusted(8, 5, -8, -5), Qt.AlignmentFlag.AlignLeft, text)
