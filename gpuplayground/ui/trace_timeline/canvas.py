"""The canvas of the timeline: what the mouse and the keys do to it, and the pointer's mark over the scene."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QScrollBar, QToolTip, QWidget

from gpuplayground.ui.trace_timeline.axis import View
from gpuplayground.ui.trace_timeline.curves import Curves
from gpuplayground.ui.trace_timeline.facts import statement_facts
from gpuplayground.ui.trace_timeline.geometry import RIGHT_PX, RULER_PX, geometry
from gpuplayground.ui.trace_timeline.hits import Hit
from gpuplayground.ui.trace_timeline.probe import Probe
from gpuplayground.ui.trace_timeline.readout import Readout
from gpuplayground.ui.trace_timeline.rows import Picture
from gpuplayground.ui.trace_timeline.scene import Scene
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme

#: A notch of the wheel, 15 degrees or 120 eighths of one, shows so much less or more.
ZOOM_STEP = 1.25
_NOTCH = 120
#: Pixels that a notch scrolls or pans.
_NOTCH_PX = 60
_STRIPS = 3
_ZOOMS = {Qt.Key.Key_Plus: 1 / 1.5, Qt.Key.Key_Equal: 1 / 1.5, Qt.Key.Key_Minus: 1.5, Qt.Key.Key_Underscore: 1.5}
_PANS = {Qt.Key.Key_Left: -0.1, Qt.Key.Key_Right: 0.1}
_SCROLLS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_CONTROL = Qt.KeyboardModifier.ControlModifier


class TimelineCanvas(QWidget):
    """Shows one run. A click shows the line of a statement, a drag pans, Ctrl and the wheel zoom at the pointer."""

    lineActivated = Signal(int, bool)  # line, whether the keyboard goes there too: a click leaves it to the canvas
    viewChanged = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.view = View()
        self.scene = Scene(theme)
        self.readout = Readout(theme, self)
        self.probe = Probe(self.view, self.scene)
        self._pixmap = QPixmap()
        self._stale = True
        self._pointer: QPoint | None = None
        self._hit: Hit | None = None
        self._pressed: QPointF | None = None
        self._dragged = False
        self.bar = QScrollBar(Qt.Orientation.Vertical, self)
        self.bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.bar.setAccessibleName(self.tr("Rows of the timeline"))
        self.bar.valueChanged.connect(self._changed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(200, 80)
        self.setAccessibleName(self.tr("Timeline of the run"))
        theme.changed.connect(self._restyle)

    @property
    def picture(self) -> Picture:
        """The run that is shown."""
        return self.scene.picture

    @property
    def selected(self) -> int:
        """The place of the selected statement among the run's timings, or -1."""
        return self.scene.selected

    @property
    def hovered(self) -> Hit | None:
        """What is under the pointer."""
        return self._hit

    def show_picture(self, picture: Picture) -> None:
        """Show all of another run."""
        self.scene.set_picture(picture)
        self.scene.curves = None
        self.view.set_whole(picture.start, picture.end)
        self.bar.setValue(0)
        self._lay_out()
        self._describe()

    def show_curves(self, curves: Curves) -> None:
        """Draw the curves of the run's time; without any there is more room for rows."""
        self.scene.curves = curves
        self._lay_out()

    def fit(self) -> None:
        """Show the whole run."""
        self.view.fit()
        self._changed()

    def zoom(self, factor: float, share: float | None = None) -> None:
        """Show ``factor`` times as much around a share of the width: the pointer's if it is here, else the middle."""
        if share is None:
            share = 0.5 if self._pointer is None else self.probe.share_at(self._pointer.x())
        self.view.zoom(factor, share)
        self._changed()

    def pan(self, share: float) -> None:
        """Move by a share of the width."""
        self.view.pan(share)
        self._changed()

    def select(self, place: int) -> None:
        """Let a statement and what it launched stand out; -1 selects none."""
        self.scene.selected = place
        self._describe()
        self._changed()

    def reveal(self, place: int) -> None:
        """Bring a statement into sight."""
        timing, start = self.picture.timings[place], self.picture.starts[place]
        if start > self.view.end or start + max(timing.wall_ns, timing.synced_ns or 0) < self.view.start:
            self.pan((start - self.view.start) / self.view.span - 0.25)

    def activate(self, place: int, *, by_key: bool) -> None:
        """Select a statement and ask for its line."""
        self.select(place)
        self.lineActivated.emit(self.picture.timings[place].line, by_key)

    def _lay_out(self) -> None:
        strips = _STRIPS if self.scene.curves is None or self.scene.curves else 0
        gutter = self.scene.gutter_width()
        self.probe.place = geometry(self.width(), self.height(), gutter, self.picture.rows, strips)
        room = self.probe.place.rows_bottom - self.probe.place.rows_top
        self.bar.setRange(0, self.probe.place.overflow)
        self.bar.setPageStep(max(1, room))
        self.bar.setSingleStep(20)
        self.bar.setGeometry(self.width() - RIGHT_PX, self.probe.place.rows_top, RIGHT_PX, max(0, room))
        self.bar.setVisible(self.probe.place.overflow > 0)
        self._changed()

    def _changed(self) -> None:
        """Draw the scene anew when the canvas is painted next, and say what is under the pointer now."""
        self._stale = True
        self.probe.offset = self.bar.value()
        self._point(self._pointer)
        self.viewChanged.emit()
        self.update()

    def _restyle(self) -> None:
        self.scene.restyle()
        self._changed()

    def _describe(self) -> None:
        if self.selected >= 0:
            text = statement_facts(self.picture, self.selected).text
        else:
            text = ", ".join(row.name for row in self.picture.rows if row.name)
        self.setAccessibleDescription(text)

    def _point(self, pointer: QPoint | None) -> None:
        """Tell what is under the pointer, or nothing where it is elsewhere or drags."""
        self._pointer = pointer
        drags = self._pressed is not None and self._dragged
        facts = None if pointer is None or drags else self.probe.facts_at(pointer)
        self._hit = None if pointer is None or facts is None else self.probe.hit_at(pointer)
        if facts is None or pointer is None:
            self.readout.hide()
        else:
            self.readout.tell(facts, self.mapToGlobal(pointer))
        can_go = self._hit is not None and self._hit.owner >= 0
        self.setCursor(Qt.CursorShape.PointingHandCursor if can_go else Qt.CursorShape.ArrowCursor)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the scene, if it has changed, and the pointer's mark over it."""
        ratio = self.devicePixelRatioF()
        if self._stale or self._pixmap.devicePixelRatio() != ratio:
            self._pixmap = self.scene.render(self.size(), ratio, self.view, self.probe.place, self.bar.value())
            self._stale = False
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._pixmap)
        self._draw_pointer(painter)
        if self.hasFocus():
            painter.setPen(self._theme.color("accent", 0.7))
            painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1))

    def _draw_pointer(self, painter: QPainter) -> None:
        if self._pointer is None or not self.probe.is_in_plot(self._pointer):
            return
        painter.fillRect(self._pointer.x(), RULER_PX, 1, self.height() - RULER_PX, self._theme.color("muted", 0.45))
        area = None if self._hit is None else self.probe.area_of(self._hit)
        if area is not None:
            painter.setPen(QPen(self._theme.color("text"), 1))
            painter.drawRect(area.adjusted(-0.5, 1.5, 0.5, -1.5))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew; the same stretch of time stays in sight."""
        super().resizeEvent(event)
        self._lay_out()

    def sizeHint(self) -> QSize:
        """Return a size that has room for a few rows."""
        return QSize(640, 260)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl, pan with Shift or sideways, else scroll the rows."""
        angle, pixels = event.angleDelta(), event.pixelDelta()
        modifiers = event.modifiers()
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            self.view.zoom(ZOOM_STEP ** (-angle.y() / _NOTCH), self.probe.share_at(event.position().x()))
            self._changed()
            return
        across, down = (
            (pixels.x(), pixels.y())
            if not pixels.isNull()
            else (angle.x() * _NOTCH_PX // _NOTCH, angle.y() * _NOTCH_PX // _NOTCH)
        )
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            across, down = across or down, 0
        if across:
            self.pan(-across / self.probe.place.plot)
        self.bar.setValue(self.bar.value() - down)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag what is shown along with the pointer, or tell what is under it."""
        if self._pressed is not None:
            moved = event.position() - self._pressed
            self._dragged |= moved.manhattanLength() >= QApplication.startDragDistance()
            if self._dragged:
                self._pressed = event.position()
                self.view.pan(-moved.x() / self.probe.place.plot)
                self.bar.setValue(self.bar.value() - round(moved.y()))
                self._changed()
        self._point(event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or show the line of the statement that was clicked or launched what was."""
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        was_click, self._pressed = not self._dragged, None
        point = event.position().toPoint()
        self._point(point)
        if was_click and self.probe.is_in_plot(point):
            found = self.probe.hit_at(point)
            if found is None or found.owner < 0:
                self.select(-1)
            else:
                self.activate(found.owner, by_key=False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Zoom to what lies under the pointer."""
        found = self.probe.hit_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and found is not None:
            self.view.show(found.start, found.end)
            self._changed()

    def leaveEvent(self, event: QEvent) -> None:
        """Take the pointer's mark away."""
        self._point(None)

    def hideEvent(self, event: QHideEvent) -> None:
        """Let no figures float over what comes instead."""
        super().hideEvent(event)
        self._pressed = None
        self._point(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom, pan, scroll, or step through the statements."""
        if not self._press(event):
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keep the canvas' own keys from shortcuts of the window; zoom by pinching; name rows that are cut short."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._knows(event):
            event.accept()
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.view.zoom(1.0 / max(0.2, 1.0 + event.value()), self.probe.share_at(event.position().x()))
            self._changed()
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), plainly(self.probe.name_at(event.pos())), self)
            return True
        return super().event(event)

    def _knows(self, event: QKeyEvent) -> bool:
        """Return whether a key does something here."""
        key, control = Qt.Key(event.key()), bool(event.modifiers() & _CONTROL)
        if key == Qt.Key.Key_0:
            return control
        if key == Qt.Key.Key_Escape or key in _ENTERS:
            return self.selected >= 0 and not control
        if key in _PANS or key in _ZOOMS:
            return True
        return not control and (key == Qt.Key.Key_Home or key in _SCROLLS or key in _PAGES)

    def _press(self, event: QKeyEvent) -> bool:
        """Carry out a key; return False for one that does nothing here."""
        if not self._knows(event):
            return False
        key = Qt.Key(event.key())
        if key in _ZOOMS:
            self.zoom(_ZOOMS[key])
        elif key in _PANS and event.modifiers() & _CONTROL:
            self._step_statement(1 if _PANS[key] > 0 else -1)
        elif key in _PANS:
            self.pan(_PANS[key])
        elif key in _SCROLLS:
            self.bar.setValue(self.bar.value() + _SCROLLS[key] * self.bar.singleStep())
        elif key in _PAGES:
            self.bar.setValue(self.bar.value() + _PAGES[key] * self.bar.pageStep())
        elif key == Qt.Key.Key_Escape:
            self.select(-1)
        elif key in _ENTERS:
            self.activate(self.selected, by_key=True)
        else:
            self.fit()
        return True

    def _step_statement(self, by: int) -> None:
        """Select the next statement or the one before."""
        count = len(self.picture.timings)
        if count:
            start = -1 if by > 0 or self.selected >= 0 else count
            current = self.selected if self.selected >= 0 else start
            place = min(max(current + by, 0), count - 1)
            self.select(place)
            self.reveal(place)
