"""Which variables of a snippet a sweep could change: simple assignments of one number at the top level."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from gpuplayground.playground.sweeps import SweepError, parse_sweep


@dataclass(frozen=True, slots=True)
class NumberVariable:
    """A name, what stands right of its equals sign, and the line of it, counted from 1."""

    name: str
    text: str
    line: int


def number_variables(source: str, before_line: int | None = None) -> tuple[NumberVariable, ...]:
    """Return the variables that are set to a number above a line, or anywhere; of each name the last assignment.

    ``n = 2**20`` is one, ``n = len(x)`` is not. A snippet that does not parse has none.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: dict[str, NumberVariable] = {}
    for node in tree.body:
        if before_line is not None and node.lineno >= before_line:
            break
        target = _assigned_name(node)
        if target is None or not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        text = ast.unparse(node.value)
        if _is_number(target, text):
            # The place in the order is that of the last assignment as well.
            found.pop(target, None)
            found[target] = NumberVariable(target, text, node.lineno)
    return tuple(found.values())


def _assigned_name(node: ast.stmt) -> str | None:
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return None


def _is_number(name: str, text: str) -> bool:
    if "," in text or ".." in text:
        return False
    try:
        return len(parse_sweep(f"{name} = {text}").values) == 1
    except SweepError:
        return False
