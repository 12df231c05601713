"""A snippet as its top-level statements: each compiled alone with its own lines and executed with a clock around it."""

from __future__ import annotations

import _ast as ast
import sys
import warnings
from time import perf_counter_ns
from types import CodeType
from typing import Any, Callable, Iterator, Sequence

from .clock import now_ns
from .cuda import CudaClock
from .wire import Progress

#: ``ast.PyCF_ALLOW_TOP_LEVEL_AWAIT``, which the ``ast`` module only names.
_TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
#: The text of a statement that is reported is its first line, cut to this.
_SOURCE_LENGTH = 200

#: One row of the table sent to the session: line, end_line, source, is_import, prewarmed_ns.
Row = list[Any]


class Statement:
    """One top-level statement: ``imports`` are its modules as ``import x`` or ``from x import y``, without aliases."""

    __slots__ = ("code", "end_line", "imports", "is_import", "line", "source")

    def __init__(self, node: ast.stmt, code: CodeType, lines: Sequence[str]) -> None:
        decorators = getattr(node, "decorator_list", ())
        self.line: int = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        self.end_line: int = node.end_lineno or node.lineno
        self.source = _first_line(node, self.line, lines)
        self.is_import = isinstance(node, (ast.Import, ast.ImportFrom))
        self.imports = import_texts(node)
        self.code = code


def split(source: str, filename: str) -> tuple[CodeType | None, list[Statement]]:
    """Return the code of the module's docstring, if it has one, and the statements of a snippet.

    The body of a plain ``if __name__ == "__main__":`` counts as statements of the snippet.

    Raises:
        SyntaxError, ValueError: as ``compile`` raises them for the whole snippet.
    """
    limit = sys.getrecursionlimit()
    # A deep expression takes more of the stack as a tree than Python needs to compile it from text.
    sys.setrecursionlimit(3 * limit)
    try:
        return _split(source.removeprefix("\ufeff"), filename)
    finally:
        sys.setrecursionlimit(limit)


def _split(source: str, filename: str) -> tuple[CodeType | None, list[Statement]]:
    tree = compile(source, filename, "exec", ast.PyCF_ONLY_AST | _TOP_LEVEL_AWAIT, dont_inherit=True)
    # The whole is compiled for its errors and warnings alone: some are about two statements, as a late __future__.
    compile(tree, filename, "exec", _TOP_LEVEL_AWAIT, dont_inherit=True)
    # Not splitlines(): a form feed or a separator inside a text is no new line for Python.
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    docstring: CodeType | None = None
    statements = []
    flags = _TOP_LEVEL_AWAIT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for index, node in enumerate(_flattened(tree.body)):
            if _is_text(node):
                # Compiled alone, any text would become the module's docstring; only the first one is.
                if index == 0:
                    docstring = _compiled(node, filename, flags)
                continue
            flags |= _future_flags(node)
            statements.append(Statement(node, _compiled(node, filename, flags), lines))
    return docstring, statements


def top_level(source: str, filename: str) -> list[ast.stmt]:
    """Return the trees of what :func:`split` calls statements, in the same order.

    Raises:
        SyntaxError, ValueError, RecursionError: as ``compile`` raises them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = source.removeprefix("\ufeff")
        tree = compile(text, filename, "exec", ast.PyCF_ONLY_AST | _TOP_LEVEL_AWAIT, dont_inherit=True)
    return [node for node in _flattened(tree.body) if not _is_text(node)]


def execute(
    statements: Sequence[Statement],
    namespace: dict[str, Any],
    progress: SharedProgress,
    cuda: CudaClock,
    before: Callable[[Statement], None] | None,
    awaited: Callable[[Any], None],
    after: Callable[[], None] | None = None,
) -> None:
    """Execute the statements in order and write what each took to ``progress``.

    Args:
        statements: what to execute.
        namespace: the dictionary of the module.
        progress: where times go.
        cuda: tells when the GPU is idle.
        before: called ahead of each statement, outside its time.
        awaited: runs the coroutine that a statement with a top-level ``await`` is.
        after: called behind each statement after which the GPU was waited for, outside its time.

    Raises:
        BaseException: whatever a statement raises; its time is written too.
    """
    current, first, stride, done = Progress.CURRENT, Progress.FIRST, Progress.STRIDE, Progress.DONE
    clock = perf_counter_ns
    origin = clock()
    progress.words[Progress.START_NS] = now_ns()
    slot, unseen = first, 0
    # Stop may raise between any two of these lines: both are -1 unless a statement has begun, or ended, unrecorded.
    start = wall = -1
    try:
        for index, statement in enumerate(statements):
            slot = first + stride * index
            words = progress.words
            words[current] = index
            if before is not None:
                start = clock()  # for the time of a statement that failed already here
                before(statement)
            code = statement.code
            start = clock()
            words[slot + 3] = start - origin
            awaitable = eval(code, namespace)  # noqa: S307 - a module's code returns None, or a coroutine if it awaits
            if awaitable is not None:
                awaited(awaitable)
            wall = clock() - start
            unseen += wall
            synced = -1
            if cuda.in_use or unseen > cuda.patience_ns:
                unseen = 0
                if (cuda.in_use or cuda.look()) and cuda.synchronize():
                    synced = clock() - start
            words = progress.words  # a fork inside the statement gave the child words of its own
            words[slot] = wall
            words[slot + 1] = synced
            words[slot + 2] = done
            start = wall = -1
            if after is not None and synced >= 0:
                after()
    except BaseException:
        words = progress.words
        if start >= 0 and not words[slot + 2]:
            # Stopped while the GPU was waited for, the statement itself had come to its end.
            has_ended = wall >= 0
            words[slot] = wall if has_ended else clock() - start
            words[slot + 1] = -1
            words[slot + 2] = done if has_ended else Progress.FAILED
        raise
    progress.words[current] = -1


def import_texts(node: ast.stmt) -> tuple[str, ...]:
    """Return each module an import statement names, in one spelling: ``import x``, ``from x import y``."""
    if isinstance(node, ast.Import):
        return tuple(f"import {alias.name}" for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return tuple(f"from {node.module} import {alias.name}" for alias in node.names)
    return ()


def _flattened(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If) and not node.orelse and _asks_for_main(node.test):
            yield from node.body
        else:
            yield node


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


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _future_flags(node: ast.stmt) -> int:
    if not isinstance(node, ast.ImportFrom) or node.module != "__future__":
        return 0
    import __future__

    flags = 0
    for alias in node.names:
        flags |= getattr(__future__, alias.name).compiler_flag
    return flags


def _compiled(node: ast.stmt, filename: str, flags: int) -> CodeType:
    code: CodeType = compile(ast.Module([node], []), filename, "exec", flags, dont_inherit=True)
    return code


def _first_line(node: ast.stmt, line: int, lines: Sequence[str]) -> str:
    if not 0 < line <= len(lines):
        return ""
    text = lines[line - 1]
    if line == node.lineno:
        # Columns are counted in bytes of UTF-8; a second statement on a line begins behind a semicolon.
        data = text.encode("utf-8", "surrogatepass")
        end = node.end_col_offset if node.end_lineno == line else None
        text = data[node.col_offset : end].decode("utf-8", "replace")
    return text.strip()[:_SOURCE_LENGTH]


class SharedProgress:
    """The words shared with the session (see :class:`wire.Progress`); in a forked child they are private ones."""

    def __init__(self, words: Any) -> None:
        self.words = words

    def detach(self) -> None:
        """Go on with a private copy, in a forked child."""
        self.words = list(self.words)
