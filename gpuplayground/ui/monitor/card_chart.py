"""The small live chart on a GPU card."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter

from gpuplayground.deferred import np
from gpuplayground.model.samples import GpuInfo
from gpuplayground.ui.monitor.bands import Band, name_in
from gpuplayground.ui.monitor.card_geometry import CardGeometry
from gpuplayground.ui.monitor.sample_source import SampleView
from gpuplayground.ui.widgets.area_chart import ChartImage
from gpuplayground.ui.widgets.theme import Theme, ui_font

if TYPE_CHECKING:
    from gpuplayground.ui.widgets.area_chart import Floats

#: The curves are redrawn at most twice a second, and at least every five seconds so that a new chart visibly grows.
_SHORTEST_WAIT_NS, _LONGEST_WAIT_NS = 500_000_000, 5_000_000_000


class CardChart:
    """Draws utilization and memory into an image and reuses it until time has moved on by one pixel."""

    def __init__(self, samples: SampleView) -> None:
        self._samples = samples
        self._image = ChartImage()
        self._drawn: tuple[object, ...] = ()
        #: Whether anything other than time has changed since the image was drawn.
        self.stale = True
        #: The times at the left and right edge of the image.
        self.start_ns = self.end_ns = 0

    def invalidate(self) -> None:
        """Force a redraw at the next refresh."""
        self.stale = True

    def refresh(self, info: GpuInfo, now_ns: int, range_s: int, size: QSizeF, theme: Theme, *, dimmed: bool) -> bool:
        """Draw the samples up to ``now_ns`` in ``size`` device pixels; return False if the image is still current."""
        width, height = max(2, round(size.width())), max(2, round(size.height()))
        column_ns = range_s * 1_000_000_000 // width
        due = now_ns // min(max(column_ns, _SHORTEST_WAIT_NS), _LONGEST_WAIT_NS)
        wanted = (due, width, height, range_s, theme.name, dimmed)
        if wanted == self._drawn and not self.stale:
            return False
        self._drawn, self.stale = wanted, False
        last_column = now_ns // column_ns + 1
        self.start_ns, self.end_ns = (last_column - width) * column_ns, last_column * column_ns
        # Without a known total there is no share to draw.
        uuid, total = info.uuid, float(info.memory_total_bytes or math.nan)
        busy = column_values(self._samples, uuid, "gpu_util_percent", 100.0, self.start_ns, column_ns, width)
        used = column_values(self._samples, uuid, "memory_used_bytes", total, self.start_ns, column_ns, width)
        roles = ("faint", "faint") if dimmed else ("utilization", "memory")
        self._image.render(width, height, busy, used, theme.color(roles[0]), theme.color(roles[1]))
        return True

    def draw(self, painter: QPainter, place: CardGeometry, theme: Theme, bands: tuple[Band, ...]) -> None:
        """Draw the run bands, the curves over them, and the bands' edges and names on top."""
        spans = [(band, _across(band, place)) for band in bands]
        for _, area in spans:
            painter.fillRect(area, theme.color("band", 0.10))
        if self._drawn:
            painter.drawImage(QRectF(place.plot), self._image.image)
        edge = theme.color("band", 0.55)
        named_to = 0  # right end of the last name: runs of several tabs overlap
        for band, area in spans:
            # One-pixel rectangles: lines drawn with a translucent pen take fifty times as long.
            if band.starts:
                painter.fillRect(area.left(), area.top(), 1, area.height(), edge)
            if band.ends:
                painter.fillRect(area.right(), area.top(), 1, area.height(), edge)
            if place.band_lane and area.width() > 14 and area.left() >= named_to:
                named_to = area.right()
                painter.setPen(theme.color("muted"))
                painter.setFont(ui_font(11))
                words = QRect(area.left() + 4, area.top(), area.width() - 5, place.band_lane)
                name = name_in(painter.fontMetrics(), band.label, words.width())
                painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, name)


def _across(band: Band, place: CardGeometry) -> QRect:
    """Return the rectangle of a band, at least one pixel wide so that a run of milliseconds is visible."""
    chart = place.chart
    left = chart.left() + round(band.left * chart.width())
    right = chart.left() + round(band.right * chart.width())
    return QRect(left, chart.top(), max(1, right - left), chart.height())


def column_values(
    samples: SampleView, uuid: str, metric: str, top: float, start_ns: int, column_ns: int, columns: int
) -> Floats:
    """Return a metric as a share of ``top`` at the ``columns + 1`` column edges of a chart; NaN marks a gap."""
    # Two buckets per column: their content does not change while the chart moves by whole columns.
    series = samples.series(uuid, metric, start_ns, start_ns + column_ns * columns, 2 * columns + 2)
    if len(series) < 2:
        return np.full(columns + 1, np.nan, np.float32)
    positions = (series.times_ns - start_ns) / column_ns
    edges = np.arange(columns + 1, dtype=np.float64)
    return np.interp(edges, positions, series.mean / top, left=np.nan, right=np.nan).astype(np.float32)
