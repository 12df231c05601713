"""The syntax tree of a snippet: which of it are statements, and how it is compiled, alone or with marks between."""

from __future__ import annotations

import _ast as ast
import itertools
import sys
import warnings
from types import CodeType
from typing import Any, Iterator, Sequence

#: ``ast.PyCF_ALLOW_TOP_LEVEL_AWAIT``, which the ``ast`` module only names.
TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
#: The text of a statement that is reported is its first line, cut to this.
_SOURCE_LENGTH = 200
#: Stands for the entry in a tree, which can hold plain constants only. No snippet contains it.
_ENTRY = "\0the entry of the snippet\0"
_NOWHERE: Any = {"lineno": -1, "col_offset": -1, "end_lineno": -1, "end_col_offset": -1}


def marked(tree: ast.Module, filename: str, entry: object) -> CodeType:
    """Return the code of a snippet's tree, inside ``with entry:`` and with a call of a mark ahead of each statement.

    What is added has no line numbers, so that debuggers do not stop there. Without an entry nothing is added.
    """
    if entry is None:
        code: CodeType = compile(tree, filename, "exec", TOP_LEVEL_AWAIT, dont_inherit=True)
        return code

    def member(name: str) -> ast.expr:
        return ast.Attribute(ast.Constant(_ENTRY, **_NOWHERE), name, ast.Load(), **_NOWHERE)

    # ``entry.marks[entry.tracing() is None]``: chosen here, as the call of a function is what a debugger stops at.
    # Not by an ``if``, each branch of which costs the compiler more memory than the statement itself.
    is_alone = ast.Compare(
        ast.Call(member("tracing"), [], [], **_NOWHERE), [ast.Is()], [ast.Constant(None, **_NOWHERE)], **_NOWHERE
    )
    mark = ast.Subscript(member("marks"), is_alone, ast.Load(), **_NOWHERE)
    # One node for all: a hundred thousand of them would take more time and memory than the snippet.
    next_mark = ast.Expr(ast.Call(mark, [], [], **_NOWHERE), **_NOWHERE)
    count = 0

    def with_marks(body: Sequence[ast.stmt], *, is_nested: bool = False) -> Iterator[ast.stmt]:
        nonlocal count
        follows_guard = False
        for node in body:
            if not is_nested and isinstance(node, ast.If) and _is_guard(node):
                node.body = list(with_marks(node.body, is_nested=True))
                follows_guard = True
            elif not is_text(node):
                if follows_guard:  # whose statements may not have been counted
                    number = ast.Constant(count, **_NOWHERE)
                    yield ast.Expr(ast.Call(mark, [number], [], **_NOWHERE), **_NOWHERE)
                else:
                    yield next_mark
                follows_guard = False
                count += 1
            yield node

    has_docstring = bool(tree.body) and is_text(tree.body[0])
    # Python wants these at the head, so they are there once more.
    futures = itertools.takewhile(_is_future, tree.body[has_docstring:])
    head = [*tree.body[:has_docstring], *futures]
    rest = list(with_marks(tree.body[has_docstring:])) or [ast.Pass(**_NOWHERE)]
    inside = ast.With([ast.withitem(ast.Constant(_ENTRY, **_NOWHERE), None)], rest, **_NOWHERE)
    code = compile(ast.Module([*head, inside], []), filename, "exec", TOP_LEVEL_AWAIT, dont_inherit=True)
    constants = (entry if constant == _ENTRY else constant for constant in code.co_consts)
    return code.replace(co_consts=tuple(constants))


def guarded(guard: ast.If | None, node: ast.stmt) -> ast.stmt:
    """Return a statement of a guard's body under the guard's condition."""
    if guard is None:
        return node
    line = guard.lineno
    return ast.If(guard.test, [node], [], lineno=line, col_offset=0, end_lineno=line, end_col_offset=0)


def import_texts(node: ast.stmt) -> tuple[str, ...]:
    """Return each module an import statement names, in one spelling: ``import x``, ``from x import y``."""
    if isinstance(node, ast.Import):
        return tuple(f"import {alias.name}" for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return tuple(f"from {node.module} import {alias.name}" for alias in node.names)
    return ()


def flattened(body: Sequence[ast.stmt]) -> Iterator[tuple[ast.If | None, ast.stmt]]:
    """Yield each statement with the guard in whose body it is, if it is in one."""
    for node in body:
        if isinstance(node, ast.If) and _is_guard(node):
            yield from ((node, inner) for inner in node.body)
        else:
            yield None, node


def _is_guard(node: ast.If) -> bool:
    return not node.orelse and _asks_for_main(node.test)


def _asks_for_main(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq)
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value == "__main__"
    )


def is_text(node: ast.stmt) -> bool:
    """Return whether a statement is nothing but a text."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def future_flags(node: ast.stmt) -> int:
    """Return the flags for ``compile`` that a statement asks for."""
    if not isinstance(node, ast.ImportFrom) or not _is_future(node):
        return 0
    import __future__

    flags = 0
    for alias in node.names:
        flags |= getattr(__future__, alias.name).compiler_flag
    return flags


def compiled(node: ast.stmt, filename: str, flags: int) -> CodeType:
    """Return the code of one statement. Compiling the whole has warned of what there is to warn of."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(3 * limit)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code: CodeType = compile(ast.Module([node], []), filename, "exec", flags, dont_inherit=True)
        return code
    finally:
        sys.setrecursionlimit(limit)


def first_line(node: ast.stmt, line: int, lines: Sequence[str]) -> str:
    """Return the first line of a statement, or as much of it as is its own."""
    if not 0 < line <= len(lines):
        return ""
    text = lines[line - 1]
    if line == node.lineno:
        # Columns are counted in bytes of UTF-8; a second statement on a line begins behind a semicolon.
        data = text.encode("utf-8", "surrogatepass")
        end = node.end_col_offset if node.end_lineno == line else None
        text = data[node.col_offset : end].decode("utf-8", "replace")
    return text.strip()[:_SOURCE_LENGTH]
