"""Event sources on Windows, which cannot wait for several pipes at once: one thread reads each pipe."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from contextlib import suppress
from multiprocessing import Pipe
from typing import IO, Any

from gpuplayground.child.event_source_base import Arrival, Sources
from gpuplayground.child.watcher import Watcher
from gpuplayground.runtime.io import wire

_READ_BYTES = 1 << 16
_EXIT_POLL_S = 0.020


class Channel:
    """A duplex pipe whose other end the process inherits as a handle."""

    def __init__(self) -> None:
        self.own, self._child = Pipe()
        self.child_argument = str(self._child.fileno())

    def popen_options(self, inherited: tuple[int, ...]) -> dict[str, Any]:
        """Return ``Popen`` arguments that pass on its end and start a new process group."""
        handle = self._child.fileno()
        os.set_handle_inheritable(handle, True)  # type: ignore[attr-defined, unused-ignore]
        startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle, *inherited]})  # type: ignore[attr-defined, unused-ignore]
        return {"startupinfo": startup, "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined, unused-ignore]

    def close_child_end(self) -> None:
        """Close our copy of the process's end."""
        self._child.close()

    def close(self) -> None:
        """Close both ends."""
        self.own.close()
        self._child.close()


class _ThreadedSources(Sources):
    def __init__(self, popen: subprocess.Popen[bytes], channel: Channel) -> None:
        self._popen = popen
        self._channel = channel.own
        self._seen = b""
        self._arrivals: queue.SimpleQueue[Arrival | None] = queue.SimpleQueue()
        for name, stream in (("stdout", popen.stdout), ("stderr", popen.stderr)):
            assert stream is not None
            threading.Thread(target=self._read_output, args=(name, stream), daemon=True).start()
        threading.Thread(target=self._read_channel, daemon=True).start()

    def wait(self, timeout_s: float | None) -> list[Arrival]:
        """Wait until data arrives or :meth:`wake` is called; returns often, so that the caller sees the end."""
        arrivals: list[Arrival] = []
        with suppress(queue.Empty):
            first = self._arrivals.get(timeout=min(_EXIT_POLL_S, _EXIT_POLL_S if timeout_s is None else timeout_s))
            arrivals += [first] if first is not None else []
            while True:
                following = self._arrivals.get_nowait()
                arrivals += [following] if following is not None else []
        return arrivals

    def send(self, frame: wire.Frame) -> None:
        """Send a frame to the process."""
        with suppress(OSError):
            self._channel.send_bytes(wire.pack(frame))

    def type_in(self, text: bytes, *, is_end: bool = False) -> None:
        """Write text to the process's standard input; ``is_end`` closes the input after it."""
        stdin = self._popen.stdin
        with suppress(OSError, ValueError):  # the reading end or the input is closed
            if stdin is not None:
                stdin.write(text)
                if is_end:
                    stdin.close()

    def peek(self) -> bytes:
        """Return what has arrived on the channel so far."""
        return self._seen

    def wake(self) -> None:
        """Make :meth:`wait` return early."""
        self._arrivals.put(None)

    def close(self) -> None:
        """Close the channel and the input; each reading thread closes its own pipe."""
        self._channel.close()
        if self._popen.stdin is not None:
            self._popen.stdin.close()

    def _read_output(self, name: str, stream: IO[bytes]) -> None:
        with stream:
            while data := os.read(stream.fileno(), _READ_BYTES):
                self._arrivals.put(Arrival(name, data))
        self._arrivals.put(Arrival(name, b""))

    def _read_channel(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                data = self._channel.recv_bytes()
                self._seen += data
                self._arrivals.put(Arrival("channel", data))
        self._arrivals.put(Arrival("channel", b""))


def open_channel() -> Channel:
    """Return a channel for a process that is about to start."""
    return Channel()


def open_sources(popen: subprocess.Popen[bytes], channel: Channel, _watcher: Watcher | None) -> Sources:
    """Return the event sources of a process that has just been started; Windows has no watcher."""
    return _ThreadedSources(popen, channel)
