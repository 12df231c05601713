"""The outline of the window, painted while its parts are being created."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter

from gpuplayground.ui.widgets.theme import Theme

_HEADER, _STATUS, _MARGIN, _RESULTS, _CARD = 52, 26, 10, 290, 186
#: Width of the monitor in pixels, and its maximum share of a small window.
MONITOR_WIDTH, MONITOR_SHARE = 490, 0.4


def monitor_width(window_width: int) -> int:
    """Return the default width of the monitor in pixels."""
    return min(MONITOR_WIDTH, round(window_width * MONITOR_SHARE))


def paint_outline(painter: QPainter, area: QRect, theme: Theme) -> None:
    """Paint the surfaces of the header, the monitor, the editor and the results."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(area, theme.color("window"))
    painter.fillRect(0, 0, area.width(), _HEADER, theme.color("panel"))
    painter.fillRect(0, area.height() - _STATUS, area.width(), _STATUS, theme.color("panel"))
    top, bottom = _HEADER + _MARGIN, area.height() - _STATUS - _MARGIN
    split = _MARGIN + monitor_width(area.width())
    results = bottom - _RESULTS
    middle = (split + area.width()) // 2
    painter.setPen(theme.color("border"))
    painter.setBrush(theme.color("panel"))
    for left, upper, right, lower in (
        (_MARGIN, top + 44, split, top + 44 + _CARD),
        (_MARGIN, top + 54 + _CARD, split, bottom),
        (split + _MARGIN, top, area.width() - _MARGIN, results - _MARGIN),
        (split + _MARGIN, results, middle, bottom),
        (middle + _MARGIN, results, area.width() - _MARGIN, bottom),
    ):
        if right > left and lower > upper:
            painter.drawRoundedRect(QRectF(left + 0.5, upper + 0.5, right - left - 1, lower - upper - 1), 8, 8)
