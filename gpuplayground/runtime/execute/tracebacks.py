"""Formats a snippet's tracebacks: its own frames, library frames collapsed to one line, none of the runtime."""

from __future__ import annotations

import os
import sys
import traceback
from functools import lru_cache
from types import CodeType, TracebackType
from typing import Any, Iterator

from ..io import streams, wire
from .hidden_frames import hidden

#: The folder of the runtime. pathlib is slow to import, here and below.
_HERE = os.path.dirname(os.path.dirname(__file__)) + os.sep  # noqa: PTH120
_STANDARD_LIBRARY = os.path.dirname(os.__file__)  # noqa: PTH120
_INSTALLED = ("site-packages", "dist-packages")
#: Maximum length of an exception's message.
_MESSAGE_LENGTH = 1 << 16
_FULL_LENGTH = 1 << 18
#: Up to Python 3.12 the last 1000 frames are shown (PyTraceBack_LIMIT in traceback.c); later versions use the
#: ``traceback`` module, which shows all.
_SHOWS_FIRST = sys.version_info >= (3, 13)
_FRAMES = None if _SHOWS_FIRST else 1000


class Script:
    """Path and displayed name of the file that runs, set once they are known."""

    path = ""
    shown = ""


def without_our_frames(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without its leading frames of the runtime."""
    while trace is not None and _is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def formatted(error: BaseException, trace: TracebackType | None, script: Script) -> tuple[str, bool]:
    """Return the traceback with library frames collapsed, and whether any were."""
    report = _extracted(error, trace)
    changed = False
    for part in _parts(report):
        changed |= _collapse(part, script)
    return _text(report, trace), changed


def full(error: BaseException, trace: TracebackType | None, script: Script) -> str:
    """Return the traceback with all frames except those of the runtime."""
    report = _extracted(error, trace)
    for part in _parts(report):
        if part.stack:
            part.stack = traceback.StackSummary.from_list([_renamed(frame, script) for frame in _foreign(part.stack)])
    return _text(report, trace)[-_FULL_LENGTH:]


def error_frame(error: BaseException, trace: TracebackType | None, script: Script) -> wire.Frame:
    """Return the wire frame that reports the error to the session."""
    kind = type(error)
    name = (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
    try:
        message = str(error.msg if isinstance(error, SyntaxError) else error)
    except Exception:  # a broken __str__ is the snippet's own
        message = ""
    message = f"{name}: {message.strip()}"[:_MESSAGE_LENGTH] if message.strip() else name
    return {"kind": "error", "message": message, "exception": kind.__name__, "line": _line(error, trace, script)}


def _line(error: BaseException, trace: TracebackType | None, script: Script) -> int | None:
    """Return the innermost line of the snippet in the traceback."""
    if isinstance(error, SyntaxError) and error.filename == script.path:
        return error.lineno
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == script.path:
            line = trace.tb_lineno or line  # marks between statements have no line
        trace = trace.tb_next
    return line


def _text(report: traceback.TracebackException, trace: TracebackType | None) -> str:
    alone = trace is None and report.__cause__ is None and report.__context__ is None
    return "".join(report.format_exception_only() if alone else report.format())


def _parts(report: traceback.TracebackException | None) -> Iterator[traceback.TracebackException]:
    """Yield a report with its causes, contexts and the members of groups."""
    waiting = [report]
    while waiting:
        part = waiting.pop()
        if part is not None:
            yield part
            waiting += [part.__cause__, part.__context__, *(getattr(part, "exceptions", None) or ())]


def _extracted(error: BaseException, trace: TracebackType | None) -> traceback.TracebackException:
    """Create a TracebackException, much faster for deep recursion such as 100,000 calls."""
    report = traceback.TracebackException(type(error), error, trace, limit=0, compact=True)
    waiting: list[tuple[traceback.TracebackException, BaseException, TracebackType | None]] = [(report, error, trace)]
    while waiting:
        part, shown, own = waiting.pop()
        part.stack = _stack(own)
        cause, context = shown.__cause__, shown.__context__
        if part.__cause__ is not None and cause is not None:
            waiting.append((part.__cause__, cause, cause.__traceback__))
        if part.__context__ is not None and context is not None:
            waiting.append((part.__context__, context, context.__traceback__))
        members = getattr(shown, "exceptions", ())
        waiting += [(i, m, m.__traceback__) for i, m in zip(getattr(part, "exceptions", None) or (), members)]  # noqa: B905
    return report


def _stack(trace: TracebackType | None) -> traceback.StackSummary:
    """Return the frames of a traceback; repeated positions are looked up once."""
    order: list[int] = []
    places: dict[tuple[CodeType, int], int] = {}
    distinct: list[TracebackType] = []
    while trace is not None:
        number = places.setdefault((trace.tb_frame.f_code, trace.tb_lasti), len(distinct))
        if number == len(distinct):
            distinct.append(trace)
        order.append(number)
        trace = trace.tb_next
    chain: TracebackType | None = None
    for entry in reversed(distinct):
        chain = TracebackType(chain, entry.tb_frame, entry.tb_lasti, entry.tb_lineno or 0)
    frames = traceback.extract_tb(chain, limit=len(distinct))
    limit = getattr(sys, "tracebacklimit", _FRAMES)
    if limit is not None:
        order = [] if limit <= 0 else order[:limit] if _SHOWS_FIRST else order[-limit:]
    return traceback.StackSummary.from_list([frames[number] for number in order])


def _collapse(part: traceback.TracebackException, script: Script) -> bool:
    """Collapse the library frames of one report; return whether there were any."""
    if getattr(part, "filename", None) == script.path:
        part.filename = script.shown
    if not part.stack:
        return False
    frames = list(_foreign(part.stack))
    part.stack = _Collapsed([_renamed(frame, script) for frame in frames])
    return any(_package(frame.filename) for frame in frames)


def _foreign(stack: list[traceback.FrameSummary]) -> Iterator[traceback.FrameSummary]:
    """Yield the frames that belong neither to the runtime nor to standard library code it called."""
    ours = False
    for frame in stack:
        ours = _is_ours(frame.filename) or (ours and bool(_package(frame.filename)))
        if not ours:
            yield frame


def _renamed(frame: traceback.FrameSummary, script: Script) -> traceback.FrameSummary:
    if frame.filename == script.path:
        frame.line  # noqa: B018 - reads the line from the real file before the name is changed
        frame.filename = script.shown
    return frame


class _Collapsed(traceback.StackSummary):
    """A stack that prints runs of library frames as one line."""

    def format(self, **options: Any) -> list[str]:
        """Return the lines of the stack."""
        lines: list[str] = []
        own: list[traceback.FrameSummary] = []
        hidden: list[str] = []
        for frame in [*self, None]:
            package = _package(frame.filename) if frame is not None else ""
            if package:
                lines += traceback.StackSummary.from_list(own).format(**options)
                own = []
                hidden.append(package)
                continue
            if hidden:
                lines.append(_hidden_line(hidden))
                hidden = []
            if frame is not None:
                own.append(frame)
        return lines + traceback.StackSummary.from_list(own).format(**options)


def _hidden_line(packages: list[str]) -> str:
    names = list(dict.fromkeys(packages))
    shown = ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
    dots = "…" if str(getattr(sys.stderr, "encoding", "")).lower().startswith("utf") else "..."
    return f"  {dots} {len(packages)} {'frame' if len(packages) == 1 else 'frames'} in {shown}\n"


@lru_cache(maxsize=None)
def _is_ours(filename: str) -> bool:
    return filename.startswith(_HERE)


@lru_cache(maxsize=None)
def _package(filename: str) -> str:
    """Return the library that a file belongs to, or an empty string for user code."""
    if filename.startswith("<frozen "):
        return filename[8:-1].split(".")[0]
    parts = filename.replace("\\", "/").split("/")
    for folder in _INSTALLED:
        if folder in parts[:-1]:
            return parts[len(parts) - parts[::-1].index(folder)].removesuffix(".py")
    if filename.startswith(_STANDARD_LIBRARY + os.sep):
        return filename[len(_STANDARD_LIBRARY) + 1 :].replace("\\", "/").split("/")[0].removesuffix(".py")
    return ""


class Hooks:
    """Default hooks for uncaught exceptions, which the snippet may replace."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def install(self) -> None:
        """Set ``sys.excepthook`` and ``threading.excepthook``."""
        import threading

        sys.excepthook = self.print_uncaught
        threading.excepthook = self._print_of_thread

    def print_uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Print the collapsed traceback to ``sys.stderr``."""
        if sys.stderr is None:
            return
        try:
            text = formatted(error, without_our_frames(trace), self._script)[0]
        except Exception:  # out of memory, or an exception that cannot be shown
            sys.__excepthook__(kind, error, trace)
            return
        sys.stderr.write(text)
        sys.stderr.flush()

    def _print_of_thread(self, arguments: Any) -> None:
        if arguments.exc_type is SystemExit or arguments.exc_value is None or sys.stderr is None:
            return
        streams.drain()
        name = arguments.thread.name if arguments.thread is not None else "of C code"
        sys.stderr.write(f"Exception in thread {name}:\n")
        self.print_uncaught(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)


@hidden
def call_hook(error: BaseException, trace: TracebackType | None) -> None:
    """Report an exception through ``sys.excepthook`` as Python does, even if the hook fails."""
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, trace
    sys.last_exc = error  # type: ignore[attr-defined, unused-ignore]
    streams.drain()
    try:
        sys.excepthook(type(error), error, trace)
    except SystemExit:
        raise
    except BaseException as failure:  # raised by the snippet's hook
        sys.stderr.write("Error in sys.excepthook:\n")
        sys.__excepthook__(type(failure), failure, without_our_frames(failure.__traceback__))
        sys.stderr.write("\nOriginal exception was:\n")
        sys.__excepthook__(type(error), error, trace)
