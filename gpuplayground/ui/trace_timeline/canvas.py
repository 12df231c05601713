"""The timeline widget: mouse and keyboard, and the pointer marker over the scene."""

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

#: Zoom factor of one wheel notch.
ZOOM_STEP = 1.25
#: One wheel notch is 15 degrees, which Qt reports in eighths of a degree.
_NOTCH = 120
#: Pixels per notch when scrolling or panning.
_NOTCH_PX = 60
_STRIPS = 3
_ZOOMS = {Qt.Key.Key_Plus: 1 / 1.5, Qt.Key.Key_Equal: 1 / 1.5, Qt.Key.Key_Minus: 1.5, Qt.Key.Key_Underscore: 1.5}
_PANS = {Qt.Key.Key_Left: -0.1, Qt.Key.Key_Right: 0.1}
_SCROLLS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_CONTROL = Qt.KeyboardModifier.ControlModifier


class TimelineCanvas(QWidget):
    """Shows one run. A click goes to a statement's line, dragging pans, Ctrl+wheel zooms at the pointer."""

    lineActivated = Signal(int, bool)  # line, whether the editor gets the focus: a click leaves it on the timeline
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
        """The layout of the run that is shown."""
        return self.scene.picture

    @property
    def selected(self) -> int:
        """The index of the selected statement in the run's timings, or -1."""
        return self.scene.selected

    @property
    def hovered(self) -> Hit | None:
        """The intervals under the pointer, if any."""
        return self._hit

    def show_picture(self, picture: Picture) -> None:
        """Show a run as a whole."""
        self.scene.set_picture(picture)
        self.scene.curves = None
        self.view.set_whole(picture.start, picture.end)
        self.bar.setValue(0)
        self._lay_out()
        self._describe()

    def show_curves(self, curves: Curves) -> None:
        """Show the NVML curves below the rows; empty curves take no room."""
        self.scene.curves = curves
        self._lay_out()

    def fit(self) -> None:
        """Show the whole run."""
        self.view.fit()
        self._changed()

    def zoom(self, factor: float, share: float | None = None) -> None:
        """Multiply the visible range by ``factor``, around the pointer or the middle unless ``share`` is given."""
        if share is None:
            share = 0.5 if self._pointer is None else self.probe.share_at(self._pointer.x())
        self.view.zoom(factor, share)
        self._changed()

    def pan(self, share: float) -> None:
        """Move by a share of the visible range."""
        self.view.pan(share)
        self._changed()

    def select(self, index: int) -> None:
        """Highlight a statement and what it launched; -1 clears the selection."""
        self.scene.selected = index
        self._describe()
        self._changed()

    def reveal(self, index: int) -> None:
        """Pan until a statement is visible."""
        timing, start = self.picture.timings[index], self.picture.starts[index]
        if start > self.view.end or start + max(timing.wall_ns, timing.synced_ns or 0) < self.view.start:
            self.pan((start - self.view.start) / self.view.span - 0.25)

    def activate(self, index: int, *, by_key: bool) -> None:
        """Select a statement and go to its line."""
        self.select(index)
        self.lineActivated.emit(self.picture.timings[index].line, by_key)

    def _lay_out(self) -> None:
        strips = _STRIPS if self.scene.curves is None or self.scene.curves else 0
        gutter = self.scene.gutter_width()
        self.probe.geometry = geometry(self.width(), self.height(), gutter, self.picture.rows, strips)
        room = self.probe.geometry.rows_bottom - self.probe.geometry.rows_top
        self.bar.setRange(0, self.probe.geometry.overflow)
        self.bar.setPageStep(max(1, room))
        self.bar.setSingleStep(20)
        self.bar.setGeometry(self.width() - RIGHT_PX, self.probe.geometry.rows_top, RIGHT_PX, max(0, room))
        self.bar.setVisible(self.probe.geometry.overflow > 0)
        self._changed()

    def _changed(self) -> None:
        """Invalidate the scene, and update what is under the pointer."""
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
        """Show the figures under the pointer; none while it is outside or dragging."""
        self._pointer = pointer
        is_dragging = self._pressed is not None and self._dragged
        facts = None if pointer is None or is_dragging else self.probe.facts_at(pointer)
        self._hit = None if pointer is None or facts is None else self.probe.hit_at(pointer)
        if facts is None or pointer is None:
            self.readout.hide()
        else:
            self.readout.show_facts(facts, self.mapToGlobal(pointer))
        can_go = self._hit is not None and self._hit.owner >= 0
        self.setCursor(Qt.CursorShape.PointingHandCursor if can_go else Qt.CursorShape.ArrowCursor)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Render the scene if it has changed, and draw the pointer marker over it."""
        ratio = self.devicePixelRatioF()
        if self._stale or self._pixmap.devicePixelRatio() != ratio:
            self._pixmap = self.scene.render(self.size(), ratio, self.view, self.probe.geometry, self.bar.value())
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
        """Lay out again; the visible time range stays."""
        super().resizeEvent(event)
        self._lay_out()

    def sizeHint(self) -> QSize:
        """Return a size that fits a few rows."""
        return QSize(640, 260)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl, pan with Shift or horizontally, else scroll the rows."""
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
            self.pan(-across / self.probe.geometry.plot)
        self.bar.setValue(self.bar.value() - down)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan while dragging, else show what is under the pointer."""
        if self._pressed is not None:
            moved = event.position() - self._pressed
            self._dragged |= moved.manhattanLength() >= QApplication.startDragDistance()
            if self._dragged:
                self._pressed = event.position()
                self.view.pan(-moved.x() / self.probe.geometry.plot)
                self.bar.setValue(self.bar.value() - round(moved.y()))
                self._changed()
        self._point(event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or go to the line of the statement that was clicked or launched what was clicked."""
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
        """Zoom to what is under the pointer."""
        found = self.probe.hit_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and found is not None:
            self.view.show(found.start, found.end)
            self._changed()

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the pointer marker."""
        self._point(None)

    def hideEvent(self, event: QHideEvent) -> None:
        """Hide the figures beside the pointer too."""
        super().hideEvent(event)
        self._pressed = None
        self._point(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom, pan, scroll, or step through the statements."""
        if not self._press(event):
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Handle own keys before shortcuts of the window, pinch gestures, and tooltips of elided row names."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._handles(event):
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

    def _handles(self, event: QKeyEvent) -> bool:
        """Return whether the timeline handles a key."""
        key, control = Qt.Key(event.key()), bool(event.modifiers() & _CONTROL)
        if key == Qt.Key.Key_0:
            return control
        if key == Qt.Key.Key_Escape or key in _ENTERS:
            return self.selected >= 0 and not control
        if key in _PANS or key in _ZOOMS:
            return True
        return not control and (key == Qt.Key.Key_Home or key in _SCROLLS or key in _PAGES)

    def _press(self, event: QKeyEvent) -> bool:
        """Handle a key; return False if it does nothing here."""
        if not self._handles(event):
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
        """Select the next or the previous statement."""
        count = len(self.picture.timings)
        if count:
            start = -1 if by > 0 or self.selected >= 0 else count
            current = self.selected if self.selected >= 0 else start
            index = min(max(current + by, 0), count - 1)
            self.select(index)
            self.reveal(index)
