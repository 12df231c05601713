"""Starts, signals and ends a snippet's process. :mod:`gpuplayground.child.event_sources` reads its output."""

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
from gpuplayground.child.leftovers import COOKIE, Descendants, kill_tree_on_windows
from gpuplayground.child.lifetime import reap
from gpuplayground.child.watcher import Watcher, open_watcher
from gpuplayground.runs.progress import ProgressMemory
from gpuplayground.runtime.io import wire
from gpuplayground.storage.locks import hold_environment

_CHILD = Path(gpuplayground.runtime.__file__).with_name("child.py")
#: Maximum wait for a killed process, which may hang in the kernel.
_DISCARD_S = 0.5


class StartError(Exception):
    """The process could not be started; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """Settings that a process is started with, before it is known what it will run."""

    interpreter: str
    working_directory: str
    cuda_visible_devices: str | None = None
    #: Whether the process is attached to the terminal like a shell command: it inherits standard input and stays in
    #: the session and process group of this process. So it receives Ctrl+C, Ctrl+Z and Ctrl+\\ directly and may read
    #: from the terminal, also in a pipeline and after ``fg``. Without a watcher it gets its own session anyway. If not
    #: attached, its input is sent to it.
    attached: bool = False
    #: Environment variables besides those of this process, by name.
    variables: tuple[tuple[str, str], ...] = ()


class TraceFile:
    """An anonymous file that a snippet's process inherits and writes its trace to; only on Linux, where CUPTI runs."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        if sys.platform == "linux":
            with suppress(OSError):  # on a full disk the run has no GPU times
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process

    @property
    def child_argument(self) -> str:
        """Command-line argument for the process: a descriptor, or -1."""
        return "-1" if self._file is None else str(self._file.fileno())

    @property
    def inherited(self) -> tuple[int, ...]:
        """The descriptors that the process inherits."""
        return () if self._file is None else (self._file.fileno(),)

    @property
    def path(self) -> Path | None:
        """A path to read the file while this process has it open; None if nothing was written."""
        if self._file is None or not self._file.seek(0, 2):
            return None
        return Path(f"/proc/self/fd/{self._file.fileno()}")

    def close(self) -> None:
        """Close the file, which deletes it."""
        if self._file is not None:
            self._file.close()
            self._file = None


class SnippetProcess:
    """A process that waits for a request.

    Raises:
        StartError: the interpreter or the working directory does not exist or cannot be used.
    """

    def __init__(self, settings: ProcessSettings) -> None:
        cookie = os.urandom(8).hex()
        environment = {**os.environ, **dict(settings.variables), COOKIE: cookie}
        if settings.cuda_visible_devices is not None:
            environment["CUDA_VISIBLE_DEVICES"] = settings.cuda_visible_devices
        self.settings = settings
        try:
            self.memory = ProgressMemory(cookie)
        except OSError as error:
            raise StartError(_start_sentence(settings, error)) from error
        self.trace = TraceFile()
        self._environment_in_use = hold_environment(settings.interpreter)
        self._watcher = open_watcher()
        try:
            self._popen, self.sources = _start(settings, environment, self.memory, self.trace, self._watcher)
        except (OSError, ValueError) as error:
            self._close_shared()
            raise StartError(_start_sentence(settings, error)) from error
        #: Time of the first kill (``time.monotonic()``).
        self.killed_at: float | None = None
        self._descendants = Descendants(self._popen.pid, cookie)
        # Re-entrant, because a signal handler may interrupt the thread that holds it.
        self._signalling = threading.RLock()
        self._reaped = False

    @property
    def pid(self) -> int:
        """Process id of the snippet, or of its watcher until the snippet has been started."""
        if self._watcher is not None and self._watcher.snippet is not None:
            return self._watcher.snippet
        return self._popen.pid

    def has_exited(self) -> bool:
        """Return whether the snippet's process has ended. Its child processes may still be running."""
        if self._watcher is not None:
            self._watcher.read()
            if self._watcher.status is not None:
                return True
        return self._has_child_exited()

    def _has_child_exited(self) -> bool:
        """Return whether the process started here, watcher or snippet, has ended.

        It stays a zombie, so that its id is not reused. Exceptions are Windows, which has no zombies, and macOS before
        Python 3.13, which has no ``waitid``.
        """
        with self._signalling:
            if self._reaped:
                return True
            if sys.platform != "win32" and hasattr(os, "waitid"):
                return os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
            return self._popen.poll() is not None

    def has_finished_warmup(self) -> bool:
        """Return whether a spare, whose channel is not read yet, has finished its imports."""
        return wire.pack({"kind": "ready"}) in self.sources.peek()

    def interrupt(self) -> None:
        """Interrupt the snippet's process group, as Ctrl+C in a terminal does.

        If the snippet shares the process group of this process, only the snippet is interrupted.
        """
        if sys.platform == "win32":
            self.sources.send({"kind": "interrupt"})
        elif self._watcher is not None:
            self._watcher.pass_on(signal.SIGINT)
        else:
            self._signal_group(signal.SIGINT)

    def pass_on(self, number: int) -> None:
        """Forward a signal that this process received, unless the snippet has received it directly."""
        if self._watcher is not None:
            self._watcher.pass_on(number)
        elif sys.platform == "win32":
            self.interrupt() if number == signal.SIGINT else self.kill()
        else:
            with self._signalling, suppress(OSError):
                if not self._reaped:
                    os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the process. Its child processes are killed too, at the latest after it has ended."""
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
        # There is no watcher, or not yet, because the interpreter may start slowly.
        self._signal_group(signal.SIGKILL)

    def has_others(self) -> bool:
        """Return whether processes that the snippet started are known to be running after it has ended."""
        if self._watcher is None:
            return False
        self._watcher.read()
        return not self._watcher.has_ended

    def end_others(self) -> int:
        """Kill all processes that the snippet left running and return their number.

        Takes a few milliseconds, or half a second if one of them does not end.
        """
        if self._watcher is None:
            return self._descendants.kill_others()
        self._watcher.kill_all()
        self._watcher.wait_for_end(_DISCARD_S)
        if self._watcher.left is not None or (self._watcher.has_ended and self._watcher.snippet is None):
            return self._watcher.left or 0
        # The watcher was killed, for instance for lack of memory, or waits for a process that cannot be killed.
        self._signal_child(signal.SIGKILL)
        self._descendants.sessions.add(self.pid)
        return self._descendants.kill_others()

    def reap(self) -> int:
        """Reap the process, which has ended, and return its exit code or minus the signal."""
        with self._signalling:
            self._reaped = True
            status = self._popen.wait()
        if self._watcher is None or self._watcher.snippet is None:
            return status
        # If the watcher is killed, the snippet is killed with it.
        return self._watcher.status if self._watcher.status is not None else -signal.SIGKILL

    def abandon(self) -> None:
        """Give up on a process that cannot be killed, for instance in a driver; a thread waits for its end."""
        with self._signalling:
            if not self._reaped:
                self._reaped = True
                reap(self._popen, 0)

    def discard(self) -> None:
        """Kill the process with everything it started, unless it has been reaped, and close all descriptors."""
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
        if self._environment_in_use is not None:
            self._environment_in_use.close()
        if self._watcher is not None:
            self._watcher.close()

    def _signal_group(self, number: int) -> None:
        """Signal the process that was started here, with its process group if it leads one."""
        if sys.platform != "win32" and not (self._watcher is not None and self.settings.attached):
            with self._signalling, suppress(OSError):
                if not self._reaped:
                    os.killpg(self._popen.pid, number)
                    # If the snippet has left its original group, signal it alone.
                    if os.getpgid(self._popen.pid) == self._popen.pid:
                        return
        self._signal_child(number)

    def _signal_child(self, number: int) -> None:
        with self._signalling, suppress(OSError):
            if not self._reaped:
                os.kill(self._popen.pid, number)


def _start(
    settings: ProcessSettings,
    environment: dict[str, str],
    memory: ProgressMemory,
    trace: TraceFile,
    watcher: Watcher | None,
) -> tuple[subprocess.Popen[bytes], Sources]:
    channel = open_channel()
    try:
        stdin = wire.INHERITED if settings.attached else wire.TYPED
        shared = (channel.child_argument, memory.child_argument, trace.child_argument, stdin)
        inherited = (*memory.inherited, *trace.inherited)
        if watcher is not None:
            inherited = (*inherited, watcher.child_end)
        options = channel.popen_options(inherited)
        if watcher is not None and settings.attached:
            options["start_new_session"] = False
        watched = "" if watcher is None else str(watcher.child_end)
        popen = subprocess.Popen(
            [settings.interpreter, str(_CHILD), watched, *shared],
            stdin=None if settings.attached else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=settings.working_directory,
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


def _start_sentence(settings: ProcessSettings, error: Exception) -> str:
    folder, interpreter = settings.working_directory, settings.interpreter
    if not Path(folder).is_dir():
        return f"The working folder {folder} does not exist: save the snippet to another folder."
    if isinstance(error, FileNotFoundError):
        return f"There is no Python interpreter at {interpreter}: choose another environment."
    if isinstance(error, PermissionError):
        return f"{interpreter} is not executable: choose another environment."
    if isinstance(error, OSError) and error.errno == errno.ENOEXEC:
        return f"{interpreter} is not a program: choose another environment."
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{interpreter} could not be started ({reason}): choose another environment."
