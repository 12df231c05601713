"""Runs an agent as a child process: queues its frames, keeps the end of its stderr, and kills it without waiting."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import BinaryIO, cast

from gpuplayground.child.lifetime import apart, kill, reap
from gpuplayground.runtime.clock import offset_ns
from gpuplayground.runtime.io.wire import Frame, WireError, read_frame, write_frame

#: Lines of stderr kept.
_STDERR_LINES = 20
#: How long to wait for a killed agent, in seconds, before a thread does: it may hang in the driver forever.
_REAP_S = 0.3


def agent_command(hz: float = 10.0, slow_s: float | None = None) -> tuple[str, ...]:
    """Return the command of this installation's agent. ``slow_s`` is the period of its slow tier."""
    # -P keeps modules in the user's working directory from shadowing the standard library.
    module = (sys.executable, "-P", "-m", "gpuplayground.monitor.sampling.agent")
    command = (*module, "--hz", f"{hz:g}", "--clock", str(offset_ns()))
    return command if slow_s is None else (*command, "--slow", f"{slow_s:g}")


class AgentProcess:
    """A running agent.

    Args:
        command: the command line.
        env: its environment; by default this process's.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen[bytes](
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_with_this_package(os.environ if env is None else env),
            **apart(),
        )
        self._frames: SimpleQueue[Frame | str | None] = SimpleQueue()
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._read_stderr, self._read_frames)]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """The agent's process id."""
        return self._process.pid

    def next_frame(self, timeout_s: float) -> Frame | str | None:
        """Return the next frame, the reason for the end of frames as text, or None after the timeout."""
        try:
            return self._frames.get(timeout=timeout_s)
        except Empty:
            return None

    def send(self, frame: Frame) -> None:
        """Write a frame to the agent's stdin, unless it has ended."""
        with suppress(OSError, ValueError):
            write_frame(cast(BinaryIO, self._process.stdin), frame)

    def kill(self) -> None:
        """End the agent without waiting; :meth:`next_frame` returns at once. May be repeated, from any thread."""
        kill(self._process)
        self._frames.put("stopped")

    def reap(self) -> None:
        """Wait for a killed agent, in a thread if it does not end at once."""
        with suppress(OSError):
            cast(BinaryIO, self._process.stdin).close()
        if reap(self._process, _REAP_S):
            for reader in self._readers:
                reader.join(_REAP_S)

    def _read_frames(self) -> None:
        reason = ""
        with cast(BinaryIO, self._process.stdout) as stdout:
            try:
                while (frame := read_frame(stdout)) is not None:
                    self._frames.put(frame)
            except (OSError, WireError) as error:
                reason = str(error)
        self._frames.put(reason or self._exit_reason())

    def _exit_reason(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_REAP_S)
        self._readers[0].join(_REAP_S)
        return "\n".join((f"exit code {self._process.returncode}", *self._stderr))

    def _read_stderr(self) -> None:
        with cast(BinaryIO, self._process.stderr) as stderr, suppress(OSError):
            for line in stderr:
                self._stderr.append(line[:1000].decode("utf-8", "replace").rstrip())


def _with_this_package(env: Mapping[str, str]) -> dict[str, str]:
    """Add this package to PYTHONPATH, so that the child can import it from any directory."""
    root = str(Path(__file__).resolve().parents[3])
    rest = env.get("PYTHONPATH")
    return {**env, "PYTHONPATH": root if not rest else os.pathsep.join((root, rest))}
