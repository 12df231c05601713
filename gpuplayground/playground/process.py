"""A snippet's process: started, signalled and ended. What it writes is read by :mod:`.sources`."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import gpuplayground.runtime
from gpuplayground.playground.leftovers import COOKIE, Family, kill_tree_on_windows
from gpuplayground.playground.progress import ProgressMemory
from gpuplayground.playground.sources import Sources, open_channel, open_sources
from gpuplayground.playground.trace_file import TraceFile
from gpuplayground.runtime import wire

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
    #: Whether it reads this process's own standard input; if not, what is sent to it.
    inherits_stdin: bool = False


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
        try:
            self._popen, self.sources = _start(surroundings, environment, self.memory, self.trace)
        except (OSError, ValueError) as error:
            self.memory.close()
            self.trace.close()
            raise StartError(_start_sentence(surroundings, error)) from error
        self.pid = self._popen.pid
        #: When it was first told to end at once (``time.monotonic()``).
        self.killed_at: float | None = None
        self.family = Family(self.pid, cookie)
        # Re-entrant, for a signal handler that interrupts the thread which holds it.
        self._signalling = threading.RLock()
        self._reaped = False

    def has_exited(self) -> bool:
        """Return whether the process has ended.

        It stays a zombie, so that its number cannot be given to another, but for Windows, which has none, and macOS
        before Python 3.13, which cannot look at one.
        """
        with self._signalling:
            if self._reaped:
                return True
            if sys.platform != "win32" and hasattr(os, "waitid"):
                return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
            return self._popen.poll() is not None

    def has_finished_warmup(self) -> bool:
        """Return whether a spare, which nobody reads from yet, has imported what it was told to."""
        return wire.pack({"kind": "ready"}) in self.sources.peek()

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the snippet, as Ctrl+C in a terminal would: in all of its process group."""
        if sys.platform == "win32":
            self.sources.send({"kind": "interrupt"})
        else:
            self._signal_group(signal.SIGINT)

    def kill(self) -> None:
        """End the process and its group at once. Detached descendants are ended once the process is gone."""
        if self.killed_at is None:
            self.killed_at = time.monotonic()
        if sys.platform == "win32":
            threading.Thread(target=kill_tree_on_windows, args=(self.pid,), daemon=True).start()
        else:
            self._signal_group(signal.SIGKILL)

    def reap(self) -> int:
        """Wait for the process, which has exited, and return its status: the exit code or minus the signal."""
        with self._signalling:
            self._reaped = True
            return self._popen.wait()

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
            self.family.kill_others()
            if self.has_exited():
                self.reap()
            else:
                self.abandon()
        self.sources.close()
        self.memory.close()
        self.trace.close()

    def _signal_group(self, number: int) -> None:
        with self._signalling:
            if sys.platform != "win32" and not self._reaped:
                with suppress(OSError):
                    os.killpg(self.pid, number)
                # A snippet may have left the group it was started in: then only it is reached.
                with suppress(OSError):
                    if os.getpgid(self.pid) != self.pid:
                        os.kill(self.pid, number)


def _start(
    surroundings: Surroundings, environment: dict[str, str], memory: ProgressMemory, trace: TraceFile
) -> tuple[subprocess.Popen[bytes], Sources]:
    channel = open_channel()
    try:
        stdin = wire.INHERITED if surroundings.inherits_stdin else wire.TYPED
        shared = (channel.child_argument, memory.child_argument, trace.child_argument, stdin)
        popen = subprocess.Popen(
            [surroundings.interpreter, str(_CHILD), *shared],
            stdin=None if surroundings.inherits_stdin else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=surroundings.working_directory,
            env=environment,
            **channel.popen_options((*memory.inherited, *trace.inherited)),
        )
    except BaseException:
        channel.close()
        raise
    channel.close_child_end()
    try:
        return popen, open_sources(popen, channel)
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
