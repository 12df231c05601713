"""Lucide icons in the colours of the theme."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from gpuplayground.ui.widgets.theme import Theme


class Icons:
    """Reads ``resources/icons`` and tints the icons. Caches them for the current theme."""

    def __init__(self, folder: Path, theme: Theme) -> None:
        self._folder = folder
        self._theme = theme
        self._drawn: dict[tuple[str, str, str], QIcon] = {}
        self._texts: dict[str, str] = {}
        theme.changed.connect(self._drawn.clear)

    def icon(self, name: str, role: str = "muted", *, filled: bool = False) -> QIcon:
        """Return the icon ``name`` in the colour of a role; its disabled state is drawn in the faint colour.

        Raises:
            FileNotFoundError: there is no such icon.
        """
        key = (name, role, "filled" if filled else "")
        if key not in self._drawn:
            icon = QIcon()
            for mode, mode_role in ((QIcon.Mode.Normal, role), (QIcon.Mode.Disabled, "faint")):
                renderer = self._renderer(name, mode_role, filled=filled)
                for pixels in (16, 32):
                    icon.addPixmap(_picture(renderer, pixels), mode)
            self._drawn[key] = icon
        return self._drawn[key]

    def pixmap(self, name: str, role: str = "muted", pixels: int = 16, *, filled: bool = False) -> QPixmap:
        """Return the icon as a square pixmap of ``pixels``."""
        return _picture(self._renderer(name, role, filled=filled), pixels)

    def _renderer(self, name: str, role: str, *, filled: bool) -> QSvgRenderer:
        if name not in self._texts:
            self._texts[name] = (self._folder / f"{name}.svg").read_text(encoding="utf-8")
        color = getattr(self._theme.colors, role)
        svg = self._texts[name].replace("currentColor", color)
        if filled:
            svg = svg.replace('fill="none"', f'fill="{color}"')
        return QSvgRenderer(QByteArray(svg.encode()))


def _picture(renderer: QSvgRenderer, pixels: int) -> QPixmap:
    pixmap = QPixmap(QSize(pixels, pixels))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter)
    painter.end()
    return pixmap
