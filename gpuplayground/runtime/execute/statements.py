"""Splits a snippet into its top-level statements and times each of them."""

from __future__ import annotations

import _ast as ast
import gc
import sys
import warnings
from time import perf_counter_ns
from types import CodeType
from typing import Any, Callable, Iterator, Optional, Sequence, Tuple

from ..clock import now_ns
from ..io.wire import Progress
from ..trace.cuda import CudaClock
from .hidden_frames import hidden
from .trees import (
    TOP_LEVEL_AWAIT,
    compiled,
    first_line,
    flattened,
    future_flags,
    guarded,
    import_texts,
    is_string,
    marked,
)

#: ``inspect.CO_COROUTINE``, set for code with a top-level ``await``.
_COROUTINE = 0x80
#: Local copies, because attribute look-ups would slow down the timer.
_CURRENT, _FIRST, _STRIDE, _DONE = Progress.CURRENT, Progress.FIRST, Progress.STRIDE, Progress.DONE

#: A row of the statement table for the session: line, end_line, source, is_import, prewarmed_ns.
Row = list[Any]
#: What a statement is compiled from: its main guard, its node, the file name and compiler flags.
Tree = Tuple[Optional[ast.If], ast.stmt, str, int]


class Statement:
    """One top-level statement; ``imports`` has its modules as ``import x`` or ``from x import y``, without aliases.

    Its code is compiled on first use, because only benchmarks and top-level ``await`` need it.
    """

    __slots__ = ("_code", "_tree", "end_line", "imports", "is_import", "line", "source")

    def __init__(self, tree: Tree, lines: Sequence[str]) -> None:
        node = tree[1]
        decorators = getattr(node, "decorator_list", ())
        self.line: int = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        self.end_line: int = node.end_lineno or node.lineno
        self.source = first_line(node, self.line, lines)
        self.is_import = isinstance(node, (ast.Import, ast.ImportFrom))
        self.imports = import_texts(node)
        self._code: CodeType | None = None
        self._tree: Tree | None = tree

    @property
    def code(self) -> CodeType:
        """The code of the statement as a separate module."""
        if self._code is None:
            assert self._tree is not None
            guard, node, filename, flags = self._tree
            self._code = compiled(guarded(guard, node), filename, flags)
        return self._code

    @code.setter
    def code(self, code: CodeType) -> None:
        self._code = code

    def forget_tree(self) -> None:
        """Free the syntax tree, which is large; the code cannot be compiled any more."""
        self._tree = None


class Program:
    """A snippet compiled as a whole, which raises its errors and warnings.

    Args:
        source: the text of the snippet.
        filename: its file name.
        entry: called by the marks between statements; None to compile without marks.

    Raises:
        SyntaxError, ValueError: as ``compile`` raises them.
    """

    def __init__(self, source: str, filename: str, entry: object = None) -> None:
        limit, collects = sys.getrecursionlimit(), gc.isenabled()
        # Compiling a deep expression from a tree takes more recursion than from text.
        sys.setrecursionlimit(3 * limit)
        # A tree has no garbage, and collecting takes half the time for a large one.
        gc.disable()
        try:
            self._compile(source.removeprefix("\ufeff"), filename, entry)
        finally:
            sys.setrecursionlimit(limit)
            if collects:
                gc.enable()

    def _compile(self, source: str, filename: str, entry: object) -> None:
        tree = compile(source, filename, "exec", ast.PyCF_ONLY_AST | TOP_LEVEL_AWAIT, dont_inherit=True)
        #: The code of the docstring, if there is one; :attr:`code` includes it too.
        self.docstring: CodeType | None = None
        if tree.body and is_string(tree.body[0]):
            self.docstring = compiled(tree.body[0], filename, 0)
        self.statements = list(_statements(tree.body, filename, source))
        #: The snippet as one code object that calls the marks.
        self.code = marked(tree, filename, entry)

    @property
    def awaits(self) -> bool:
        """Whether it awaits at top level, so that its statements must be executed one by one."""
        return bool(self.code.co_flags & _COROUTINE)


def split(source: str, filename: str) -> tuple[CodeType | None, list[Statement]]:
    """Return the code of a snippet's docstring, if it has one, and its statements.

    Statements inside a plain ``if __name__ == "__main__":`` count as statements of the snippet.

    Raises:
        SyntaxError, ValueError: as ``compile`` raises them for the whole snippet.
    """
    program = Program(source, filename)
    return program.docstring, program.statements


def _statements(body: Sequence[ast.stmt], filename: str, source: str) -> Iterator[Statement]:
    # Not splitlines(): for Python a form feed or separator inside a string is not a line break.
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    flags = TOP_LEVEL_AWAIT
    for guard, node in flattened(body):
        # Compiled alone, any string would become the module's docstring.
        if not is_string(node):
            flags |= future_flags(node)
            yield Statement((guard, node, filename, flags), lines)


def top_level(source: str, filename: str) -> list[ast.stmt]:
    """Return the syntax trees of the statements that :func:`split` returns, in the same order.

    Raises:
        SyntaxError, ValueError, RecursionError: as ``compile`` raises them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = source.removeprefix("\ufeff")
        tree = compile(text, filename, "exec", ast.PyCF_ONLY_AST | TOP_LEVEL_AWAIT, dont_inherit=True)
    return [node for _, node in flattened(tree.body) if not is_string(node)]


def execute(
    statements: Sequence[Statement],
    namespace: dict[str, Any],
    progress: SharedProgress,
    cuda: CudaClock,
    before: Callable[[Statement], None] | None,
    awaited: Callable[[Any], None],
    after: Callable[[], None] | None = None,
) -> None:
    """Execute the statements in order and write their times to ``progress``.

    Args:
        statements: the statements to execute.
        namespace: the module's dictionary.
        progress: receives the times.
        cuda: waits until the GPU is idle.
        before: called before each statement, outside its time.
        awaited: runs the coroutine of a statement with a top-level ``await``.
        after: called after each statement for which the GPU was waited for, outside its time.

    Raises:
        BaseException: whatever a statement raises; its time is written too.
    """
    timer = Timer(statements, progress, cuda, before, after)
    try:
        for index, statement in enumerate(statements):
            code = statement.code
            timer.begin(index)
            awaitable = eval(code, namespace)  # noqa: S307 - a module's code returns None, or a coroutine if it awaits
            if awaitable is not None:
                awaited(awaitable)
            timer.end()
    except BaseException:
        timer.fail()
        raise
    progress.words[Progress.CURRENT] = -1


class Timer:
    """Writes the time of each statement to the words shared with the session. For the arguments see :func:`execute`."""

    __slots__ = (
        "_after",
        "_before",
        "_cuda",
        "_index",
        "_origin",
        "_progress",
        "_slot",
        "_start",
        "_statements",
        "_unseen",
        "_wall",
    )

    def __init__(
        self,
        statements: Sequence[Statement],
        progress: SharedProgress,
        cuda: CudaClock,
        before: Callable[[Statement], None] | None,
        after: Callable[[], None] | None = None,
    ) -> None:
        self._statements, self._progress, self._cuda = statements, progress, cuda
        self._before, self._after = before, after
        self._index, self._slot, self._unseen = -1, Progress.FIRST, 0
        # A Stop may raise anywhere. Both are -1 unless a statement has begun, or has ended, and is not recorded yet.
        self._start = self._wall = -1
        self._origin = perf_counter_ns()
        progress.words[Progress.START_NS] = now_ns()

    def begin(self, index: int = -1) -> None:
        """End the current statement and begin the one at ``index``, the next by default."""
        if self._start >= 0:
            self.end()
        words = self._progress.words
        following = self._index + 1
        if index > following:
            for skipped in range(following, index):
                words[_FIRST + _STRIDE * skipped + 2] = Progress.SKIPPED
        self._index = index = index if index >= 0 else following
        words[_CURRENT] = index
        self._slot = slot = _FIRST + _STRIDE * index
        before = self._before
        if before is not None:
            self._start = perf_counter_ns()  # in case the statement fails in before()
            before(self._statements[index])
        self._start = start = perf_counter_ns()
        words[slot + 3] = start - self._origin

    @hidden
    def begin_unseen(self, index: int = -1) -> None:
        """Call :meth:`begin` without a debugger stepping into it."""
        tracing = sys.gettrace()
        sys.settrace(None)
        try:
            self.begin(index)
        finally:
            sys.settrace(tracing)

    def end(self) -> None:
        """Wait for the GPU if it is in use, and record the statement that has ended."""
        start, cuda = self._start, self._cuda
        if start < 0:
            return
        wall = self._wall = perf_counter_ns() - start
        synced = -1
        self._unseen = unseen = self._unseen + wall
        if unseen > cuda.check_after_ns or cuda.in_use:
            self._unseen = 0
            if (cuda.in_use or cuda.detect()) and cuda.synchronize():
                synced = perf_counter_ns() - start
        words, slot = self._progress.words, self._slot  # read here, because a fork in the statement replaces the words
        words[slot] = wall
        words[slot + 1] = synced
        words[slot + 2] = _DONE
        self._start = self._wall = -1
        if synced >= 0 and self._after is not None:
            self._after()

    def fail(self) -> None:
        """Record the current statement as failed."""
        words, slot, wall = self._progress.words, self._slot, self._wall
        if self._start >= 0 and not words[slot + 2]:
            # If the wait for the GPU was interrupted, the statement itself had ended.
            has_ended = wall >= 0
            words[slot] = wall if has_ended else perf_counter_ns() - self._start
            words[slot + 1] = -1
            words[slot + 2] = Progress.DONE if has_ended else Progress.FAILED


class SharedProgress:
    """The words shared with the session (see :class:`wire.Progress`); a private copy in a forked child."""

    def __init__(self, words: Any) -> None:
        self.words = words

    def detach(self) -> None:
        """Switch to a private copy, in a forked child."""
        self.words = list(self.words)
