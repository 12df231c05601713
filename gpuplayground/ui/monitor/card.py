"""The card of a GPU: its figures and a small live chart in one self-painted widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gpuplayground.model.samples import GpuInfo, Problem, RunSpan
from gpuplayground.ui.monitor.bands import Band, visible_bands
from gpuplayground.ui.monitor.card_chart import CardChart
from gpuplayground.ui.monitor.card_geometry import COMPACT_HEIGHT, FULL_HEIGHT, LEAST_FULL_HEIGHT, geometry
from gpuplayground.ui.monitor.card_painter import Face, FigurePainter, draw_face, draw_message
from gpuplayground.ui.monitor.card_status import CardState, CardStatus
from gpuplayground.ui.monitor.figures import Figure, short_name
from gpuplayground.ui.monitor.sample_source import SampleView
from gpuplayground.ui.widgets.theme import Theme

_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Home: -1000, Qt.Key.Key_End: 1000}
#: The accessible description changes at most once a second: screen readers cannot keep up with more.
_DESCRIBE_EACH_NS = 1_000_000_000
_CHOOSE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class GpuCard(QWidget):
    """Shows one GPU as of the last :meth:`refresh`, and repaints only the parts that changed."""

    chosen = Signal(str)
    stepRequested = Signal(int)

    def __init__(self, theme: Theme, samples: SampleView, info: GpuInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._samples = theme, samples
        self._status = CardStatus(info)
        self._figures = self._status.figures
        self._chart = CardChart(samples)
        self._runs: Sequence[RunSpan] = ()
        self._bands: tuple[Band, ...] = ()
        self._compact = self._selected = self._hovered = False
        self._range_s = 60
        self._described_ns = self._now_ns = 0
        self._place = geometry(self.width(), self.height(), compact=False)
        self._face: QPixmap | None = None
        self._ink: FigurePainter | None = None
        # The card is opaque, corners included: Qt need not draw what is behind it.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self._restyle)
        self._restyle()

    @property
    def uuid(self) -> str:
        """The UUID of the GPU."""
        return self._status.info.uuid

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The displayed figures."""
        return self._figures

    @property
    def state(self) -> CardState:
        """The displayed state of the GPU."""
        return self._status.state

    @property
    def message(self) -> str:
        """The message that explains the state; empty in normal operation."""
        return self._status.message

    @property
    def tags(self) -> tuple[str, ...]:
        """The texts of the tags in the header."""
        return tuple(tag.text for tag in self._status.tags)

    @property
    def bands(self) -> tuple[Band, ...]:
        """The runs drawn on the chart."""
        return self._bands

    @property
    def compact(self) -> bool:
        """Whether the card has its compact form, for many GPUs."""
        return self._compact

    @property
    def selected(self) -> bool:
        """Whether the card is selected."""
        return self._selected

    def set_info(self, info: GpuInfo) -> None:
        """Update the GPU's properties after a new inventory."""
        self._set(info=info)

    def set_processes(self, count: int | None, unlisted: str = "") -> None:
        """Show the number of processes, None while unknown; ``unlisted`` is the reason why they cannot be listed."""
        self._set(processes=None if unlisted else count, unlisted=unlisted)

    def set_problem(self, problem: Problem | None) -> None:
        """Show that the GPU is lost or not responding; None: it works again."""
        self._set(problem=problem)

    def set_paused(self, paused: bool) -> None:
        """Show whether the user has paused the monitor."""
        self._set(paused=paused)

    def set_recording(self, text: str) -> None:
        """Tag the figures as those of a recording; empty for live figures."""
        self._set(recording=text)

    def set_compact(self, compact: bool) -> None:
        """Switch between the full and the compact form."""
        if compact != self._compact:
            self._compact = compact
            self.updateGeometry()
            self._lay_out()

    def set_selected(self, selected: bool) -> None:
        """Select the card. Tab reaches only the selected card of a list, the arrow keys reach the others."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if selected else Qt.FocusPolicy.ClickFocus)
        if selected != self._selected:
            self._selected = selected
            self._restyle()

    def set_runs(self, runs: Sequence[RunSpan]) -> None:
        """Set the runs of all GPUs, to be drawn as bands at the next refresh."""
        self._runs = runs
        self._chart.invalidate()

    def set_range(self, seconds: int) -> None:
        """Set how far the chart reaches back."""
        if seconds != self._range_s:
            self._range_s = seconds
            self._restyle()

    def refresh(self, now_ns: int) -> None:
        """Show the newest sample and repaint what changed. ``now_ns`` is the chart's right edge."""
        sample = self._samples.latest(self.uuid)
        if sample is not self._status.sample:
            before, self._status = self._status, replace(self._status, sample=sample)
            if (before.state, before.dot_role) != (self._status.state, self._status.dot_role):
                self._restyle()
            self._show_figures()
        self._now_ns = now_ns
        if self._render_chart():
            self.update(self._place.chart)

    def _render_chart(self) -> bool:
        """Redraw the chart's image if needed; return whether it has changed."""
        size = QSizeF(self._place.plot.size()) * self.devicePixelRatioF()
        dimmed = self._status.problem is not None
        info, now_ns = self._status.info, self._now_ns
        if not now_ns or not self._chart.refresh(info, now_ns, self._range_s, size, self._theme, dimmed=dimmed):
            return False
        self._bands = visible_bands(self._runs, self.uuid, self._chart.start_ns, self._chart.end_ns)
        return True

    def _set(self, **changes: Any) -> None:
        status = replace(self._status, **changes)
        if status != self._status:
            self._status = status
            self._figures = status.figures
            self._restyle()

    def _show_figures(self) -> None:
        before, self._figures = self._figures, self._status.figures
        if before == self._figures:
            return
        changed = {item.key for item, old in zip(self._figures, before, strict=True) if item != old}
        for column in self._place.columns:
            if column.key in changed:
                self.update(column.area)
        time_ns = self._status.sample.time_ns if self._status.sample else 0
        if abs(time_ns - self._described_ns) >= _DESCRIBE_EACH_NS:
            self._described_ns = time_ns
            self.setAccessibleDescription(self._status.description)

    def _restyle(self) -> None:
        """Redraw everything and update the texts for screen readers."""
        self._face = self._ink = None
        self._chart.invalidate()
        self.setAccessibleName(self._status.name)
        self.setAccessibleDescription(self._status.description)
        self.setToolTip(self._status.tooltip)
        self.update()

    def _lay_out(self) -> None:
        self._place = geometry(self.width(), self.height(), compact=self._compact)
        self._restyle()

    def _drawn_face(self) -> QPixmap:
        if self._face is None:
            status = self._status
            face = Face(
                status=status,
                name=short_name(status.info.name),
                selected=self._selected,
                focused=self.hasFocus(),
                hovered=self._hovered,
                range_s=self._range_s,
            )
            self._face = draw_face(face, self._place, self._theme, self.devicePixelRatioF())
        return self._face

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the face, then those figures and the chart that are in the region to paint."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn_face())
        region, place, status = event.region(), self._place, self._status
        if region.intersects(place.chart):
            if self._chart.stale:
                self._render_chart()
            self._chart.draw(painter, place, self._theme, self._bands)
            if not place.compact and status.message:
                draw_message(painter, status, place, self._theme)
        if self._ink is None:
            self._ink = FigurePainter(self._theme, place, dimmed=status.problem is not None)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        by_key = {item.key: item for item in self._figures}
        for column in place.columns:
            if region.intersects(column.area):
                self._ink.draw(painter, by_key[column.key], column)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the card out for its new size."""
        self._lay_out()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(470, COMPACT_HEIGHT if self._compact else FULL_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest size without overlaps."""
        return QSize(260, COMPACT_HEIGHT if self._compact else LEAST_FULL_HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the GPU."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self.uuid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move to another card with the arrow keys, select this one with Enter or Space."""
        key = Qt.Key(event.key())
        if key in _CHOOSE:
            self.chosen.emit(self.uuid)
        elif key in _STEPS:
            self.stepRequested.emit(_STEPS[key])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus ring."""
        self._redraw_face()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Remove the focus ring."""
        self._redraw_face()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Highlight the card under the pointer."""
        self._hovered = True
        self._redraw_face()

    def leaveEvent(self, event: QEvent) -> None:
        """Remove the highlight."""
        self._hovered = False
        self._redraw_face()

    def _redraw_face(self) -> None:
        self._face = None
        self.update()
