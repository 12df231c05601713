"""Aligns rows of text in columns."""

from __future__ import annotations

from collections.abc import Sequence


def labelled(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return rows of label, figure and remark as aligned lines, indented by two spaces."""
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    return [f"  {label:<{widths[0]}}  {value:<{widths[1]}}  {remark}".rstrip() for label, value, remark in rows]


def aligned(rows: Sequence[Sequence[str]], alignment: str) -> list[str]:
    """Return rows as lines with two spaces between the columns.

    Args:
        rows: the texts of each row, as many as there are columns.
        alignment: ``<`` or ``>`` for each column.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = [zip(row, alignment, widths, strict=True) for row in rows]
    return ["  ".join(f"{text:{side}{width}}" for text, side, width in row).rstrip() for row in cells]
