"""The keys of the timeline's canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

if TYPE_CHECKING:
    from gpuplayground.ui.trace_timeline.canvas import TimelineCanvas

_ZOOMS = {Qt.Key.Key_Plus: 1 / 1.5, Qt.Key.Key_Equal: 1 / 1.5, Qt.Key.Key_Minus: 1.5, Qt.Key.Key_Underscore: 1.5}
_PANS = {Qt.Key.Key_Left: -0.1, Qt.Key.Key_Right: 0.1}
_SCROLLS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_CONTROL = Qt.KeyboardModifier.ControlModifier


class CanvasKeys:
    """Knows which keys are the canvas' own and carries them out."""

    def __init__(self, canvas: TimelineCanvas) -> None:
        self._canvas = canvas

    def knows(self, event: QKeyEvent) -> bool:
        """Return whether a key does something here."""
        key, control = Qt.Key(event.key()), bool(event.modifiers() & _CONTROL)
        if key == Qt.Key.Key_0:
            return control
        if key == Qt.Key.Key_Escape or key in _ENTERS:
            return self._canvas.selected >= 0 and not control
        if key in _PANS or key in _ZOOMS:
            return True
        return not control and (key == Qt.Key.Key_Home or key in _SCROLLS or key in _PAGES)

    def press(self, event: QKeyEvent) -> bool:
        """Carry out a key; return False for one that does nothing here."""
        if not self.knows(event):
            return False
        canvas, key = self._canvas, Qt.Key(event.key())
        if key in _ZOOMS:
            canvas.zoom(_ZOOMS[key])
        elif key in _PANS and event.modifiers() & _CONTROL:
            self._step(1 if _PANS[key] > 0 else -1)
        elif key in _PANS:
            canvas.pan(_PANS[key])
        elif key in _SCROLLS:
            canvas.bar.setValue(canvas.bar.value() + _SCROLLS[key] * canvas.bar.singleStep())
        elif key in _PAGES:
            canvas.bar.setValue(canvas.bar.value() + _PAGES[key] * canvas.bar.pageStep())
        elif key == Qt.Key.Key_Escape:
            canvas.select(-1)
        elif key in _ENTERS:
            canvas.activate(canvas.selected, by_key=True)
        else:
            canvas.fit()
        return True

    def _step(self, by: int) -> None:
        """Select the next statement or the one before."""
        canvas = self._canvas
        count = len(canvas.picture.timings)
        if count:
            start = -1 if by > 0 or canvas.selected >= 0 else count
            current = canvas.selected if canvas.selected >= 0 else start
            place = min(max(current + by, 0), count - 1)
            canvas.select(place)
            canvas.reveal(place)
