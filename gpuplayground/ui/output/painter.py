"""Paints the visible part of output lines on a grid of character cells."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from gpuplayground.terminal import grid, styles
from gpuplayground.terminal.lines import OutputLine
from gpuplayground.ui.widgets.theme import Theme, mono_font


@dataclass(frozen=True, slots=True)
class Span:
    """A range of indices with a highlight: ``selected``, ``found``, ``link`` or ``focused``."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Place:
    """The position of a row: left and top edge in pixels, first cell, and number of visible cells."""

    left: float
    top: float
    first_cell: int
    columns: int


class LinePainter:
    """Paints lines with the metrics and colours of one view."""

    def __init__(self, theme: Theme, pixels: int) -> None:
        self._theme = theme
        self.set_size(pixels)

    def set_size(self, pixels: int) -> None:
        """Set the size of the mono font in pixels."""
        self.pixels = pixels
        self._fonts: dict[int, QFont] = {}
        metrics = QFontMetricsF(mono_font(pixels))
        self.cell_width = metrics.horizontalAdvance("0" * 100) / 100
        self.line_height = round(metrics.height() * 1.02)
        self._ascent = round(metrics.ascent())
        self.forget_colors()

    def forget_colors(self) -> None:
        """Drop cached colours after the theme has changed."""
        self._colors: dict[int, tuple[QColor, QColor | None]] = {}
        table = self._theme.color
        self._spans = {
            "selected": table("selection"),
            "found": table("warning", 0.32),
            "focused": table("accent", 0.22),
        }
        self._link = table("accent")

    def draw(self, painter: QPainter, line: OutputLine, place: Place, spans: Sequence[Span]) -> None:
        """Draw one row of a line."""
        text = line.text
        start = grid.index_at(text, place.first_cell)
        end = min(grid.index_at(text, place.first_cell + place.columns) + 1, len(text))
        base = grid.width(text[:start])
        origin = place.left + (base - place.first_cell) * self.cell_width
        for span in spans:
            if span.kind in self._spans:
                rectangle = self._rectangle(text, span, start, end, QPointF(origin, place.top), base)
                painter.fillRect(rectangle, self._spans[span.kind])
        cell = base
        links = [span for span in spans if span.kind == "link"]
        for low, high, style in segments(
            line.runs, start, end, [edge for span in links for edge in (span.start, span.end)]
        ):
            linked = any(span.start <= low < span.end for span in links)
            x = origin + (cell - base) * self.cell_width
            cell = self._draw_segment(painter, text[low:high], style, linked, QPointF(x, place.top), cell)

    def _draw_segment(self, painter: QPainter, text: str, style: int, linked: bool, corner: QPointF, cell: int) -> int:
        """Draw characters of one style and return the next cell."""
        parts = [text] if grid.is_regular(text) else grid.clusters(text)
        following = cell
        for part in parts:
            following = grid.TAB * (following // grid.TAB + 1) if part == "\t" else following + grid.width(part)
        color, behind = self.colors(style)
        width = (following - cell) * self.cell_width
        if behind is not None:
            painter.fillRect(QRectF(corner.x(), corner.y(), width, self.line_height), behind)
        painter.setPen(self._link if linked else color)
        painter.setFont(self._font(style | (styles.UNDERLINE if linked else 0)))
        x, y = corner.x(), corner.y() + self._ascent
        for part in parts:
            if part == "\t":
                column = round((x - corner.x()) / self.cell_width) + cell
                x += (grid.TAB - column % grid.TAB) * self.cell_width
                continue
            painter.drawText(QPointF(x, y), part)
            x += grid.width(part) * self.cell_width
        return following

    def _rectangle(self, text: str, span: Span, start: int, end: int, corner: QPointF, base: int) -> QRectF:
        """Return the area of a span, clipped to the visible indices; past the end of the text each index is a cell."""
        low, high = max(span.start, start), min(span.end, max(end, start) + 1)
        if high <= low:
            return QRectF()
        left = grid.width(text[:low]) + max(low - len(text), 0) - base
        right = grid.width(text[:high]) + max(high - len(text), 0) - base
        return QRectF(
            corner.x() + left * self.cell_width, corner.y(), (right - left) * self.cell_width, self.line_height
        )

    def colors(self, style: int) -> tuple[QColor, QColor | None]:
        """Return the text colour of a style and its background, if any."""
        known = self._colors.get(style)
        if known is None:
            if len(self._colors) > 2048:
                self._colors.clear()
            known = self._colors[style] = self._make_colors(style)
        return known

    def _make_colors(self, style: int) -> tuple[QColor, QColor | None]:
        behind = self._color(styles.background(style))
        color = self._color(styles.foreground(style))
        if color is None:
            color = self._default(style) if behind is None else readable_on(behind)
        if style & styles.INVERSE:
            color, behind = behind or self._theme.color("panel"), color
        if style & styles.DIM:
            color = blended(color, behind or self._theme.color("panel"), 0.4)
        return color, behind

    def _default(self, style: int) -> QColor:
        """Return the colour of text without one of its own, by its source."""
        if style & (styles.LINK | styles.ECHO):
            return self._theme.color("accent")
        if style & styles.NOTE:
            return self._theme.color("muted")
        text = self._theme.color("text")
        return blended(text, self._theme.color("error"), 0.6) if style & styles.STDERR else text

    def _color(self, packed: int) -> QColor | None:
        if not packed:
            return None
        direct = styles.rgb(packed)
        return QColor(self._theme.colors.ansi[packed - 1]) if direct is None else QColor.fromRgb(direct)

    def _font(self, style: int) -> QFont:
        key = style & (styles.BOLD | styles.ITALIC | styles.UNDERLINE | styles.STRIKE | styles.LINK)
        font = self._fonts.get(key)
        if font is None:
            font = mono_font(self.pixels)
            font.setBold(bool(key & styles.BOLD))
            font.setItalic(bool(key & styles.ITALIC))
            font.setUnderline(bool(key & (styles.UNDERLINE | styles.LINK)))
            font.setStrikeOut(bool(key & styles.STRIKE))
            self._fonts[key] = font
        return font


def segments(
    runs: Sequence[tuple[int, int]], start: int, end: int, cuts: Sequence[int] = ()
) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and style of each part of a line with one style, split at ``cuts`` too."""
    first = bisect_right(runs, start, key=_start)
    last = bisect_right(runs, end - 1, key=_start)
    style = runs[first - 1][1] if first else 0
    edges = sorted({start, end, *(run[0] for run in runs[first:last]), *(cut for cut in cuts if start < cut < end)})
    for low, high in pairwise(edges):
        while first < last and runs[first][0] <= low:
            style = runs[first][1]
            first += 1
        yield low, high, style


def _start(run: tuple[int, int]) -> int:
    return run[0]


def found_spans(text: str, needle: str) -> list[Span]:
    """Return the matches of a lower-case text in a line, ignoring case."""
    spans: list[Span] = []
    lower = text.lower()
    start = lower.find(needle) if needle else -1
    while start >= 0:
        spans.append(Span("found", start, start + len(needle)))
        start = lower.find(needle, start + len(needle))
    return spans


def blended(color: QColor, other: QColor, part: float) -> QColor:
    """Return a mix of two colours; ``part``, from 0 to 1, is the share of the second."""

    def between(low: float, high: float) -> float:
        return low + (high - low) * part

    return QColor.fromRgbF(
        between(color.redF(), other.redF()),
        between(color.greenF(), other.greenF()),
        between(color.blueF(), other.blueF()),
    )


def readable_on(color: QColor) -> QColor:
    """Return near-black or near-white, whichever contrasts more with a background (luminance as in ITU-R BT.601)."""
    luminance = 0.299 * color.redF() + 0.587 * color.greenF() + 0.114 * color.blueF()
    return QColor("#0b0e14") if luminance > 0.5 else QColor("#f8fafc")
