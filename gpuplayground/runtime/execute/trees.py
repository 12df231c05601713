"""Works on a snippet's syntax tree: finds its statements, inserts timing marks, and compiles it."""

from __future__ import annotations

import _ast as ast
import itertools
import sys
import warnings
from types import CodeType
from typing import Any, Iterator, Sequence

#: ``ast.PyCF_ALLOW_TOP_LEVEL_AWAIT``; ``_ast`` avoids importing the larger ``ast`` module.
TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
#: Maximum length of a statement's reported first line.
_SOURCE_LENGTH = 200
#: Placeholder for the entry in a tree, which can only have plain constants; replaced in the code.
_ENTRY = "\0the entry of the snippet\0"
_NOWHERE: Any = {"lineno": -1, "col_offset": -1, "end_lineno": -1, "end_col_offset": -1}


def marked(tree: ast.Module, filename: str, entry: object) -> CodeType:
    """Return the code of a snippet inside ``with entry:``, with a call of a mark before each statement.

    Added code has no line numbers, so that debuggers do not stop there. Without an entry nothing is added.
    """
    if entry is None:
        code: CodeType = compile(tree, filename, "exec", TOP_LEVEL_AWAIT, dont_inherit=True)
        return code

    def member(name: str) -> ast.expr:
        return ast.Attribute(ast.Constant(_ENTRY, **_NOWHERE), name, ast.Load(), **_NOWHERE)

    # ``entry.marks[entry.tracing() is None]``: selected here, because a debugger stops at calls of Python functions.
    # An ``if`` would cost the compiler more memory per branch than the statement itself.
    is_alone = ast.Compare(
        ast.Call(member("tracing"), [], [], **_NOWHERE), [ast.Is()], [ast.Constant(None, **_NOWHERE)], **_NOWHERE
    )
    mark = ast.Subscript(member("marks"), is_alone, ast.Load(), **_NOWHERE)
    # One shared node, because a hundred thousand would take more time and memory than the snippet.
    next_mark = ast.Expr(ast.Call(mark, [], [], **_NOWHERE), **_NOWHERE)
    count = 0

    def with_marks(body: Sequence[ast.stmt], *, is_nested: bool = False) -> Iterator[ast.stmt]:
        nonlocal count
        follows_guard = False
        for node in body:
            if not is_nested and isinstance(node, ast.If) and _is_guard(node):
                node.body = list(with_marks(node.body, is_nested=True))
                follows_guard = True
            elif not is_string(node):
                if follows_guard:  # its statements may have been skipped, so the index is passed
                    number = ast.Constant(count, **_NOWHERE)
                    yield ast.Expr(ast.Call(mark, [number], [], **_NOWHERE), **_NOWHERE)
                else:
                    yield next_mark
                follows_guard = False
                count += 1
            yield node

    has_docstring = bool(tree.body) and is_string(tree.body[0])
    # Future imports must come first, so they are repeated there.
    futures = itertools.takewhile(_is_future, tree.body[has_docstring:])
    head = [*tree.body[:has_docstring], *futures]
    rest = list(with_marks(tree.body[has_docstring:])) or [ast.Pass(**_NOWHERE)]
    inside = ast.With([ast.withitem(ast.Constant(_ENTRY, **_NOWHERE), None)], rest, **_NOWHERE)
    code = compile(ast.Module([*head, inside], []), filename, "exec", TOP_LEVEL_AWAIT, dont_inherit=True)
    constants = (entry if constant == _ENTRY else constant for constant in code.co_consts)
    return code.replace(co_consts=tuple(constants))


def guarded(guard: ast.If | None, node: ast.stmt) -> ast.stmt:
    """Return a statement wrapped in its main guard, if it has one."""
    if guard is None:
        return node
    line = guard.lineno
    return ast.If(guard.test, [node], [], lineno=line, col_offset=0, end_lineno=line, end_col_offset=0)


def import_texts(node: ast.stmt) -> tuple[str, ...]:
    """Return the imports of a statement, one each, without aliases: ``import x``, ``from x import y``."""
    if isinstance(node, ast.Import):
        return tuple(f"import {alias.name}" for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return tuple(f"from {node.module} import {alias.name}" for alias in node.names)
    return ()


def flattened(body: Sequence[ast.stmt]) -> Iterator[tuple[ast.If | None, ast.stmt]]:
    """Yield each statement with its main guard, if it is inside one."""
    for node in body:
        if isinstance(node, ast.If) and _is_guard(node):
            yield from ((node, inner) for inner in node.body)
        else:
            yield None, node


def _is_guard(node: ast.If) -> bool:
    return not node.orelse and _is_main_test(node.test)


def _is_main_test(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq)
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value == "__main__"
    )


def is_string(node: ast.stmt) -> bool:
    """Return whether a statement is only a string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def future_flags(node: ast.stmt) -> int:
    """Return the compiler flags of a future import; 0 for other statements."""
    if not isinstance(node, ast.ImportFrom) or not _is_future(node):
        return 0
    import __future__

    flags = 0
    for alias in node.names:
        flags |= getattr(__future__, alias.name).compiler_flag
    return flags


def compiled(node: ast.stmt, filename: str, flags: int) -> CodeType:
    """Return the code of one statement, without the warnings already issued for the whole snippet."""
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
    """Return the part of a statement's first line that belongs to it."""
    if not 0 < line <= len(lines):
        return ""
    text = lines[line - 1]
    if line == node.lineno:
        # Columns are counted in UTF-8 bytes; a line may have several statements.
        data = text.encode("utf-8", "surrogatepass")
        end = node.end_col_offset if node.end_lineno == line else None
        text = data[node.col_offset : end].decode("utf-8", "replace")
    return text.strip()[:_SOURCE_LENGTH]
