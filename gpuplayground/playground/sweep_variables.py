"""Which variables of a snippet a sweep could change, and what could be measured over them.

Such a variable is set by a simple assignment of one number at the top level.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from gpuplayground.playground.sweeps import SweepError, parse_sweep
from gpuplayground.runtime.statements import top_level

#: What is bound inside of these is not bound at the top level.
_SCOPES = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip


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
        if any(first_line <= node.lineno <= last_line and _binds(node, variable) for node in self._nodes):
            return f"assigns {variable} itself: move that above"
        above = [node for node in self._nodes if node.lineno < first_line]
        times = sum(_assigned_name(node) == variable and getattr(node, "value", None) is not None for node in above)
        if not times:
            return f"{variable} is not assigned above: set it there"
        return f"{variable} is assigned {times} times above: keep one" if times > 1 else ""


def _binds(node: ast.AST, name: str) -> bool:
    """Return whether a statement at the top level gives a name a value, at any depth."""
    if isinstance(node, _SCOPES):
        return False
    if isinstance(node, ast.Name):
        return node.id == name and isinstance(node.ctx, ast.Store)
    return any(_binds(child, name) for child in ast.iter_child_nodes(node))


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
