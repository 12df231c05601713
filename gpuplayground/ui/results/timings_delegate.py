"""Draws the cells of the timings table: code in the mono font, tags beside imports, shares as bars."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gpuplayground.model.results import StatementTiming
from gpuplayground.ui.results.timings_model import SHARE_ROLE, TIMING_ROLE, Column
from gpuplayground.ui.widgets.theme import Theme, align_right, mono_font, ui_font

ROW_HEIGHT = 24
PADDING = 10
#: Width of ``100.0 %`` beside the bar.
FIGURE_WIDTH = 58
_BAR_HEIGHT = 6
#: A statement column narrower than this leaves out the import tag.
_NARROW = 240
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class TimingsDelegate(QStyledItemDelegate):
    """Paints all columns of the table."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._code, self._tag = mono_font(12), ui_font(10)
        self._code_metrics, self._tag_metrics = QFontMetrics(self._code), QFontMetrics(self._tag)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the size of a cell's text."""
        text = str(index.data(Qt.ItemDataRole.DisplayRole))
        return QSize(self._code_metrics.horizontalAdvance(text) + 2 * PADDING, ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one cell."""
        timing = index.data(TIMING_ROLE)
        area = QRect(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        self._draw_background(painter, area, timing, selected)
        inside = area.adjusted(PADDING, 0, -PADDING, 0)
        painter.setFont(self._code)
        painter.setPen(self._color(timing, Column(index.column())))
        match Column(index.column()):
            case Column.STATEMENT:
                self._draw_statement(painter, inside, timing, str(index.data()))
            case Column.SHARE:
                self._draw_share(painter, inside, timing, float(index.data(SHARE_ROLE)), str(index.data()))
            case _:
                painter.drawText(inside, align_right(), str(index.data()))
        painter.restore()

    def _draw_background(self, painter: QPainter, area: QRect, timing: StatementTiming, selected: bool) -> None:
        if selected:
            painter.fillRect(area, self._theme.color("selection"))
        elif timing.failed:
            painter.fillRect(area, self._theme.color("error", 0.12))
        painter.setPen(QPen(self._theme.color("border", 0.6), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())

    def _color(self, timing: StatementTiming, column: Column) -> QColor:
        if timing.failed:
            return self._theme.color("error")
        if column == Column.LINE:
            return self._theme.color("muted")
        return self._theme.color("muted" if timing.is_import and column == Column.STATEMENT else "text")

    def _draw_statement(self, painter: QPainter, area: QRect, timing: StatementTiming, text: str) -> None:
        tag = self._tag_of(timing, narrow=area.width() < _NARROW)
        if tag:
            area = area.adjusted(0, 0, -self._tag_width(tag) - 6, 0)
        elided = self._code_metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, _LEFT, elided)
        if tag:
            self._draw_tag(painter, area, tag, "error" if timing.failed else "muted")

    def _tag_of(self, timing: StatementTiming, *, narrow: bool) -> str:
        """Return the tag of a statement. In a narrow column "import" is left out: the statement itself says so."""
        if timing.failed:
            return QCoreApplication.translate("TimingsDelegate", "failed")
        if timing.prewarmed_ns:
            return QCoreApplication.translate("TimingsDelegate", "preloaded")
        return QCoreApplication.translate("TimingsDelegate", "import") if timing.is_import and not narrow else ""

    def _tag_width(self, tag: str) -> int:
        return self._tag_metrics.horizontalAdvance(tag) + 12

    def _draw_tag(self, painter: QPainter, area: QRect, tag: str, role: str) -> None:
        """Draw a small pill to the right of the statement."""
        pill = QRectF(area.right() + 7.5, area.center().y() - 7.5, self._tag_width(tag) - 1, 16)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color(role, 0.5), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(pill, 8, 8)
        painter.setFont(self._tag)
        painter.setPen(self._theme.color(role))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, tag)

    def _draw_share(self, painter: QPainter, area: QRect, timing: StatementTiming, share: float, text: str) -> None:
        painter.drawText(area, align_right(), text)
        track = QRectF(area.left(), area.center().y() - 2, area.width() - FIGURE_WIDTH, _BAR_HEIGHT)
        if track.width() < 8:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("hover"))
        painter.drawRoundedRect(track, 3, 3)
        if share > 0:
            role = "error" if timing.failed else "memory" if timing.is_import else "accent"
            painter.setBrush(self._theme.color(role))
            # At least 2 px wide, so that every statement that took time is visible.
            track.setWidth(max(track.width() * min(share, 1.0), 2.0))
            painter.drawRoundedRect(track, min(3.0, track.width() / 2), 3)
