"""Fills the rows of the timeline into an image with numpy, column by column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from gpuplayground.ui.trace_timeline.density import Columns, Floats, Integers
from gpuplayground.ui.trace_timeline.palette import WAITS

Pixels = npt.NDArray[np.uint32]

#: Least opacity of a column: a kernel of 2 µs must be visible in a run of seconds.
_LEAST = 0.32
#: Opacity of what does not belong to the selected statement.
_DIMMED = 0.22
#: Operations at least this wide, in pixels, have a darker left edge to separate them.
_EDGED_PX = 4
_EDGE = 0.45
#: Hatching of waits: period and stripe width in pixels, and the strength of a stripe.
_HATCH_PX, _STRIPE_PX, _STRIPE = 7, 3, 1.7


@dataclass(frozen=True, slots=True)
class Wide:
    """An interval that fills columns alone: its index in the row, and its half-open range of columns."""

    index: int
    first: int
    last: int


def wide(columns: Columns, least: int) -> list[Wide]:
    """Return the intervals that fill at least ``least`` columns alone, from left to right."""
    single = columns.single
    changes = np.flatnonzero(np.diff(single)) + 1
    firsts = np.concatenate(([0], changes))
    lasts = np.concatenate((changes, [len(single)]))
    chosen = (lasts - firsts >= least) & (single[firsts] >= 0)
    bounds = zip(firsts[chosen].tolist(), lasts[chosen].tolist(), strict=True)
    return [Wide(int(single[first]), first, last) for first, last in bounds]


def shades(columns: Columns, *, dimmed: bool = False) -> Floats:
    """Return a row's premultiplied colour in each column, from 0 to 1, stronger where it is denser."""
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
    """The image of all rows, in device pixels. It owns the pixels, which ``QImage`` does not copy."""

    def __init__(self) -> None:
        self._pixels: Pixels = np.zeros((1, 1), np.uint32)
        self.image = QImage()

    def clear(self, width: int, height: int) -> None:
        """Clear the image, and resize it if needed."""
        if self._pixels.shape == (height, width):
            self._pixels[:] = 0
            return
        self._pixels = np.zeros((height, width), np.uint32)
        self.image = QImage(
            self._pixels.data.cast("B"), width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied
        )

    def fill(self, top: int, bottom: int, colors: Floats) -> None:
        """Fill a row between two y coordinates, clipped to the image."""
        self._pixels[max(top, 0) : max(bottom, 0)] = packed(colors)

    def hatch(self, top: int, bottom: int, colors: Floats, waits: npt.NDArray[np.bool_], shift: int) -> None:
        """Draw stripes over the columns of waits; ``shift`` makes them move with the view."""
        rows = self._pixels[max(top, 0) : max(bottom, 0)]
        columns: Integers = np.flatnonzero(waits)
        if not len(columns) or not len(rows):
            return
        stripe = packed(colors[columns] * _STRIPE)
        slant = (columns + shift)[None, :] + np.arange(len(rows))[:, None]
        rows[:, columns] = np.where(slant % _HATCH_PX < _STRIPE_PX, stripe, rows[:, columns])


def is_wait(columns: Columns, inks: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return which columns hold a single wait, given the colours of the row's intervals."""
    alone = columns.single >= 0
    found: npt.NDArray[np.bool_] = np.isin(inks[columns.single], WAITS) & alone
    return found
