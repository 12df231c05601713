"""Runs a snippet's module as the outermost frame, without frames of the runtime on the stack.

When a script ends with an exception, Python first flushes ``sys.stdout`` and then calls ``sys.excepthook``, both from C
and after the script's frames are gone. So ``child.py`` ends with an exception: the flush runs the module, and the hook
does the rest. Debuggers, warnings, ``inspect``, ``logging`` and ``faulthandler`` then see the same frames as under
``python file.py``.

The exception is a KeyboardInterrupt, because only after one does Python end a process by SIGINT; in all other cases the
hook raises SystemExit.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from types import CodeType, FunctionType
from typing import Any, Callable, NoReturn

from .hidden_frames import hidden
from .statements import Timer


class Entry:
    """Context manager around the module's code, which calls a mark before each statement."""

    def __init__(self) -> None:
        self._stage: Outermost | None = None

    def time_with(self, timer: Timer) -> None:
        """Set the timer of the statements, before the run."""
        self._timer = timer
        # Python 3.10 cannot hide frames, so statements are not timed under a debugger there.
        unseen: Callable[..., object] = timer.begin_unseen if sys.version_info >= (3, 11) else bool
        #: Called before each statement: the first under a debugger, else the second.
        self.marks = (unseen, timer.begin)
        self.tracing = sys.gettrace

    def enter_from(self, stage: Outermost) -> None:
        """Set the stage to notify on entry and exit."""
        self._stage = stage

    @hidden
    def __enter__(self) -> None:
        if self._stage is not None:
            self._stage.enter()

    @hidden
    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._stage is not None:
            self._stage.error = error
            self._stage.leave()
            tracing = sys.gettrace()
            if tracing is not None:
                sys.settrace(None)
            if error is None:
                self._timer.end()
            else:
                self._timer.fail()
            if tracing is not None:
                sys.settrace(tracing)


class _Starter:
    """Stands in for ``sys.stdout`` until Python flushes it."""

    def __init__(self, flush: Callable[[], object]) -> None:
        self.flush = flush


class Outermost:
    """Runs a module from C, then reports how it ended.

    Args:
        conclude: called when the module has ended, with only a hidden frame above it. It returns the exception that
            ends the process: SystemExit, or KeyboardInterrupt to end it by SIGINT.
    """

    def __init__(self, conclude: Callable[[BaseException | None], BaseException]) -> None:
        self._conclude = conclude
        self._stdout: Any = None
        self._hook: Any = None
        self._starter: _Starter | None = None
        #: What the module raised. Initially KeyboardInterrupt, because a Stop before its first line sets nothing else.
        self.error: BaseException | None = None

    def launch(self, code: CodeType | None, entry: Entry | None, namespace: dict[str, Any]) -> NoReturn:
        """Leave all frames of the runtime, run a module and conclude; without code, only conclude."""
        self._hook = sys.excepthook
        sys.excepthook = self._end
        if code is not None and entry is not None:
            entry.enter_from(self)
            self.error = KeyboardInterrupt()
            self._stdout = sys.stdout
            # Keeps a reference, because Python only borrows it.
            self._starter = _Starter(FunctionType(code, namespace, "<module>"))
            sys.stdout = self._starter
        raise KeyboardInterrupt

    @hidden
    def enter(self) -> None:
        """Restore ``sys.stdout`` and ``sys.excepthook`` when the module starts."""
        sys.stdout, sys.excepthook = self._stdout, self._hook
        self._stdout = None

    @hidden
    def leave(self) -> None:
        """Install the hook that runs after the module's frame is gone, whatever hook the module has set."""
        self._hook, sys.excepthook = sys.excepthook, self._end

    @hidden
    def _end(self, *_: object) -> None:
        # Not restored, because a debugger would continue in modules of the runtime.
        sys.settrace(None)
        ending = self._conclusion()
        if isinstance(ending, KeyboardInterrupt):
            _remember_interrupt()
            return
        if sys.flags.inspect and not _stays_open(ending):
            return
        raise ending

    @hidden
    def _conclusion(self) -> BaseException:
        if self._stdout is not None:
            sys.stdout = self._stdout
        sys.excepthook = self._hook
        for name in ("last_exc", "last_type", "last_value", "last_traceback"):
            vars(sys).pop(name, None)
        try:
            return self._conclude(self.error)
        except BaseException as error:  # a Stop at the very end, or SystemExit raised by the snippet's hook
            return error


def _remember_interrupt() -> None:
    """Make Python end the process by SIGINT.

    Python does so if the code it ran last raised KeyboardInterrupt, but forgets that when code is run from a string,
    for instance when a module with a namedtuple is imported.
    """
    with suppress(KeyboardInterrupt):
        exec("raise KeyboardInterrupt", {})


def _stays_open(ending: BaseException) -> bool:
    """Return False if Python stays open for a prompt on a terminal; otherwise end the process.

    With PYTHONINSPECT, SystemExit does not end Python.
    """
    import ctypes

    if not os.isatty(0):
        ctypes.pythonapi.Py_Exit(ending.code if isinstance(ending, SystemExit) and isinstance(ending.code, int) else 1)
    # So that the prompt does not end by SIGINT.
    ctypes.pythonapi.PyRun_SimpleString(b"")
    return False
