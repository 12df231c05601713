"""The totals below the timings table, aligned with its columns and always visible."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHeaderView, QWidget

from gpuplayground.runs.timing_table import TimingTotals
from gpuplayground.ui.results.timings_delegate import PADDING
from gpuplayground.ui.results.timings_model import Column
from gpuplayground.ui.widgets.theme import Theme, align_right, mono_font, ui_font
from gpuplayground.units import duration, share_text

_ROW_HEIGHT = 25
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class TimingsFooter(QWidget):
    """Rows for the imports (if any), the total, and a note when the total includes preloaded imports."""

    def __init__(self, theme: Theme, header: QHeaderView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._header = theme, header
        self._totals = TimingTotals()
        header.sectionResized.connect(self.update)
        header.geometriesChanged.connect(self.update)
        theme.changed.connect(self.update)
        self.show_totals(TimingTotals())

    def show_totals(self, totals: TimingTotals) -> None:
        """Show new totals."""
        self._totals = totals
        self.setFixedHeight(_ROW_HEIGHT * len(self.rows()) + 1)
        self.setAccessibleName(self.tr("Totals"))
        self.setAccessibleDescription(self.text())
        self.update()

    def rows(self) -> list[dict[Column, str]]:
        """Return the text of each row by column."""
        totals = self._totals
        rows = []
        if totals.imports:
            rows.append(
                {
                    Column.STATEMENT: self.tr("Imports · {count}").format(count=self._count(totals.imports)),
                    Column.WALL: duration(totals.import_wall_ns),
                    Column.GPU_DONE: duration(totals.import_cost_ns),
                    Column.SHARE: share_text(totals.share(totals.import_cost_ns)),
                }
            )
        rows.append(
            {
                Column.STATEMENT: self.tr("Total · {count}").format(count=self._count(totals.statements)),
                Column.WALL: duration(totals.wall_ns),
                Column.GPU_DONE: duration(totals.cost_ns),
                Column.GPU: duration(totals.gpu_ns),
            }
        )
        if totals.ahead_ns:
            # Explains why the total exceeds the duration of the run.
            rows.append({Column.STATEMENT: self.tr("Includes imports preloaded before the run")})
        return rows

    def _count(self, number: int) -> str:
        return self.tr("1 statement") if number == 1 else self.tr("{number} statements").format(number=f"{number:,}")

    def text(self) -> str:
        """Return the rows as plain text."""
        shown = [column for column in Column if not self._header.isSectionHidden(column)]
        return "\n".join(" ".join(row[column] for column in shown if column in row) for row in self.rows())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a separator, then the rows aligned with the table's columns."""
        painter = QPainter(self)
        painter.setPen(self._theme.color("border"))
        painter.drawLine(0, 0, self.width(), 0)
        for number, row in enumerate(self.rows()):
            total = Column.GPU in row
            for column, text in row.items():
                if self._header.isSectionHidden(column):
                    continue
                left = self._header.sectionViewportPosition(column)
                right = left + self._header.sectionSize(column) - PADDING
                # The text may use the line column too, which has no total.
                left = PADDING if column == Column.STATEMENT else left + PADDING
                right = right if len(row) > 1 else self.width() - PADDING
                area = QRect(left, 1 + number * _ROW_HEIGHT, right - left, _ROW_HEIGHT)
                painter.setPen(self._theme.color("text" if total else "muted"))
                self._draw_cell(painter, area, text, column, total)
        painter.end()

    def _draw_cell(self, painter: QPainter, area: QRect, text: str, column: Column, total: bool) -> None:
        if column == Column.STATEMENT:
            font = ui_font(12, QFont.Weight.DemiBold if total else QFont.Weight.Normal)
            painter.setFont(font)
            elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, _LEFT, elided)
            return
        font = mono_font(12)
        font.setBold(total)
        painter.setFont(font)
        painter.drawText(area, align_right(), text)
