"""A snippet's module as the outermost frame: none of ours is on the stack while it runs.

When a script ends by an exception, Python first flushes ``sys.stdout`` and then calls ``sys.excepthook``, both from C
and after the script's own frames are gone. So ``child.py`` ends by an exception: the flush runs the module, and the
hook does what follows. Debuggers, warnings, ``inspect``, ``logging`` and ``faulthandler`` then find the frames that
they find under ``python file.py``.

The exception is a KeyboardInterrupt because Python ends a process by SIGINT only after one of those; every other end
leaves the hook by SystemExit.
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
    """The way into the module and out of it: the code is inside ``with entry:`` and calls a mark for each statement."""

    def __init__(self) -> None:
        self._stage: Outermost | None = None

    def time_with(self, timer: Timer) -> None:
        """Say what takes the time of each statement, ahead of the run."""
        self._timer = timer
        # Python 3.10 hides no frame: there, statements are not timed under a debugger.
        unseen: Callable[..., object] = timer.begin_unseen if sys.version_info >= (3, 11) else bool
        #: What the module calls ahead of each statement: the first where a debugger is on, else the second.
        self.marks = (unseen, timer.begin)
        self.tracing = sys.gettrace

    def enter_from(self, stage: Outermost) -> None:
        """Say what to restore on the way in, and where to leave the outcome."""
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
    """Runs a module from C, then says how it ended.

    Args:
        conclude: called when the module has ended, with no frame above it but a hidden one. It returns the exception
            that ends the process: SystemExit, or KeyboardInterrupt to end it by SIGINT.
    """

    def __init__(self, conclude: Callable[[BaseException | None], BaseException]) -> None:
        self._conclude = conclude
        self._stdout: Any = None
        self._hook: Any = None
        self._starter: _Starter | None = None
        #: What the module raised. A Stop ahead of its first line leaves no other trace than this.
        self.error: BaseException | None = None

    def launch(self, code: CodeType | None, entry: Entry | None, namespace: dict[str, Any]) -> NoReturn:
        """Leave all frames of ours, run a module and conclude; without code, conclude."""
        self._hook = sys.excepthook
        sys.excepthook = self._end
        if code is not None and entry is not None:
            entry.enter_from(self)
            self.error = KeyboardInterrupt()
            self._stdout = sys.stdout
            # Kept here: Python itself only borrows it.
            self._starter = _Starter(FunctionType(code, namespace, "<module>"))
            sys.stdout = self._starter
        raise KeyboardInterrupt

    @hidden
    def enter(self) -> None:
        """Put back what brought the module here."""
        sys.stdout, sys.excepthook = self._stdout, self._hook
        self._stdout = None

    @hidden
    def leave(self) -> None:
        """Be called when the frame of the module is gone, whatever hook the module has set."""
        self._hook, sys.excepthook = sys.excepthook, self._end

    @hidden
    def _end(self, *_: object) -> None:
        # Not put back: a debugger would go on in modules that only we have imported.
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
        except BaseException as error:  # a Stop at the very end, or SystemExit of the snippet's hook
            return error


def _remember_interrupt() -> None:
    """Have Python end the process by SIGINT.

    It does so after a KeyboardInterrupt that has left the code it ran last, and forgets that as soon as anything runs
    code from text, as the import of a module with a namedtuple does.
    """
    with suppress(KeyboardInterrupt):
        exec("raise KeyboardInterrupt", {})


def _stays_open(ending: BaseException) -> bool:
    """End the process although Python was told to stay, unless it stays for a prompt on a terminal.

    With PYTHONINSPECT, Python takes no SystemExit for an end.
    """
    import ctypes

    if not os.isatty(0):
        ctypes.pythonapi.Py_Exit(ending.code if isinstance(ending, SystemExit) and isinstance(ending.code, int) else 1)
    # The prompt's end is no longer that by an interrupt.
    ctypes.pythonapi.PyRun_SimpleString(b"")
    return False
