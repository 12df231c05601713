"""A snippet's process: started, signalled and ended. Its output is read by :mod:`..child.event_sources`."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import gpuplayground.runtime
from gpuplayground.child.event_source_base import Sources
from gpuplayground.child.event_sources import open_channel, open_sources
from gpuplayground.child.leftovers import COOKIE, Family, kill_tree_on_windows
from gpuplayground.child.watcher import Watcher, open_watcher
from gpuplayground.runs.progress import ProgressMemory
from gpuplayground.runtime.io import wire

_CHILD = Path(gpuplayground.runtime.__file__).with_name("child.py")
#: A process that the kernel does not let go is not waited for longer than this.
_DISCARD_S = 0.5


class StartError(Exception):
    """The process could not be started; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is settled when a process starts, before it is known what it will run."""

    interpreter: str
    working_directory: str
    cuda_visible_devices: str | None = None
    #: Whether the process is attached to the terminal as a command of a shell is: it reads this process's own standard
    #: input and stays in its session and process group. So whatever a terminal sends, Ctrl+C, Ctrl+Z and Ctrl+\\ alike,
    #: reaches it without us, and it may read from the terminal, also in a pipeline and after ``fg``. Without a watcher
    #: it has a session of its own all the same. If not attached, it reads what is sent to it.
    attached: bool = False


class TraceFile:
    """An anonymous file that a snippet's process inherits; there is none where CUPTI for Python is not to be had."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        if sys.platform == "linux":
            with suppress(OSError):  # no room for a file: there are no GPU times then, but there is a run
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process

    @property
    def child_argument(self) -> str:
        """What the process is started with: a descriptor, or -1."""
        return "-1" if self._file is None else str(self._file.fileno())

    @property
    def inherited(self) -> tuple[int, ...]:
        """The descriptors that the process inherits."""
        return () if self._file is None else (self._file.fileno(),)

    @property
    def path(self) -> Path | None:
        """A path to read it by, while this process holds it open; None where nothing was written."""
        if self._file is None or not self._file.seek(0, 2):
            return None
        return Path(f"/proc/self/fd/{self._file.fileno()}")

    def close(self) -> None:
        """Let go of the file, and with it of what is in it."""
        if self._file is not None:
            self._file.close()
            self._file = None


class SnippetProcess:
    """A process that waits to be told what to run.

    Raises:
        StartError: the interpreter or the working directory does not exist or may not be used.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        cookie = os.urandom(8).hex()
        environment = {**os.environ, COOKIE: cookie}
        if surroundings.cuda_visible_devices is not None:
            environment["CUDA_VISIBLE_DEVICES"] = surroundings.cuda_visible_devices
        self.surroundings = surroundings
        try:
            self.memory = ProgressMemory(cookie)
        except OSError as error:
            raise StartError(_start_sentence(surroundings, error)) from error
        self.trace = TraceFile()
        self._watcher = open_watcher()
        try:
            self._popen, self.sources = _start(surroundings, environment, self.memory, self.trace, self._watcher)
        except (OSError, ValueError) as error:
            self._close_shared()
            raise StartError(_start_sentence(surroundings, error)) from error
        #: When it was first told to end at once (``time.monotonic()``).
        self.killed_at: float | None = None
        self._family = Family(self._popen.pid, cookie)
        # Re-entrant, for a signal handler that interrupts the thread which holds it.
        self._signalling = threading.RLock()
        self._reaped = False

    @property
    def pid(self) -> int:
        """The snippet's process; that of its watcher as long as there is no other."""
        if self._watcher is not None and self._watcher.snippet is not None:
            return self._watcher.snippet
        return self._popen.pid

    def has_exited(self) -> bool:
        """Return whether the snippet's process has ended. What it started may still be there."""
        if self._watcher is not None:
            self._watcher.read()
            if self._watcher.status is not None:
                return True
        return self._has_child_exited()

    def _has_child_exited(self) -> bool:
        """Return whether the process that was started here has ended.

        It stays a zombie, so that its number cannot be given to another, but for Windows, which has none, and macOS
        before Python 3.13, which cannot look at one.
        """
        with self._signalling:
            if self._reaped:
                return True
            if sys.platform != "win32" and hasattr(os, "waitid"):
                return os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
            return self._popen.poll() is not None

    def has_finished_warmup(self) -> bool:
        """Return whether a spare, which nobody reads from yet, has imported what it was told to."""
        return wire.pack({"kind": "ready"}) in self.sources.peek()

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the snippet, as Ctrl+C in a terminal would: in all of its process group.

        But only in the snippet itself where it shares ours.
        """
        if sys.platform == "win32":
            self.sources.send({"kind": "interrupt"})
        elif self._watcher is not None:
            self._watcher.pass_on(signal.SIGINT)
        else:
            self._signal_group(signal.SIGINT)

    def pass_on(self, number: int) -> None:
        """Send the snippet's process a signal that came to this one, unless it has just got the same one itself."""
        if self._watcher is not None:
            self._watcher.pass_on(number)
        elif sys.platform == "win32":
            self.interrupt() if number == signal.SIGINT else self.kill()
        else:
            with self._signalling, suppress(OSError):
                if not self._reaped:
                    os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process at once. What it started is ended too, at the latest once the process is gone."""
        if self.killed_at is None:
            self.killed_at = time.monotonic()
        if sys.platform == "win32":
            threading.Thread(target=kill_tree_on_windows, args=(self.pid,), daemon=True).start()
            return
        if self._watcher is not None:
            self._watcher.kill_all()
            self._watcher.read()
            if self._watcher.snippet is not None:
                return
        # There is no watcher, or not yet: the interpreter may take long to start.
        self._signal_group(signal.SIGKILL)

    def has_others(self) -> bool:
        """Return whether processes that the snippet started are known to live on after it has ended."""
        if self._watcher is None:
            return False
        self._watcher.read()
        return not self._watcher.has_ended

    def end_others(self) -> int:
        """End whatever the snippet has left running and return how many processes that were.

        It takes a few milliseconds, and half a second when one of them does not end.
        """
        if self._watcher is None:
            return self._family.kill_others()
        self._watcher.kill_all()
        self._watcher.wait_for_end(_DISCARD_S)
        if self._watcher.left is not None or (self._watcher.has_ended and self._watcher.snippet is None):
            return self._watcher.left or 0
        # It was killed, as the system does when memory is short, or waits for a process that can't be ended.
        self._signal_child(signal.SIGKILL)
        self._family.sessions.add(self.pid)
        return self._family.kill_others()

    def reap(self) -> int:
        """Wait for the process, which has exited, and return its status: the exit code or minus the signal."""
        with self._signalling:
            self._reaped = True
            status = self._popen.wait()
        if self._watcher is None or self._watcher.snippet is None:
            return status
        # A watcher that is killed takes the snippet with it.
        return self._watcher.status if self._watcher.status is not None else -signal.SIGKILL

    def abandon(self) -> None:
        """Leave a process alone that cannot be ended, as one that hangs in a driver; a thread waits for its end."""
        with self._signalling:
            if not self._reaped:
                self._reaped = True
                threading.Thread(target=self._popen.wait, name=f"end of {self.pid}", daemon=True).start()

    def discard(self) -> None:
        """End the process with everything it started, if that has not happened yet, and close every descriptor."""
        if not self._reaped:
            self.kill()
            deadline = time.monotonic() + _DISCARD_S
            while not self.has_exited() and time.monotonic() < deadline:
                time.sleep(0.002)
            self.end_others()
            if self.has_exited():
                self.reap()
            else:
                self.abandon()
        self.sources.close()
        self._close_shared()

    def _close_shared(self) -> None:
        self.memory.close()
        self.trace.close()
        if self._watcher is not None:
            self._watcher.close()

    def _signal_group(self, number: int) -> None:
        """Signal the process that was started here, and its group if it was given one."""
        if sys.platform != "win32" and not (self._watcher is not None and self.surroundings.attached):
            with self._signalling, suppress(OSError):
                if not self._reaped:
                    os.killpg(self._popen.pid, number)
                    # A snippet may have left the group it was started in: then only it is reached.
                    if os.getpgid(self._popen.pid) == self._popen.pid:
                        return
        self._signal_child(number)

    def _signal_child(self, number: int) -> None:
        with self._signalling, suppress(OSError):
            if not self._reaped:
                os.kill(self._popen.pid, number)


def _start(
    surroundings: Surroundings,
    environment: dict[str, str],
    memory: ProgressMemory,
    trace: TraceFile,
    watcher: Watcher | None,
) -> tuple[subprocess.Popen[bytes], Sources]:
    channel = open_channel()
    try:
        stdin = wire.INHERITED if surroundings.attached else wire.TYPED
        shared = (channel.child_argument, memory.child_argument, trace.child_argument, stdin)
        inherited = (*memory.inherited, *trace.inherited)
        if watcher is not None:
            inherited = (*inherited, watcher.child_end)
        options = channel.popen_options(inherited)
        if watcher is not None and surroundings.attached:
            options["start_new_session"] = False
        watched = "" if watcher is None else str(watcher.child_end)
        popen = subprocess.Popen(
            [surroundings.interpreter, str(_CHILD), watched, *shared],
            stdin=None if surroundings.attached else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=surroundings.working_directory,
            env=environment,
            **options,
        )
    except BaseException:
        channel.close()
        raise
    channel.close_child_end()
    if watcher is not None:
        watcher.close_child_end()
    try:
        return popen, open_sources(popen, channel, watcher)
    except BaseException:
        popen.kill()
        with popen:  # closes its pipes and waits
            channel.close()
        raise


def _start_sentence(surroundings: Surroundings, error: Exception) -> str:
    folder, interpreter = surroundings.working_directory, surroundings.interpreter
    if not Path(folder).is_dir():
        return f"The working folder {folder} does not exist: save the snippet in another one."
    if isinstance(error, FileNotFoundError):
        return f"There is no Python interpreter at {interpreter}: choose another environment."
    if isinstance(error, PermissionError):
        return f"{interpreter} may not be executed: choose another environment."
    if isinstance(error, OSError) and error.errno == errno.ENOEXEC:
        return f"{interpreter} is not a program: choose another environment."
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{interpreter} could not be started ({reason}): choose another environment."
