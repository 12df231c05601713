"""Which variables of a snippet a sweep could change, and what could be measured over them.

Such a variable is set by one assignment at the top level. It is offered where the number it is set to is to be seen.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from gpuplayground.benchmarks.sweep_values import SweepError, parse_sweep
from gpuplayground.runtime.bench.sweep import refusal
from gpuplayground.runtime.execute.bindings import assigned_values
from gpuplayground.runtime.execute.statements import top_level


@dataclass(frozen=True, slots=True)
class NumberVariable:
    """A name, what stands right of its equals sign, and the line of it, counted from 1."""

    name: str
    text: str
    line: int


def number_variables(source: str, before_line: int | None = None) -> tuple[NumberVariable, ...]:
    """Return the variables that are set to a number above a line, or anywhere; of each name the last assignment.

    ``n = 2**20`` is one, as is ``n, m = 1, 2``; ``n = len(x)`` is not. A snippet that does not parse has none.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: dict[str, NumberVariable] = {}
    for node in tree.body:
        if before_line is not None and node.lineno >= before_line:
            break
        for name, value in assigned_values(node):
            text = ast.unparse(value)
            if _is_number(name, text):
                # The place in the order is that of the last assignment as well.
                found.pop(name, None)
                found[name] = NumberVariable(name, text, node.lineno)
    return tuple(found.values())


class Assignments:
    """Where a snippet sets its names at the top level; of one that does not parse nothing is known."""

    def __init__(self, source: str) -> None:
        try:
            self._nodes = top_level(source, "<snippet>")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self._nodes = []

    def refusal(self, first_line: int, last_line: int, variable: str) -> str:
        """Return in a few words why lines cannot be measured over a variable; empty where nothing is known against it.

        Lines count from 1, both are included.
        """
        if not (self._nodes and variable.isidentifier()):
            return ""
        above = [node for node in self._nodes if node.lineno < first_line]
        within = [node for node in self._nodes if first_line <= node.lineno <= last_line]
        return refusal(variable, above, within)


def _is_number(name: str, text: str) -> bool:
    if "," in text or ".." in text:
        return False
    try:
        return len(parse_sweep(f"{name} = {text}").values) == 1
    except SweepError:
        return False
