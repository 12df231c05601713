"""Finds the variables of a snippet that a sweep can change: numbers assigned once at top level."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from gpuplayground.benchmarks.sweep_values import SweepError, parse_sweep
from gpuplayground.runtime.bench.sweep import refusal
from gpuplayground.runtime.execute.bindings import assigned_values
from gpuplayground.runtime.execute.statements import top_level


@dataclass(frozen=True, slots=True)
class NumberVariable:
    """A variable's name, the expression assigned to it, and the line, counted from 1."""

    name: str
    text: str
    line: int


def number_variables(source: str, before_line: int | None = None) -> tuple[NumberVariable, ...]:
    """Return the last assignment of a number to each variable, above a line or anywhere.

    ``n = 2**20`` and ``n, m = 1, 2`` count, ``n = len(x)`` does not. A snippet that does not parse has none.
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
                # Also moves the name to the position of its last assignment.
                found.pop(name, None)
                found[name] = NumberVariable(name, text, node.lineno)
    return tuple(found.values())


class Assignments:
    """The top-level statements of a snippet; none if it does not parse."""

    def __init__(self, source: str) -> None:
        try:
            self._nodes = top_level(source, "<snippet>")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self._nodes = []

    def refusal(self, first_line: int, last_line: int, variable: str) -> str:
        """Return why lines cannot be measured over a variable, in a few words; empty if no reason is known.

        Lines are counted from 1, both inclusive.
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
