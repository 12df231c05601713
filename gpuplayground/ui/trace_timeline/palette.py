"""The colours of the timeline. A kernel's colour depends on its name only, so it is the same in every run."""

from __future__ import annotations

import zlib
from enum import IntEnum

import numpy as np
from PySide6.QtGui import QColor

from gpuplayground.model.gpu_timing import Direction
from gpuplayground.model.trace import SpanKind
from gpuplayground.ui.trace_timeline.density import Floats
from gpuplayground.ui.widgets.theme import Theme


class Ink(IntEnum):
    """Indices of the palette. The wait for the GPU follows the kind of statement it belongs to."""

    STATEMENT = 0
    STATEMENT_WAIT = 1
    IMPORT = 2
    IMPORT_WAIT = 3
    FAILED = 4
    FAILED_WAIT = 5
    REGION = 6
    CONTEXT = 7
    COMPILE = 8
    LOAD = 9
    MEMSET = 10
    GRAPH = 11
    HOST_TO_DEVICE = 12
    DEVICE_TO_HOST = 13
    DEVICE_TO_DEVICE = 14
    PEER_TO_PEER = 15
    HOST_TO_HOST = 16
    FIRST_KERNEL = 17


_ROLES = {
    Ink.STATEMENT: "accent", Ink.IMPORT: "faint", Ink.FAILED: "error",
    Ink.REGION: "builtin", Ink.CONTEXT: "temperature", Ink.COMPILE: "warning", Ink.LOAD: "decorator",
    Ink.MEMSET: "muted", Ink.GRAPH: "string",
    Ink.HOST_TO_DEVICE: "power", Ink.DEVICE_TO_HOST: "temperature", Ink.DEVICE_TO_DEVICE: "memory_controller",
    Ink.PEER_TO_PEER: "clock", Ink.HOST_TO_HOST: "muted",
}  # fmt: skip
_KERNEL_ROLES = ("utilization", "memory", "clock", "builtin", "decorator", "string", "memory_controller", "number")
#: A second series of kernel colours: the same hues, mixed with this share of the text colour.
_SHIFT = 0.38
KERNEL_INKS = 2 * len(_KERNEL_ROLES)
_WAIT = 0.38  # opacity

WAITS = (Ink.STATEMENT_WAIT, Ink.IMPORT_WAIT, Ink.FAILED_WAIT)
SPAN_INKS = {SpanKind.CONTEXT: Ink.CONTEXT, SpanKind.COMPILE: Ink.COMPILE, SpanKind.LOAD: Ink.LOAD}
COPY_INKS = {
    Direction.HOST_TO_DEVICE: Ink.HOST_TO_DEVICE,
    Direction.DEVICE_TO_HOST: Ink.DEVICE_TO_HOST,
    Direction.DEVICE_TO_DEVICE: Ink.DEVICE_TO_DEVICE,
    Direction.PEER_TO_PEER: Ink.PEER_TO_PEER,
    Direction.HOST_TO_HOST: Ink.HOST_TO_HOST,
}


def kernel_ink(name: str) -> int:
    """Return the palette index of a kernel name, the same in every run."""
    return Ink.FIRST_KERNEL + zlib.crc32(name.encode("utf-8", "surrogatepass")) % KERNEL_INKS


def colors(theme: Theme) -> list[QColor]:
    """Return the colours of the palette, including opacity."""
    found = []
    for ink in list(Ink)[: Ink.FIRST_KERNEL]:
        is_wait = ink.name.endswith("_WAIT")
        found.append(theme.color(_ROLES[Ink(ink - 1) if is_wait else ink], _WAIT if is_wait else 1.0))
    kernels = [theme.color(role) for role in _KERNEL_ROLES]
    return found + kernels + [_mixed(color, theme.color("text"), _SHIFT) for color in kernels]


def premultiplied(found: list[QColor]) -> Floats:
    """Return colours as premultiplied red, green, blue and alpha from 0 to 1; shape (colours, 4)."""
    straight = np.array([color.getRgbF() for color in found], np.float64)
    straight[:, :3] *= straight[:, 3:]
    return straight


def text_on(color: QColor, theme: Theme) -> QColor:
    """Return black or white for text on a colour over the panel, whichever contrasts more."""
    seen = _mixed(color, theme.color("panel"), 1.0 - color.alphaF())
    light = _luminance(seen)
    # Above this luminance, the WCAG 2.2 contrast ratio against black is the larger one.
    return QColor("#000000" if (light + 0.05) ** 2 > 0.05 * 1.05 else "#ffffff")


def _mixed(color: QColor, other: QColor, share: float) -> QColor:
    channels = ((1 - share) * one + share * two for one, two in zip(_rgb(color), _rgb(other), strict=True))
    mixed = QColor.fromRgbF(*channels)
    mixed.setAlphaF(color.alphaF())
    return mixed


def _rgb(color: QColor) -> tuple[float, float, float]:
    return color.redF(), color.greenF(), color.blueF()


def _luminance(color: QColor) -> float:
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in _rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
