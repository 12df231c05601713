"""The timeline of one GPU: five tracks on one time axis. Importing this module imports pyqtgraph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gpuplayground.monitor.history import History
from gpuplayground.monitor.samples import GpuInfo, GpuSample, RunSpan
from gpuplayground.monitor.series import Series
from gpuplayground.ui.monitor.bands import Band, visible_bands
from gpuplayground.ui.monitor.time_ruler import TimeRuler
from gpuplayground.ui.monitor.track_plot import BAND_LANE_PX, LEFT_PX, RIGHT_PX, TrackPlot
from gpuplayground.ui.monitor.track_specs import CurveSpec, TrackSpec, power_limit, track_specs, track_top
from gpuplayground.ui.monitor.track_strip import TrackStrip
from gpuplayground.ui.theme import Theme

_DAY_S = 86400.0
_LEAST_SPAN_S = 0.5
_ZOOMS = {Qt.Key.Key_Plus: 0.5, Qt.Key.Key_Equal: 0.5, Qt.Key.Key_Minus: 2.0}
_SHIFTS = {Qt.Key.Key_Left: -0.2, Qt.Key.Key_Right: 0.2}
_HOME = (Qt.Key.Key_Home, Qt.Key.Key_Escape)
#: A minute at 10 Hz is drawn sample by sample even where that is more than one per pixel.
_RAW_POINTS = 640
_LONGEST_WAIT_NS = 5_000_000_000

Floats = npt.NDArray[np.float64]


class Timeline(QWidget):
    """Follows the newest readings until zoomed or moved by wheel, drag or keys; :meth:`follow` returns.

    Curves are drawn in seconds relative to an anchor, the moment at the right edge while following: time passes
    without any axis having to change.
    """

    followingChanged = Signal(bool)

    def __init__(self, theme: Theme, history: History, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._info: GpuInfo | None = None
        self._runs: Sequence[RunSpan] = ()
        self._bands: tuple[Band, ...] = ()
        self._range_s = 60
        self._span: tuple[float, float] = (-60.0, 0.0)
        self._anchor_ns = self._now_ns = 0
        self._following = True
        self._moving = False
        self._drawn: tuple[object, ...] = ()
        self._series: dict[str, Series] = {}
        self._cursor: float | None = None
        self._specs = track_specs()
        self.strips = {spec.key: TrackStrip(theme, spec, self) for spec in self._specs}
        self.plots = {
            spec.key: TrackPlot(theme, spec, self, lane=0 if number else BAND_LANE_PX)
            for number, spec in enumerate(self._specs)
        }
        self.ruler = TimeRuler(theme, (LEFT_PX, RIGHT_PX), self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 2)
        column.setSpacing(0)
        for spec in self._specs:
            column.addWidget(self.strips[spec.key])
            column.addWidget(self.plots[spec.key], 1)
            column.addSpacing(2)
        column.addWidget(self.ruler)
        self._join()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Timeline of the selected GPU"))
        theme.changed.connect(self._restyle)

    def _join(self) -> None:
        """Link the tracks to one time axis and hear what the mouse does in any of them."""
        first = next(iter(self.plots.values()))
        for plot in self.plots.values():
            if plot is not first:
                plot.setXLink(first)
            plot.view.setLimits(xMin=-_DAY_S, xMax=0.0, minXRange=_LEAST_SPAN_S, maxXRange=_DAY_S)
            plot.set_span(*self._span)
            plot.view.sigRangeChangedManually.connect(self._moved)
            plot.hovered.connect(self._show_cursor)
            plot.left.connect(self._hide_cursor)

    @property
    def following(self) -> bool:
        """Whether the right edge is now."""
        return self._following

    @property
    def span_ns(self) -> tuple[int, int]:
        """The moments at the left and right edge."""
        return tuple(self._anchor_ns + round(edge * 1e9) for edge in self._span)  # type: ignore[return-value]

    @property
    def bands(self) -> tuple[Band, ...]:
        """The runs in sight."""
        return self._bands

    @property
    def values(self) -> dict[str, tuple[str, ...]]:
        """The figures as they are written, by track: those under the pointer, else the newest."""
        return {key: strip.values for key, strip in self.strips.items()}

    def set_gpu(self, info: GpuInfo | None) -> None:
        """Show another GPU, over the same time."""
        self._info = info
        self._drawn = ()

    def set_range(self, seconds: int) -> None:
        """Show the last ``seconds`` and follow."""
        self._range_s = seconds
        self.follow()

    def set_runs(self, runs: Sequence[RunSpan]) -> None:
        """Draw runs as bands."""
        self._runs = runs
        self._drawn = ()

    def follow(self) -> None:
        """Return to the newest readings and the chosen range."""
        changed = not self._following
        self._following = True
        self._anchor_ns = self._now_ns
        self._show_span((-float(self._range_s), 0.0))
        self._drawn = ()
        if changed:
            self.followingChanged.emit(True)
        if self._now_ns:
            self.refresh(self._now_ns)

    def refresh(self, now_ns: int) -> None:
        """Draw what has come up to ``now_ns``, as far as it is in sight and moves anything by a pixel."""
        self._now_ns = now_ns
        if self._info is None:
            return
        width = max(2, round(self.ruler.width() - LEFT_PX - RIGHT_PX))
        column_ns = max(1, round((self._span[1] - self._span[0]) * 1e9) // width)
        due = now_ns // min(column_ns, _LONGEST_WAIT_NS)
        if self._following:
            self._anchor_ns = (now_ns // column_ns + 1) * column_ns
        elif self.span_ns[1] < now_ns:
            due = 0
        sample = self._history.latest(self._info.uuid)
        wanted = (self._info, self._span, self._anchor_ns if not self._following else 0, width, due)
        if wanted != self._drawn:
            self._drawn = wanted
            self._draw_curves(self._info, sample, width)
        if self._cursor is None:
            self._show_newest(self._info, sample)

    def _draw_curves(self, info: GpuInfo, sample: GpuSample | None, width: int) -> None:
        start_ns, end_ns = self.span_ns
        if not self._following:
            self._limit_views()
        limit, points = power_limit(info, sample), max(width, _RAW_POINTS)
        for spec in self._specs:
            plot = self.plots[spec.key]
            plot.set_top(*track_top(spec.key, info, sample), limit=limit if spec.key == "power" else None)
            for curve in spec.curves:
                series = self._history.series(info.uuid, curve.metric, start_ns, end_ns, points)
                self._series[curve.metric] = series
                plot.set_curve(curve.metric, *_points(series, self._anchor_ns, curve.divisor))
        if self._following:
            self.ruler.show_relative(self._span[1] - self._span[0])
        else:
            self.ruler.show_clock(start_ns, end_ns)
        self._bands = visible_bands(self._runs, info.uuid, start_ns, end_ns)
        for plot in self.plots.values():
            plot.set_backdrop(self.ruler.ticks, self._bands)

    def _show_newest(self, info: GpuInfo, sample: GpuSample | None) -> None:
        for spec in self._specs:
            texts = tuple(spec.text(_value(sample, curve)) for curve in spec.curves)
            self.strips[spec.key].show_values(texts, self._suffix(spec, info, sample))

    def _suffix(self, spec: TrackSpec, info: GpuInfo, sample: GpuSample | None) -> str:
        top = {"power": power_limit(info, sample), "memory": track_top("memory", info, sample)[1]}.get(spec.key)
        return f"/ {top:.0f} {spec.unit}" if top else spec.unit

    def _show_cursor(self, share: float) -> None:
        """Mark a moment in all tracks and write the exact figures of that moment."""
        if self._info is None:
            return
        self._cursor = share
        start_ns, end_ns = self.span_ns
        at_ns = start_ns + round(share * (end_ns - start_ns))
        self.ruler.set_cursor(share, at_ns)
        reach_ns = max(6e8, 2 * (end_ns - start_ns) / max(1, self.ruler.width()))
        sample = self._history.latest(self._info.uuid)
        for spec in self._specs:
            self.plots[spec.key].set_cursor(share)
            texts = tuple(
                _text_at(spec, curve, self._series.get(curve.metric), at_ns, reach_ns) for curve in spec.curves
            )
            self.strips[spec.key].show_values(texts, self._suffix(spec, self._info, sample))

    def _hide_cursor(self) -> None:
        self._cursor = None
        self.ruler.set_cursor(None, 0)
        for plot in self.plots.values():
            plot.set_cursor(None)
        if self._info is not None:
            self._show_newest(self._info, self._history.latest(self._info.uuid))

    def _moved(self) -> None:
        """Stop following, because the mouse has zoomed or moved a track."""
        if self._moving:
            return
        plot = next(iter(self.plots.values()))
        start, end = plot.view.viewRange()[0]
        self._leave_live((float(start), float(end)))

    def _leave_live(self, span: tuple[float, float]) -> None:
        self._span = span
        if self._following:
            self._following = False
            self.followingChanged.emit(False)
        self._hide_cursor()
        self.refresh(self._now_ns)

    def _show_span(self, span: tuple[float, float]) -> None:
        self._span = span
        self._moving = True
        for plot in self.plots.values():
            if self._following:
                plot.view.setLimits(xMin=-_DAY_S, xMax=0.0)
            plot.set_span(*span)
        self._moving = False

    def _limit_views(self) -> None:
        """Let the views be moved as far as there are readings: a day back, and not into the future."""
        newest = (self._now_ns - self._anchor_ns) / 1e9
        for plot in self.plots.values():
            plot.view.setLimits(xMin=newest - _DAY_S, xMax=max(newest, self._span[1]))

    def _restyle(self) -> None:
        for plot in self.plots.values():
            plot.restyle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom by plus and minus, move by left and right, return to now by Home or Escape."""
        key = Qt.Key(event.key())
        start, end = self._span
        span = end - start
        newest = (self._now_ns - self._anchor_ns) / 1e9
        if key in _HOME:
            self.follow()
        elif key in _ZOOMS:
            span = min(_DAY_S, max(_LEAST_SPAN_S, span * _ZOOMS[key]))
            self._go_to(end - span, end)
        elif key in _SHIFTS:
            shift = min(span * _SHIFTS[key], newest - end)
            self._go_to(start + shift, end + shift)
        else:
            super().keyPressEvent(event)

    def _go_to(self, start: float, end: float) -> None:
        self._show_span((start, end))
        self._leave_live((start, end))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fetch as many points as the new width can show."""
        super().resizeEvent(event)
        if self._now_ns:
            self.refresh(self._now_ns)


def _points(series: Series, anchor_ns: int, divisor: float) -> tuple[Floats, Floats]:
    """Return a series as a line in seconds from the anchor that touches the least and the largest of each bucket."""
    x = (series.times_ns - anchor_ns) / 1e9
    if np.array_equal(series.minimum, series.maximum, equal_nan=True):
        return x, series.mean / divisor
    y = np.empty(2 * len(x))
    y[0::2], y[1::2] = series.minimum, series.maximum
    return np.repeat(x, 2), y / divisor


def _value(sample: GpuSample | None, curve: CurveSpec) -> float | None:
    value = None if sample is None else getattr(sample, curve.metric)
    return None if value is None else value / curve.divisor


def _text_at(spec: TrackSpec, curve: CurveSpec, series: Series | None, at_ns: int, reach_ns: float) -> str:
    """Return the figure nearest to a moment, a dash where none is within reach."""
    if series is None or not len(series):
        return spec.text(None)
    nearest = int(np.argmin(np.abs(series.times_ns - at_ns)))
    if abs(int(series.times_ns[nearest]) - at_ns) > reach_ns or np.isnan(series.mean[nearest]):
        return spec.text(None)
    middle, low, high = (float(part[nearest]) / curve.divisor for part in (series.mean, series.minimum, series.maximum))
    return spec.text(middle, low, high)
