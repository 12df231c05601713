"""Compiles the selected statements of a snippet to a function that repeats them at the speed of module-level code."""

from __future__ import annotations
import __future__

import ast
import sys
import warnings
from types import CodeType, FunctionType
from typing import Any, Callable, Iterable, Sequence

from ..execute.statements import Statement, top_level

#: ``inspect.CO_COROUTINE``, set for a statement with a top-level ``await``.
_COROUTINE = 0x80
#: Not valid as names in a snippet.
_REPEATS, _REPEAT = ".repeats", ".repeat"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ONLY_NAMES = (ast.Import, ast.ImportFrom, *_DEFINITIONS, ast.Global)

#: Executes the body once for each item.
Body = Callable[[Iterable[None]], None]


class RefusedError(Exception):
    """The selection cannot be measured; the message is a sentence that says what to do."""


class Selection:
    """A snippet divided into its set-up and the statements to repeat.

    Args:
        source: the text of the snippet.
        filename: its file name for tracebacks.
        statements: its statements from :func:`..execute.statements.split`.
        first_line: first selected line, counted from 1.
        last_line: last selected line, inclusive.

    Raises:
        RefusedError: the selection cannot be repeated.
    """

    def __init__(
        self, source: str, filename: str, statements: Sequence[Statement], first_line: int, last_line: int
    ) -> None:
        try:
            nodes = top_level(source, filename)
        except RecursionError:
            raise RefusedError("An expression is nested too deeply to be measured: split it up.") from None
        chosen = [i for i, s in enumerate(statements) if s.line <= last_line and s.end_line >= first_line]
        if not chosen:
            raise RefusedError(f"{_lines(first_line, last_line)} no statement: select the code to repeat.")
        self.set_up = list(statements[: chosen[0]])
        self.set_up_nodes = nodes[: chosen[0]]
        self.selected = [statements[index] for index in chosen]
        self.nodes = nodes[chosen[0] : chosen[-1] + 1]
        self._filename = filename
        self.flags = _future_flags(statements)
        if all(isinstance(node, _ONLY_NAMES) for node in self.nodes):
            raise RefusedError("Only imports and definitions are selected: select the statements that use them.")
        if any(statement.code.co_flags & _COROUTINE for statement in self.selected):
            raise RefusedError("The selection awaits at top level, so it cannot be repeated: use asyncio.run().")
        try:
            self._code = _compiled(self.nodes, filename, self.flags)
        except SyntaxError as error:
            raise RefusedError(
                f"The selection cannot be repeated ({error.msg}, line {error.lineno}): select less."
            ) from None
        except RecursionError:
            raise RefusedError("An expression is nested too deeply to be measured: split it up.") from None

    @property
    def line(self) -> int:
        """First line of the body."""
        return self.selected[0].line

    @property
    def end_line(self) -> int:
        """Last line of the body."""
        return self.selected[-1].end_line

    def body(self, namespace: dict[str, Any]) -> Body:
        """Return the function that repeats the selected statements in a module's namespace.

        Its assignments set names of the module, as without the loop.
        """
        return FunctionType(self._code, namespace, "<module>")


def empty_body(repeats: Iterable[None]) -> None:
    """Run the loop of a body without statements."""
    for _ in repeats:
        pass


def _compiled(nodes: Sequence[ast.stmt], filename: str, flags: int) -> CodeType:
    plain = [_Plain().visit(node) for node in nodes]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        local = _function([], plain, filename, flags)
        names = [name for name in (*local.co_varnames, *local.co_cellvars) if name not in (_REPEATS, _REPEAT)]
        return _function([ast.Global(names)] if names else [], plain, filename, flags)


def _function(head: list[ast.stmt], nodes: Sequence[ast.stmt], filename: str, flags: int) -> CodeType:
    """Return the code of ``def body(repeats): for repeat in repeats: ...``, named ``<module>`` for tracebacks."""
    loop = ast.For(ast.Name(_REPEAT, ast.Store()), ast.Name(_REPEATS, ast.Load()), list(nodes), [])
    arguments = ast.arguments([], [ast.arg(_REPEATS)], None, [], [], None, [])
    function = ast.FunctionDef("<module>", arguments, [*head, loop], [])
    if sys.version_info >= (3, 12):
        function.type_params = []
    for node in (function, loop, *head):
        ast.copy_location(node, nodes[0])
    module = ast.fix_missing_locations(ast.Module([function], []))
    code: CodeType = compile(module, filename, "exec", flags, dont_inherit=True)
    return next(constant for constant in code.co_consts if isinstance(constant, CodeType))


class _Plain(ast.NodeTransformer):
    """Rewrites statements that are valid in a module but not in a function; definitions are unchanged."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Remove the annotation, which a global name cannot have in a function."""
        if not isinstance(node.target, ast.Name):
            return node
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        """Refuse ``import *``."""
        if node.names[0].name == "*":
            raise RefusedError(f"The selection has an import * (line {node.lineno}): move it above the selection.")
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Leave a function unchanged."""
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """Leave a function unchanged."""
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Leave a class unchanged."""
        return node


def _future_flags(statements: Sequence[Statement]) -> int:
    known = 0
    for name in __future__.all_feature_names:
        known |= getattr(__future__, name).compiler_flag
    return statements[-1].code.co_flags & known


def _lines(first: int, last: int) -> str:
    return f"Line {first} has" if first == last else f"Lines {first} to {last} have"
