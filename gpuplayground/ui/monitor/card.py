"""A GPU's card: its figures at a glance and a small live chart, in one widget that paints itself."""

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
from gpuplayground.ui.monitor.card_face import Face, draw_face, draw_message
from gpuplayground.ui.monitor.card_geometry import COMPACT_HEIGHT, FULL_HEIGHT, LEAST_FULL_HEIGHT, geometry
from gpuplayground.ui.monitor.card_status import CardState, CardStatus
from gpuplayground.ui.monitor.card_values import FigurePainter
from gpuplayground.ui.monitor.figures import Figure, short_name
from gpuplayground.ui.monitor.picture import Picture
from gpuplayground.ui.widgets.theme import Theme

_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Home: -1000, Qt.Key.Key_End: 1000}
#: A screen reader cannot keep up with more than one description a second.
_DESCRIBE_EACH_NS = 1_000_000_000
_CHOOSE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class GpuCard(QWidget):
    """Shows one GPU. It draws what :meth:`refresh` found last, and asks Qt only for the parts that changed."""

    chosen = Signal(str)
    stepRequested = Signal(int)

    def __init__(self, theme: Theme, picture: Picture, info: GpuInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._picture = theme, picture
        self._status = CardStatus(info)
        self._figures = self._status.figures
        self._chart = CardChart(picture)
        self._runs: Sequence[RunSpan] = ()
        self._bands: tuple[Band, ...] = ()
        self._compact = self._selected = self._hovered = False
        self._range_s = 60
        self._described_ns = self._now_ns = 0
        self._place = geometry(self.width(), self.height(), compact=False)
        self._face: QPixmap | None = None
        self._ink: FigurePainter | None = None
        # The card covers its whole rectangle, corners included: Qt need not draw what is behind it.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self._restyle)
        self._restyle()

    @property
    def uuid(self) -> str:
        """The GPU it shows."""
        return self._status.info.uuid

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures as they are shown."""
        return self._figures

    @property
    def state(self) -> CardState:
        """What the card says about its GPU."""
        return self._status.state

    @property
    def message(self) -> str:
        """The sentence that explains the state, empty while all is well."""
        return self._status.message

    @property
    def tags(self) -> tuple[str, ...]:
        """The words of the pills in its header."""
        return tuple(tag.text for tag in self._status.tags)

    @property
    def bands(self) -> tuple[Band, ...]:
        """The runs drawn on its chart."""
        return self._bands

    @property
    def compact(self) -> bool:
        """Whether the card is in its low form, for many GPUs."""
        return self._compact

    @property
    def selected(self) -> bool:
        """Whether the card is the selected one."""
        return self._selected

    def set_info(self, info: GpuInfo) -> None:
        """Show a GPU that was enumerated again."""
        self._set(info=info)

    def set_processes(self, count: int | None, unlisted: str = "") -> None:
        """Show how many processes use the GPU; None while that is unknown, ``unlisted`` is why it cannot be known."""
        self._set(processes=None if unlisted else count, unlisted=unlisted)

    def set_problem(self, problem: Problem | None) -> None:
        """Show that the GPU is lost or does not answer, or that it does again."""
        self._set(problem=problem)

    def set_paused(self, paused: bool) -> None:
        """Show that the readings stand still because the user asked for it."""
        self._set(paused=paused)

    def set_recording(self, text: str) -> None:
        """Mark the figures as those of a recording; empty for live ones."""
        self._set(recording=text)

    def set_compact(self, compact: bool) -> None:
        """Switch between the full form and the low one."""
        if compact != self._compact:
            self._compact = compact
            self.updateGeometry()
            self._lay_out()

    def set_selected(self, selected: bool) -> None:
        """Mark the card; Tab reaches only the marked card of a list, the arrow keys the others."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if selected else Qt.FocusPolicy.ClickFocus)
        if selected != self._selected:
            self._selected = selected
            self._restyle()

    def set_runs(self, runs: Sequence[RunSpan]) -> None:
        """Take the runs to draw as bands, of any GPU, from the next refresh on."""
        self._runs = runs
        self._chart.invalidate()

    def set_range(self, seconds: int) -> None:
        """Set how far the chart reaches back."""
        if seconds != self._range_s:
            self._range_s = seconds
            self._restyle()

    def refresh(self, now_ns: int) -> None:
        """Read the newest sample and have what changed painted. ``now_ns`` is the chart's right edge."""
        sample = self._picture.latest(self.uuid)
        if sample is not self._status.sample:
            before, self._status = self._status, replace(self._status, sample=sample)
            if (before.state, before.dot_role) != (self._status.state, self._status.dot_role):
                self._restyle()
            self._show_figures()
        self._now_ns = now_ns
        if self._render_chart():
            self.update(self._place.chart)

    def _render_chart(self) -> bool:
        """Draw the chart's picture if it has changed; return whether it has."""
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
        """Have everything drawn anew: the face, the chart, and the words for a screen reader."""
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
        """Draw the face, then the figures and the chart as far as they lie within the region to paint."""
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
        """Return the size at which the card looks best."""
        return QSize(470, COMPACT_HEIGHT if self._compact else FULL_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest size in which nothing overlaps."""
        return QSize(260, COMPACT_HEIGHT if self._compact else LEAST_FULL_HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the GPU."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self.uuid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move to another card by the arrow keys, choose this one by Enter or Space."""
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
        """Lift the card under the pointer."""
        self._hovered = True
        self._redraw_face()

    def leaveEvent(self, event: QEvent) -> None:
        """Lay the card down again."""
        self._hovered = False
        self._redraw_face()

    def _redraw_face(self) -> None:
        self._face = None
        self.update()
