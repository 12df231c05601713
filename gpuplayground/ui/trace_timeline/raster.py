"""Rows as pixels: numpy fills a premultiplied image, a column at a time, whatever number of operations lies in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from gpuplayground.ui.trace_timeline.density import Columns, Floats, Integers
from gpuplayground.ui.trace_timeline.palette import WAITS

Pixels = npt.NDArray[np.uint32]

#: Opacity of a column that holds next to nothing: a kernel of 2 µs shall be seen in a run of seconds.
_LEAST = 0.32
#: What is not of the selected statement.
_DIMMED = 0.22
#: Operations at least this wide, in pixels, are told apart by a darker left edge.
_EDGED_PX = 4
_EDGE = 0.45
#: The hatching of waits: every so many pixels a stripe of so many, in a stronger shade.
_HATCH_PX, _STRIPE_PX, _STRIPE = 7, 3, 1.7


@dataclass(frozen=True, slots=True)
class Wide:
    """An interval that fills columns alone: its place in the row, its first column and the one behind its last."""

    place: int
    first: int
    last: int


def wide(columns: Columns, least: int) -> list[Wide]:
    """Return the intervals that fill at least so many columns alone, from left to right."""
    single = columns.single
    changes = np.flatnonzero(np.diff(single)) + 1
    firsts = np.concatenate(([0], changes))
    lasts = np.concatenate((changes, [len(single)]))
    chosen = (lasts - firsts >= least) & (single[firsts] >= 0)
    bounds = zip(firsts[chosen].tolist(), lasts[chosen].tolist(), strict=True)
    return [Wide(int(single[first]), first, last) for first, last in bounds]


def shades(columns: Columns, *, dimmed: bool = False) -> Floats:
    """Return a row's colour in each column, premultiplied, from 0 to 1: the denser, the stronger."""
    strength = np.where(columns.touched, _LEAST + (1.0 - _LEAST) * columns.coverage, 0.0)
    for item in wide(columns, _EDGED_PX):
        if item.first and columns.touched[item.first - 1]:
            strength[item.first] *= _EDGE
    return columns.ink * (strength * (_DIMMED if dimmed else 1.0))[:, None]


def packed(colors: Floats) -> Pixels:
    """Return premultiplied colours as pixels of ``Format_ARGB32_Premultiplied``."""
    levels = (np.minimum(colors, 1.0) * 255.0 + 0.5).astype(np.uint32)
    pixels = levels[:, 3] << 24 | levels[:, 0] << 16 | levels[:, 1] << 8 | levels[:, 2]
    return pixels.astype(np.uint32)


class Raster:
    """An image of the whole area of rows, in device pixels. It holds its pixels as long as it lives."""

    def __init__(self) -> None:
        self._pixels: Pixels = np.zeros((1, 1), np.uint32)
        self.image = QImage()

    def clear(self, width: int, height: int) -> None:
        """Start over with an empty image of this size."""
        if self._pixels.shape == (height, width):
            self._pixels[:] = 0
            return
        self._pixels = np.zeros((height, width), np.uint32)
        self.image = QImage(
            self._pixels.data.cast("B"), width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied
        )

    def fill(self, top: int, bottom: int, colors: Floats) -> None:
        """Fill a row between two heights; what is outside of the image is left out."""
        self._pixels[max(top, 0) : max(bottom, 0)] = packed(colors)

    def hatch(self, top: int, bottom: int, colors: Floats, waits: npt.NDArray[np.bool_], shift: int) -> None:
        """Draw stripes over the columns of waits; ``shift`` moves them along with what they lie on."""
        rows = self._pixels[max(top, 0) : max(bottom, 0)]
        columns: Integers = np.flatnonzero(waits)
        if not len(columns) or not len(rows):
            return
        stripe = packed(colors[columns] * _STRIPE)
        slant = (columns + shift)[None, :] + np.arange(len(rows))[:, None]
        rows[:, columns] = np.where(slant % _HATCH_PX < _STRIPE_PX, stripe, rows[:, columns])


def is_wait(columns: Columns, inks: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return which columns hold one wait alone, given the colours of the row's intervals."""
    alone = columns.single >= 0
    found: npt.NDArray[np.bool_] = np.isin(inks[columns.single], WAITS) & alone
    return found
