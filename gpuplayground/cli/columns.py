"""Aligns rows of text in columns."""

from __future__ import annotations

from collections.abc import Sequence


def labelled(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return rows of label, figure and remark as aligned lines, indented by two spaces."""
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    return [f"  {label:<{widths[0]}}  {value:<{widths[1]}}  {remark}".rstrip() for label, value, remark in rows]
