"""What a person chose to measure, as a plan: marked lines, a cell, or the statement at the cursor."""

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
#: Titles that a sentence lists at most.
_LISTED = 6


class SelectionError(Exception):
    """Nothing can be measured there; the message is a sentence that says what to do."""


def cell_named(found: Sequence[Cell], name: str) -> Cell:
    """Return the cell with a title, in capitals or not, or else with a number.

    Raises:
        SelectionError: there is no such cell, or more than one.
    """
    if not found:
        raise SelectionError("This file has no cells: begin one with a line # %% title, or choose lines.")
    named = [cell for cell in found if cell.title.casefold() == name.strip().casefold()]
    if len(named) > 1:
        raise SelectionError(f"{len(named)} cells are called {name}: choose one by its number.")
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
    """Return the plan of a benchmark of what was chosen: ``lines``, or a ``cell``, or what is at the ``cursor``.

    Imports and definitions at the beginning of it are left to the set-up: they are not what is to be repeated.

    Args:
        source: the snippet.
        lines: first and last line of a selection, from 1.
        cell: title or number of a cell.
        cursor: a line: its cell where the file has cells, otherwise the statement there.
        max_time_s: see :class:`BenchmarkPlan`, also for the next two.
        cold_l2: whether the L2 cache is overwritten ahead of each sample.
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
            raise SelectionError("Nothing is chosen: select lines, or name a cell.")
        else:
            at_cursor = cell_at(found, cursor)
            chosen = at_cursor or Cell(0, "", cursor, cursor)
        first, last = chosen.first_line, chosen.last_line
        label = chosen.label if chosen.number else ""
        place = f"the cell {chosen.title}" if chosen.title else label or f"line {first}"
    within = [span for span in statements if span.first <= last and span.last >= first]
    if not within:
        raise SelectionError(f"There is no statement in {place}: select what is to be measured.")
    while within and within[0].only_names:
        del within[0]
    if not within:
        raise SelectionError(f"There are only imports and definitions in {place}: select the lines that use them.")
    first, last = within[0].first, within[-1].last
    _check(source, first, last, sweep)
    label = label or (f"line {first}" if first == last else f"lines {first}–{last}")
    return BenchmarkPlan(first, last, label, max_time_s, cold_l2, sweep)


def _check(source: str, first: int, last: int, sweep: SweepPlan | None) -> None:
    """Refuse here what the snippet's process would refuse."""
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
    return SelectionError(f"Line {error.lineno or 1} is no Python ({error.msg}): correct it first.")


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
        raise SelectionError("This text is no Python that can be measured: correct it first.") from None
    return [_span(node) for node in nodes]


def _span(node: ast.stmt) -> _Span:
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    return _Span(first, node.end_lineno or node.lineno, isinstance(node, _ONLY_NAMES))
