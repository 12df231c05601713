"""Plans a benchmark of selected lines, of a cell, or of the statement at the cursor."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from gpuplayground.model.benchmarks import DEFAULT_MAX_TIME_S, BenchmarkPlan, SweepPlan
from gpuplayground.model.cells import Cell, cell_at, cells
from gpuplayground.runtime.bench.body import RefusedError, Selection
from gpuplayground.runtime.bench.sweep import Sweep
from gpuplayground.runtime.execute.statements import split, top_level

_ONLY_NAMES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NAME = "<snippet>"
#: Maximum number of cells listed in an error.
_LISTED = 6


class SelectionError(Exception):
    """The selection cannot be measured; the message is a sentence that says what to do."""


def cell_named(found: Sequence[Cell], name: str) -> Cell:
    """Return the cell with a title, ignoring case, or with a number.

    Raises:
        SelectionError: no cell matches, or several do.
    """
    if not found:
        raise SelectionError("This file has no cells: start one with a line “# %% title”, or select lines.")
    named = [cell for cell in found if cell.title.casefold() == name.strip().casefold()]
    if len(named) > 1:
        raise SelectionError(f"{len(named)} cells are named {name}: choose one by its number.")
    if not named and name.strip().isdecimal():
        named = [cell for cell in found if cell.number == int(name)]
    if not named:
        listed = ", ".join(
            f"{cell.number} ({cell.title})" if cell.title else f"{cell.number}" for cell in found[:_LISTED]
        )
        more = ", …" if len(found) > _LISTED else ""
        raise SelectionError(f"There is no cell {name}: this file has {listed}{more}.")
    return named[0]


def plan_for(
    source: str,
    *,
    lines: tuple[int, int] | None = None,
    cell: str | None = None,
    cursor: int | None = None,
    max_time_s: float = DEFAULT_MAX_TIME_S,
    cold_l2: bool = False,
    sweep: SweepPlan | None = None,
) -> BenchmarkPlan:
    """Return the plan for a benchmark of ``lines``, of a ``cell``, or of the code at the ``cursor``.

    Leading imports and definitions become part of the set-up, which is not repeated.

    Args:
        source: the snippet.
        lines: first and last line of a selection, counted from 1.
        cell: title or number of a cell.
        cursor: a line; selects its cell, or its statement if the file has no cells.
        max_time_s: see :class:`BenchmarkPlan`.
        cold_l2: see :class:`BenchmarkPlan`.
        sweep: values for a variable of the set-up.

    Raises:
        SelectionError: there is nothing to measure.
    """
    statements = _statements(source)
    if lines is not None:
        first, last, label = min(lines), max(lines), ""
        place = f"line {first}" if first == last else f"lines {first} to {last}"
    else:
        found = cells(source)
        if cell is not None:
            chosen = cell_named(found, cell)
        elif cursor is None:
            raise SelectionError("Nothing is selected: select lines, or name a cell.")
        else:
            at_cursor = cell_at(found, cursor)
            chosen = at_cursor or Cell(0, "", cursor, cursor)
        first, last = chosen.first_line, chosen.last_line
        label = chosen.label if chosen.number else ""
        place = f"the cell {chosen.title}" if chosen.title else label or f"line {first}"
    within = [span for span in statements if span.first <= last and span.last >= first]
    if not within:
        raise SelectionError(f"There is no statement in {place}: select the code to measure.")
    while within and within[0].only_names:
        del within[0]
    if not within:
        raise SelectionError(f"There are only imports and definitions in {place}: select the lines that use them.")
    first, last = within[0].first, within[-1].last
    _check(source, first, last, sweep)
    label = label or (f"line {first}" if first == last else f"lines {first}–{last}")
    return BenchmarkPlan(first, last, label, max_time_s, cold_l2, sweep)


def _check(source: str, first: int, last: int, sweep: SweepPlan | None) -> None:
    """Raise what the snippet's process would refuse, before it starts."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            selection = Selection(source, _NAME, split(source, _NAME)[1], first, last)
        if sweep is not None:
            Sweep(selection, _NAME, sweep.variable, sweep.values)
    except RefusedError as refusal:
        raise SelectionError(str(refusal)) from None
    except SyntaxError as error:
        raise _no_python(error) from None


def _no_python(error: SyntaxError) -> SelectionError:
    return SelectionError(f"Line {error.lineno or 1} is not valid Python ({error.msg}): fix it first.")


@dataclass(frozen=True, slots=True)
class _Span:
    first: int
    last: int
    only_names: bool


def _statements(source: str) -> list[_Span]:
    try:
        nodes = top_level(source, _NAME)
    except SyntaxError as error:
        raise _no_python(error) from None
    except (ValueError, RecursionError, MemoryError):
        raise SelectionError("The source cannot be parsed as Python: fix it first.") from None
    return [_span(node) for node in nodes]


def _span(node: ast.stmt) -> _Span:
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    return _Span(first, node.end_lineno or node.lineno, isinstance(node, _ONLY_NAMES))
