"""The tracks of the selected GPU on one time axis. Importing this module imports pyqtgraph."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from gpuplayground.model.samples import GpuInfo, GpuSample, RunSpan
from gpuplayground.monitor.timeseries.series import Series
from gpuplayground.runtime.clock import now_ns
from gpuplayground.ui.monitor.bands import Band, visible_bands
from gpuplayground.ui.monitor.sample_source import SampleView
from gpuplayground.ui.monitor.time_axis import clock_time
from gpuplayground.ui.monitor.time_ruler import TimeRuler
from gpuplayground.ui.monitor.track_specs import TrackSpec, line, track_specs
from gpuplayground.ui.monitor.track_view import LEFT_PX, RIGHT_PX, TrackView
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme

#: An older sample is the last one of a GPU that is lost or not responding.
_FRESH_NS = 2_000_000_000
#: The accessible description changes at most once a second: screen readers cannot keep up with more.
_DESCRIBE_EACH_NS = 1_000_000_000
_DAY_S = 86400.0
_LEAST_SPAN_S = 0.5
_ZOOMS = {Qt.Key.Key_Plus: 0.5, Qt.Key.Key_Equal: 0.5, Qt.Key.Key_Minus: 2.0}
_SHIFTS = {Qt.Key.Key_Left: -0.2, Qt.Key.Key_Right: 0.2}
_HOME = (Qt.Key.Key_Home, Qt.Key.Key_Escape)
#: A minute at 10 Hz is always drawn sample by sample, even on a narrow panel.
_RAW_POINTS = 640
#: The curves are redrawn at most once a second and at least every five; the values above them with every redraw.
_SHORTEST_WAIT_NS, _LONGEST_WAIT_NS = 1_000_000_000, 5_000_000_000


class TrackPanel(QWidget):
    """Follows the newest samples until zoomed or panned by wheel, drag or keys; :meth:`follow` returns to them.

    While paused it shows the samples up to that moment, and can still be zoomed and panned.

    Curves are drawn in seconds relative to an anchor, the time at the right edge while following, so that no axis
    changes as time passes.
    """

    followingChanged = Signal(bool)
    pauseToggled = Signal()

    def __init__(self, theme: Theme, samples: SampleView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._samples = samples
        self._info: GpuInfo | None = None
        self._runs: Sequence[RunSpan] = ()
        self._bands: tuple[Band, ...] = ()
        self._range_s = 60
        self._span: tuple[float, float] = (-60.0, 0.0)
        self._anchor_ns = self._now_ns = self._described_ns = 0
        self._following = True
        self._paused_ns: int | None = None
        self._drawn: tuple[object, ...] = ()
        self._series: dict[str, Series] = {}
        self._cursor: float | None = None
        self._specs = track_specs()
        self.view = TrackView(theme, self._specs, self)
        self.ruler = TimeRuler(theme, (LEFT_PX, RIGHT_PX), self)
        self.view.set_limits(-_DAY_S, 0.0, _LEAST_SPAN_S)
        self.view.set_span(*self._span)
        self.view.hovered.connect(self._show_cursor)
        self.view.left.connect(self._hide_cursor)
        self.view.moved.connect(self._moved)
        # Before the layout, which may resize this widget and so place the button.
        self.live_button = self._make_live_button()
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 4, 1, 2)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        column.addWidget(self.ruler)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Graphs of the selected GPU"))
        theme.changed.connect(self.view.restyle)

    def _make_live_button(self) -> QPushButton:
        """Return the button that floats over the first track while it does not follow the newest samples."""
        button = QPushButton(self)
        button.setProperty("role", "primary")
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(self._return)
        button.hide()
        return button

    @property
    def following(self) -> bool:
        """Whether the right edge is now."""
        return self._following

    @property
    def span_ns(self) -> tuple[int, int]:
        """The times at the left and right edge."""
        return tuple(self._anchor_ns + round(edge * 1e9) for edge in self._span)  # type: ignore[return-value]

    @property
    def bands(self) -> tuple[Band, ...]:
        """The runs in sight."""
        return self._bands

    @property
    def values(self) -> dict[str, tuple[str, ...]]:
        """The displayed values by track: those under the pointer, else the newest."""
        return {key: track.strip.values for key, track in self.view.tracks.items()}

    def set_gpu(self, info: GpuInfo | None) -> None:
        """Show another GPU over the same time span."""
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

    def set_paused(self, time_ns: int | None) -> None:
        """Pause at a time; None resumes."""
        self._paused_ns, self._drawn = time_ns, ()
        self._show_button()

    def follow(self) -> None:
        """Return to the newest samples and the selected range."""
        changed = not self._following
        self._following = True
        self._anchor_ns = self._now_ns
        self._show_span((-float(self._range_s), 0.0))
        self._drawn = ()
        if changed:
            self._show_following()
        if self._now_ns:
            self.refresh(self._now_ns)

    def refresh(self, now_ns: int) -> None:
        """Draw the samples up to ``now_ns``; the curves only if they would move by a pixel."""
        self._now_ns = now_ns
        if self._info is None:
            return
        width = max(2, round(self.ruler.width() - LEFT_PX - RIGHT_PX))
        column_ns = max(1, round((self._span[1] - self._span[0]) * 1e9) // width)
        due = now_ns // min(max(column_ns, _SHORTEST_WAIT_NS), _LONGEST_WAIT_NS)
        if not self._following and self.span_ns[1] < now_ns:
            due = 0  # a span in the past does not change
        sample = self._fresh(self._info)
        wanted = (self._info, self._span, width, due)
        if wanted != self._drawn:
            self._drawn = wanted
            if self._following:
                self._anchor_ns = (now_ns // column_ns + 1) * column_ns
            self._draw_curves(self._info, sample, width)
            if self._cursor is not None:
                self._show_cursor(self._cursor)  # the time under the pointer has changed
        if self._cursor is None:
            self._show_newest(self._info, sample)

    def _draw_curves(self, info: GpuInfo, sample: GpuSample | None, width: int) -> None:
        start_ns, end_ns = self.span_ns
        if not self._following:
            self._limit_view()
        points = max(width, _RAW_POINTS)
        for spec in self._specs:
            for curve in spec.curves:
                series = self._samples.series(info.uuid, curve.field, start_ns, end_ns, points)
                self._series[curve.field] = series
                self.view.set_curve(spec.key, curve.field, *line(series, self._anchor_ns, curve.metric.scale))
            axis = spec.axis(info, sample, spec.largest(self._series))
            limit = spec.limit(info, sample) if spec.track.draws_limit else None
            self.view.set_axis(spec.key, *axis, limit)
        if self._following:
            self.ruler.show_relative(self._span[1] - self._span[0])
        else:
            self.ruler.show_clock(start_ns, end_ns)
        self._bands = visible_bands(self._runs, info.uuid, start_ns, end_ns)
        self.view.set_backdrop(self.ruler.ticks, self._bands)

    def _fresh(self, info: GpuInfo) -> GpuSample | None:
        """Return the newest sample, or None if it is too old to be shown as current."""
        sample = self._samples.latest(info.uuid)
        return sample if sample and self._now_ns - sample.time_ns < _FRESH_NS else None

    def _show_newest(self, info: GpuInfo, sample: GpuSample | None) -> None:
        for spec in self._specs:
            texts = tuple(spec.text(curve.value(sample)) for curve in spec.curves)
            self.view.set_values(spec.key, texts, self._suffix(spec, info, sample))
        if abs(self._now_ns - self._described_ns) >= _DESCRIBE_EACH_NS:
            self._described_ns = self._now_ns
            spoken = ". ".join(track.strip.spoken for track in self.view.tracks.values())
            self.setAccessibleDescription(spoken)

    def _suffix(self, spec: TrackSpec, info: GpuInfo, sample: GpuSample | None) -> str:
        limit = spec.limit(info, sample)
        return f"/ {limit:.0f} {spec.unit}" if limit else spec.unit

    def _show_cursor(self, share: float) -> None:
        """Mark a time in all tracks and show the exact values there."""
        if self._info is None:
            return
        self._cursor = share
        start_ns, end_ns = self.span_ns
        at_ns = start_ns + round(share * (end_ns - start_ns))
        self.ruler.set_cursor(share, at_ns)
        self.view.set_cursor(share)
        reach_ns = max(6e8, 2 * (end_ns - start_ns) / max(1, self.ruler.width()))
        sample = self._samples.latest(self._info.uuid)
        for spec in self._specs:
            texts = tuple(spec.text_at(curve, self._series.get(curve.field), at_ns, reach_ns) for curve in spec.curves)
            self.view.set_values(spec.key, texts, self._suffix(spec, self._info, sample))

    def _hide_cursor(self) -> None:
        self._cursor = None
        self.ruler.set_cursor(None, 0)
        self.view.set_cursor(None)
        if self._info is not None:
            self._show_newest(self._info, self._fresh(self._info))

    def _moved(self, start: float, end: float) -> None:
        """Stop following: the mouse has zoomed or panned."""
        self._leave_live((start, end))

    def _leave_live(self, span: tuple[float, float]) -> None:
        self._span = span
        if self._following:
            self._following = False
            self._show_following()
        self.refresh(self._now_ns)

    def _return(self) -> None:
        """Resume if paused, and follow the newest samples."""
        if self._paused_ns is not None:
            self.pauseToggled.emit()
        self.follow()

    def _show_following(self) -> None:
        self._show_button()
        self.followingChanged.emit(self._following)

    def _show_button(self) -> None:
        """Show the button that returns to live values where it is needed."""
        button, paused_ns = self.live_button, self._paused_ns
        if paused_ns is None:
            button.setText(self.tr("Live"))
            button.setToolTip(self.tr("Return to live values (Home)"))
            button.setAccessibleName(self.tr("Return to live values"))
        else:
            paused = self.tr("Paused at {0}").format(clock_time(paused_ns or now_ns()))
            button.setText(self.tr("Resume"))
            button.setToolTip(plainly(self.tr("{0}. Resume live values (Space)").format(paused)))
            button.setAccessibleName(self.tr("{0}. Resume live values").format(paused))
        is_needed = paused_ns is not None or not self._following
        if button.hasFocus() and not is_needed:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._place_button()
        button.setVisible(is_needed)
        button.raise_()

    def _place_button(self) -> None:
        size = self.live_button.sizeHint()
        # While paused, keep the button off the newest values.
        is_left = self._paused_ns is not None
        x = LEFT_PX + 5 if is_left else self.width() - RIGHT_PX - size.width() - 5
        self.live_button.setGeometry(x, 26, size.width(), size.height())

    def _show_span(self, span: tuple[float, float]) -> None:
        self._span = span
        if self._following:
            self.view.set_limits(-_DAY_S, 0.0, _LEAST_SPAN_S)
        self.view.set_span(*span)

    def _limit_view(self) -> None:
        """Allow panning over the samples kept: a day back, and not into the future."""
        newest = (self._now_ns - self._anchor_ns) / 1e9
        self.view.set_limits(newest - _DAY_S, max(newest, self._span[1]), _LEAST_SPAN_S)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom with plus and minus, pan with left and right, go live with Home or Escape, pause with Space."""
        key = Qt.Key(event.key())
        start, end = self._span
        span = end - start
        newest = (self._now_ns - self._anchor_ns) / 1e9
        if key in _HOME:
            self.follow()
        elif key == Qt.Key.Key_Space:
            self.pauseToggled.emit()
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
        """Redraw at the new width."""
        super().resizeEvent(event)
        self._place_button()
        if self._now_ns:
            self.refresh(self._now_ns)
