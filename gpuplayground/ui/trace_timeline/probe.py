"""From places on the canvas to moments, intervals and figures."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPoint, QRectF

from gpuplayground.ui.trace_timeline.axis import View, exact
from gpuplayground.ui.trace_timeline.facts import Facts, facts_of
from gpuplayground.ui.trace_timeline.geometry import Geometry, geometry
from gpuplayground.ui.trace_timeline.hits import Hit, hit
from gpuplayground.ui.trace_timeline.scene import Scene


class Probe:
    """Knows what lies where. ``place`` is the layout in force and ``offset`` how far the rows are scrolled."""

    def __init__(self, view: View, scene: Scene) -> None:
        self._view, self._scene = view, scene
        self.place: Geometry = geometry(400, 200, 100, (), 0)
        self.offset = 0

    def share_at(self, x: float) -> float:
        """Return the share of the width at a place of the canvas."""
        return min(max((x - self.place.gutter) / self.place.plot, 0.0), 1.0)

    def moment_at(self, x: float) -> float:
        """Return the moment at a place of the canvas, in nanoseconds from the beginning of the run."""
        return self._view.start + (x - self.place.gutter) / self.place.plot * self._view.span

    def x_of(self, moment: float) -> float:
        """Return where a moment lies on the canvas."""
        return self.place.gutter + (moment - self._view.start) / self._view.span * self.place.plot

    def is_in_plot(self, point: QPoint) -> bool:
        """Return whether a place is right of the names and left of the scroll bar."""
        return self.place.gutter <= point.x() < self.place.gutter + self.place.plot

    def hit_at(self, point: QPoint) -> Hit | None:
        """Return what lies at a place of the canvas."""
        slot = self.place.slot_at(point.y(), self.offset)
        if slot is None or not self.is_in_plot(point):
            return None
        return hit(self._scene.picture, slot.number, self.moment_at(point.x()), self._view.span / self.place.plot)

    def facts_at(self, point: QPoint) -> Facts | None:
        """Return the figures for a place of the canvas: of what lies there, or of the curves."""
        found = self.hit_at(point)
        if found is not None:
            return facts_of(self._scene.picture, found)
        curves, strips = self._scene.curves, self.place.strips
        if not curves or not strips or point.y() < strips[0][0] or not self.is_in_plot(point):
            return None
        moment = self.moment_at(point.x())
        lines = curves.lines_at(moment, len(strips))
        return Facts(QCoreApplication.translate("Timeline", "At {time}").format(time=exact(moment)), lines)

    def name_at(self, point: QPoint) -> str:
        """Return the whole name of the row whose name is written at a place, or nothing."""
        slot = self.place.slot_at(point.y(), self.offset)
        if slot is None or point.x() >= self.place.gutter:
            return ""
        row = self._scene.picture.rows[slot.number]
        return row.full_name or row.name

    def area_of(self, found: Hit) -> QRectF | None:
        """Return what a hit covers on the canvas, or None where its row has been scrolled out of sight."""
        slot = next((slot for slot in self.place.slots(self.offset) if slot.number == found.number), None)
        if slot is None:
            return None
        low, high = float(self.place.gutter), float(self.place.gutter + self.place.plot)
        left, right = (min(max(self.x_of(moment), low), high) for moment in (found.start, found.end))
        top = slot.top if slot in self.place.pinned else max(slot.top, self.place.rows_top)
        return QRectF(left, top, max(right - left, 2.0), min(slot.bottom, self.place.rows_bottom) - top)
