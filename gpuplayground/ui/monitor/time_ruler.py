"""The time axis below the tracks: seconds before now while following, clock time in the past."""

from __future__ import annotations

import math
from datetime import datetime

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gpuplayground.ui.monitor.time_axis import clock_time, relative_ticks, step_for
from gpuplayground.ui.widgets.theme import Theme, ui_font

_HEIGHT = 20


class TimeRuler(QWidget):
    """Paints the labels of :attr:`ticks`, which are fractions of the width between its margins."""

    def __init__(self, theme: Theme, margins: tuple[int, int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._margins = theme, margins
        self._ticks: tuple[tuple[float, str], ...] = ()
        self._cursor: tuple[float, str] | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels from left to right."""
        return tuple(label for _, label in self._ticks)

    @property
    def ticks(self) -> tuple[float, ...]:
        """The positions of the labels, as fractions of the width."""
        return tuple(share for share, _ in self._ticks)

    def show_relative(self, span_s: float) -> None:
        """Label a span that ends now: ``−50 s``, ``−40``."""
        self._show(tuple((1 + x / span_s, label) for x, label in relative_ticks(span_s, self._room())))

    def show_clock(self, start_ns: int, end_ns: int) -> None:
        """Label a span of the past with local clock time."""
        span_s = max(1e-3, (end_ns - start_ns) / 1e9)
        step = step_for(span_s, self._room(), 76.0)
        offset = _offset_s(start_ns)
        first = math.ceil((start_ns / 1e9 + offset) / step) * step - offset
        count = int((end_ns / 1e9 - first) / step) + 1
        moments = (first + number * step for number in range(max(0, count)))
        self._show(
            tuple(
                ((moment - start_ns / 1e9) / span_s, clock_time(round(moment * 1e9), seconds=step < 60))
                for moment in moments
            )
        )

    def set_cursor(self, share: float | None, time_ns: int) -> None:
        """Show the time under the pointer, or none."""
        cursor = None if share is None else (share, _exact_time(time_ns))
        if cursor != self._cursor:
            self._cursor = cursor
            self.update()

    @property
    def cursor_label(self) -> str:
        """The displayed time under the pointer, empty without one."""
        return self._cursor[1] if self._cursor else ""

    def sizeHint(self) -> QSize:
        """Return the height of one line of labels."""
        return QSize(200, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the labels."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("panel"))
        painter.setPen(self._theme.color("muted"))
        painter.setFont(ui_font(11))
        for share, label in self._ticks:
            x = self._margins[0] + share * self._room()
            if self._cursor is not None and abs(share - self._cursor[0]) * self._room() < 70:
                continue
            left = min(max(x - 38, 0), self.width() - 76)
            painter.drawText(QRectF(left, 2, 76, _HEIGHT - 4), Qt.AlignmentFlag.AlignCenter, label)
        if self._cursor is not None:
            share, label = self._cursor
            left = min(max(self._margins[0] + share * self._room() - 42, 0), self.width() - 84)
            box = QRectF(left, 1.5, 84, _HEIGHT - 3)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(self._theme.color("hover"))
            painter.setPen(self._theme.color("border"))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(self._theme.color("text"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label)

    def _room(self) -> float:
        return max(1.0, self.width() - sum(self._margins))

    def _show(self, ticks: tuple[tuple[float, str], ...]) -> None:
        if ticks != self._ticks:
            self._ticks = ticks
            self.update()


def _exact_time(time_ns: int) -> str:
    return f"{clock_time(time_ns)}.{time_ns // 100_000_000 % 10}"


def _offset_s(time_ns: int) -> float:
    """Return local time minus UTC, so that steps of hours fall on whole local hours."""
    offset = datetime.fromtimestamp(time_ns / 1e9).astimezone().utcoffset()
    return offset.total_seconds() if offset else 0.0
