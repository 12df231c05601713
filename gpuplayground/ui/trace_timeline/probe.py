"""Maps positions on the timeline to times, intervals and figures."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPoint, QRectF

from gpuplayground.ui.trace_timeline.axis import View, exact
from gpuplayground.ui.trace_timeline.facts import Facts, facts_of
from gpuplayground.ui.trace_timeline.geometry import Geometry, geometry
from gpuplayground.ui.trace_timeline.hits import Hit, hit
from gpuplayground.ui.trace_timeline.scene import Scene


class Probe:
    """Hit testing. ``geometry`` is the current layout and ``offset`` the scroll position of the rows."""

    def __init__(self, view: View, scene: Scene) -> None:
        self._view, self._scene = view, scene
        self.geometry: Geometry = geometry(400, 200, 100, (), 0)
        self.offset = 0

    def share_at(self, x: float) -> float:
        """Return an x coordinate as a share of the plot's width, from 0 to 1."""
        return min(max((x - self.geometry.gutter) / self.geometry.plot, 0.0), 1.0)

    def moment_at(self, x: float) -> float:
        """Return the time at an x coordinate, in nanoseconds from the run's start."""
        return self._view.start + (x - self.geometry.gutter) / self.geometry.plot * self._view.span

    def x_of(self, moment: float) -> float:
        """Return the x coordinate of a time."""
        return self.geometry.gutter + (moment - self._view.start) / self._view.span * self.geometry.plot

    def is_in_plot(self, point: QPoint) -> bool:
        """Return whether a point is between the names and the scroll bar."""
        return self.geometry.gutter <= point.x() < self.geometry.gutter + self.geometry.plot

    def hit_at(self, point: QPoint) -> Hit | None:
        """Return the intervals at a point, if any."""
        slot = self.geometry.slot_at(point.y(), self.offset)
        if slot is None or not self.is_in_plot(point):
            return None
        return hit(self._scene.picture, slot.number, self.moment_at(point.x()), self._view.span / self.geometry.plot)

    def facts_at(self, point: QPoint) -> Facts | None:
        """Return the figures at a point: of an interval, or of the curves."""
        found = self.hit_at(point)
        if found is not None:
            return facts_of(self._scene.picture, found)
        curves, strips = self._scene.curves, self.geometry.strips
        if not curves or not strips or point.y() < strips[0][0] or not self.is_in_plot(point):
            return None
        moment = self.moment_at(point.x())
        lines = curves.lines_at(moment, len(strips))
        return Facts(QCoreApplication.translate("Timeline", "At {time}").format(time=exact(moment)), lines)

    def name_at(self, point: QPoint) -> str:
        """Return the full name of the row whose label is at a point, or an empty text."""
        slot = self.geometry.slot_at(point.y(), self.offset)
        if slot is None or point.x() >= self.geometry.gutter:
            return ""
        row = self._scene.picture.rows[slot.number]
        return row.full_name or row.name

    def area_of(self, found: Hit) -> QRectF | None:
        """Return the area of a hit, or None if its row is scrolled out of view."""
        slot = next((slot for slot in self.geometry.slots(self.offset) if slot.number == found.number), None)
        if slot is None:
            return None
        low, high = float(self.geometry.gutter), float(self.geometry.gutter + self.geometry.plot)
        left, right = (min(max(self.x_of(moment), low), high) for moment in (found.start, found.end))
        top = slot.top if slot in self.geometry.pinned else max(slot.top, self.geometry.rows_top)
        return QRectF(left, top, max(right - left, 2.0), min(slot.bottom, self.geometry.rows_bottom) - top)
