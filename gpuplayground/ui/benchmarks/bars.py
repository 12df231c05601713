"""Two bars on one scale: wall time and GPU busy time of one repeat."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from gpuplayground.ui.widgets.chart_surface import Surface
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme, align_right, ui_font
from gpuplayground.units import DASH, duration, share_text

_ROW, _BAR = 22.0, 8.0
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class BusyBars(Surface):
    """The difference between the bars is time spent on the CPU, launches and waiting."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, QSize(300, int(2 * _ROW) + 4), parent)
        self._wall_ns = 0.0
        self._busy_ns: float | None = None
        self._note = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Wall time and GPU busy time"))

    def show_times(self, wall_ns: float, busy_ns: float | None, note: str = "") -> None:
        """Show the times of one repeat in nanoseconds; ``note`` says why the GPU busy time is unknown."""
        self._wall_ns, self._busy_ns, self._note = wall_ns, busy_ns, note
        self.setAccessibleDescription("; ".join(" ".join(row[:2]) for row in self.rows()))
        meaning = self.tr("Wall time: of one repeat, until the GPU has finished its work")
        self.setToolTip(plainly(note or meaning))
        self.update()

    def rows(self) -> list[tuple[str, str, float, str]]:
        """Return label, value, share of the scale and colour role of both bars."""
        top = max(self._wall_ns, self._busy_ns or 0.0) or 1.0
        rows = [(self.tr("Wall time"), duration(self._wall_ns), self._wall_ns / top, "utilization")]
        if self._busy_ns is None:
            rows.append((self.tr("GPU busy"), self._note or DASH, 0.0, "muted"))
        else:
            share = share_text(self._busy_ns / self._wall_ns) if self._wall_ns else DASH
            figure = f"{duration(self._busy_ns)}  ·  {share}"
            rows.append((self.tr("GPU busy"), figure, self._busy_ns / top, "power"))
        return rows

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint label, bar and value of each row."""
        label_font, figure_font = ui_font(12), ui_font(12, QFont.Weight.DemiBold)
        rows = self.rows()
        names = max(QFontMetricsF(label_font).horizontalAdvance(row[0]) for row in rows) + 12
        figures = QFontMetricsF(figure_font)
        known = [figures.horizontalAdvance(row[1]) for row in rows if row[3] != "muted"]
        room = area.width() - names - max(known) - 12
        for number, (name, figure, share, role) in enumerate(rows):
            row = QRectF(area.left(), area.top() + 2 + number * _ROW, area.width(), _ROW)
            painter.setFont(label_font)
            painter.setPen(self.theme.color("muted"))
            painter.drawText(row, _LEFT, name)
            if role == "muted":
                rest = row.adjusted(names, 0, 0, 0)
                text = QFontMetricsF(label_font).elidedText(figure, Qt.TextElideMode.ElideRight, rest.width())
                painter.drawText(rest, _LEFT, text)
                continue
            track = QRectF(row.left() + names, row.center().y() - _BAR / 2, max(room, 20.0), _BAR)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.color("grid"))
            painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)
            painter.setBrush(self.theme.color(role))
            track.setWidth(max(_BAR, track.width() * share))
            painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)
            painter.setFont(figure_font)
            painter.setPen(self.theme.color("text"))
            painter.drawText(row, align_right(), figure)
