"""Paints a GPU card: the face, which rarely changes and is cached as a pixmap, and the figures over it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QFont, QFontMetrics, QPainter, QPen, QPixmap

from gpuplayground.ui.monitor.card_geometry import CardGeometry, Column
from gpuplayground.ui.monitor.card_status import CardStatus, Tag
from gpuplayground.ui.monitor.figures import Figure, label
from gpuplayground.ui.monitor.time_axis import relative_ticks
from gpuplayground.ui.widgets.theme import Theme, ui_font

_GRID_SHARES = (0.0, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Face:
    """The content of a face, apart from layout and colours."""

    status: CardStatus
    name: str
    selected: bool
    focused: bool
    hovered: bool
    range_s: int


def draw_face(face: Face, place: CardGeometry, theme: Theme, ratio: float) -> QPixmap:
    """Return the card without figures and curves as a pixmap."""
    pixmap = QPixmap(round(place.width * ratio), round(place.height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(theme.color("window"))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _surface(painter, face, place, theme)
    right = _tags(painter, face.status.tags, place, theme)
    _titles(painter, face, place, theme, right)
    _headings(painter, face, place, theme)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    _grid(painter, place, theme)
    if place.has_axes:
        _time_labels(painter, face, place, theme)
    painter.end()
    return pixmap


def _surface(painter: QPainter, face: Face, place: CardGeometry, theme: Theme) -> None:
    edge = "accent" if face.selected or face.focused else "border"
    painter.setBrush(theme.color("card"))
    painter.setPen(theme.color(edge))
    painter.drawRoundedRect(QRectF(0.5, 0.5, place.width - 1, place.height - 1), 8, 8)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if face.hovered and not face.selected:
        painter.setPen(theme.color("faint"))
        painter.drawRoundedRect(QRectF(0.5, 0.5, place.width - 1, place.height - 1), 8, 8)
    if face.focused:
        painter.setPen(theme.color("accent", 0.45))
        painter.drawRoundedRect(QRectF(2, 2, place.width - 4, place.height - 4), 6.5, 6.5)
    x, y = place.dot
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(face.status.dot_role, 0.22))
    painter.drawEllipse(QPointF(x, y), 6, 6)
    painter.setBrush(theme.color(face.status.dot_role))
    painter.drawEllipse(QPointF(x, y), 4, 4)


def _tags(painter: QPainter, tags: tuple[Tag, ...], place: CardGeometry, theme: Theme) -> int:
    """Draw the tags from the right, the most important first; return the right end of the space for the title."""
    font = ui_font(11 if not place.compact else 10)
    painter.setFont(font)
    metrics = QFontMetrics(font)
    right, height = place.header_right, 19 if not place.compact else 17
    middle = place.dot[1]
    for tag in tags:
        width = metrics.horizontalAdvance(tag.text) + (20 if not place.compact else 14)
        if right - width < place.title_left + 44:
            break
        box = QRectF(right - width + 0.5, middle - height / 2 + 0.5, width - 1, height - 1)
        painter.setBrush(theme.color(tag.role, 0.10))
        painter.setPen(theme.color(tag.role, 0.38))
        painter.drawRoundedRect(box, height / 2, height / 2)
        painter.setPen(theme.color(tag.role))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tag.text)
        right -= width + 6
    return right


def _titles(painter: QPainter, face: Face, place: CardGeometry, theme: Theme, right: int) -> None:
    title_font = ui_font(14 if not place.compact else 13, QFont.Weight.DemiBold)
    painter.setFont(title_font)
    painter.setPen(theme.color("text"))
    painter.drawText(place.title_left, place.title_baseline, face.status.title)
    x = place.title_left + QFontMetrics(title_font).horizontalAdvance(face.status.title) + 10
    # A compact card has no room for a message below its figures: it replaces the name.
    message = face.status.message if place.compact else ""
    font = ui_font(13 if not place.compact else 12)
    painter.setFont(font)
    painter.setPen(theme.color(face.status.message_role if message else "muted"))
    words = QFontMetrics(font).elidedText(message or face.name, Qt.TextElideMode.ElideRight, max(0, right - x))
    painter.drawText(x, place.title_baseline, words)


def _headings(painter: QPainter, face: Face, place: CardGeometry, theme: Theme) -> None:
    painter.setFont(ui_font(12))
    for column in place.columns:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("grid"))
        painter.drawRoundedRect(QRectF(column.bar), column.bar.height() / 2, column.bar.height() / 2)
        if column.heading is not None:
            area = column.heading
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("faint" if face.status.problem else column.key))
            painter.drawRoundedRect(QRectF(area.left(), area.center().y() - 3, 8, 8), 2, 2)
            painter.setPen(theme.color("muted"))
            painter.drawText(area.adjusted(14, 0, 8, 0), Qt.AlignmentFlag.AlignVCenter, label(column.key))


def _grid(painter: QPainter, place: CardGeometry, theme: Theme) -> None:
    plot = place.plot
    painter.setFont(ui_font(11))
    shares = _GRID_SHARES if plot.height() >= 40 else (0.0, 1.0)
    for share in shares if place.has_axes else (0.0, 1.0):
        y = plot.bottom() - round(share * (plot.height() - 1))
        painter.setPen(theme.color("border" if share == 0.0 else "grid"))
        painter.drawLine(plot.left(), y, plot.right(), y)
        if place.has_axes:
            painter.setPen(theme.color("muted"))
            box = QRect(0, y - 8, plot.left() - 7, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{share * 100:.0f}")


def _time_labels(painter: QPainter, face: Face, place: CardGeometry, theme: Theme) -> None:
    plot = place.plot
    painter.setPen(theme.color("muted"))
    for seconds, text in relative_ticks(face.range_s, plot.width()):
        x = plot.left() + round((1 + seconds / face.range_s) * plot.width())
        box = QRect(x - 34, plot.bottom() + 3, 68, 16)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def draw_message(painter: QPainter, status: CardStatus, place: CardGeometry, theme: Theme) -> None:
    """Draw the message that explains a card's state over its chart, in at most two lines."""
    font = ui_font(12)
    area = place.chart.adjusted(8, 0, -8, 0)
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.setFont(font)
    words = painter.boundingRect(area, int(flags), status.message).adjusted(-10, -6, 10, 6)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(theme.color("card", 0.92))
    painter.setPen(theme.color(status.message_role, 0.45))
    painter.drawRoundedRect(words, 6, 6)
    painter.setPen(theme.color(status.message_role))
    painter.drawText(area, int(flags), status.message)


_ZEROS = str.maketrans("123456789", "000000000")


class FigurePainter:
    """Draws figures in one theme and size. Fonts, pens and text widths are cached: creating them takes longest."""

    def __init__(self, theme: Theme, place: CardGeometry, *, dimmed: bool) -> None:
        self._value_font = ui_font(place.value_pixels, QFont.Weight.DemiBold)
        self._unit_font = ui_font(place.unit_pixels)
        self._value_metrics, self._unit_metrics = QFontMetrics(self._value_font), QFontMetrics(self._unit_font)
        self._widths: dict[tuple[str, bool], int] = {}
        self._value_pen = QPen(theme.color("faint" if dimmed else "text"))
        self._unit_pen = QPen(theme.color("faint" if dimmed else "muted"))
        self._bars = {column.key: QBrush(theme.color("faint" if dimmed else column.key)) for column in place.columns}

    def draw(self, painter: QPainter, figure: Figure, column: Column) -> None:
        """Draw one figure, its unit and its bar over the face."""
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
        """Return the width of a text. Digits are tabular, so all count as zeros and few widths need measuring."""
        key = (text.translate(_ZEROS), value)
        width = self._widths.get(key)
        if width is None:
            metrics = self._value_metrics if value else self._unit_metrics
            width = self._widths[key] = metrics.horizontalAdvance(key[0])
        return width
