"""Waits for everything a session reacts to: output, channel, the end of the process, wake-ups from other threads."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

from gpuplayground.child.event_source_base import Arrival, Sources
from gpuplayground.child.stdin_readers import is_reader_blocked
from gpuplayground.child.watcher import Watcher
from gpuplayground.runtime.io import wire

_READ_BYTES = 1 << 20
_PIPE_BYTES = 1 << 20
#: Polling interval for the end of the process where pidfd_open (Linux 5.3) is missing, in seconds.
_EXIT_POLL_S = 0.020


if sys.platform == "win32":
    from gpuplayground.child.windows_event_sources import open_channel, open_sources
else:

    class Channel:
        """A socket pair whose other end the process inherits."""

        def __init__(self) -> None:
            self.own, self._child = socket.socketpair()
            self.child_argument = str(self._child.fileno())

        def popen_options(self, inherited: tuple[int, ...]) -> dict[str, Any]:
            """Return ``Popen`` arguments that pass on its end and start a new session and process group."""
            return {"pass_fds": (self._child.fileno(), *inherited), "start_new_session": True}

        def close_child_end(self) -> None:
            """Close our copy of the process's end."""
            self._child.close()

        def close(self) -> None:
            """Close both ends."""
            self.own.close()
            self._child.close()

    class _DescriptorSources(Sources):
        def __init__(self, popen: subprocess.Popen[bytes], channel: Channel, watcher: Watcher | None) -> None:
            self._popen = popen
            self._watcher = watcher
            self._channel = channel.own
            self._channel.setblocking(False)
            self._selector = selectors.DefaultSelector()
            self._reading: dict[int, str] = {}
            for name, stream in (("stdout", popen.stdout), ("stderr", popen.stderr)):
                assert stream is not None
                os.set_blocking(stream.fileno(), False)
                _enlarge(stream.fileno())
                self._add(stream.fileno(), name)
            self._add(self._channel.fileno(), "channel")
            self._wake_in, self._wake_out = os.pipe()
            os.set_blocking(self._wake_in, False)
            os.set_blocking(self._wake_out, False)
            self._selector.register(self._wake_in, selectors.EVENT_READ)
            self._process = _process_descriptor(popen.pid)
            if self._process is not None:
                self._selector.register(self._process, selectors.EVENT_READ)
            if watcher is not None:
                self._selector.register(watcher, selectors.EVENT_READ)
            self._lock = threading.RLock()  # re-entrant for signal handlers
            self._outgoing = bytearray()
            self._typed = bytearray()
            self._is_input_over = False
            if popen.stdin is not None:
                os.set_blocking(popen.stdin.fileno(), False)
            self._closed = False

        def wait(self, timeout_s: float | None) -> list[Arrival]:
            if self._process is None:
                timeout_s = min(_EXIT_POLL_S, _EXIT_POLL_S if timeout_s is None else timeout_s)
            ready = {key.fd for key, _ in self._selector.select(timeout_s)}
            self._hear_watcher(ready)
            if self._wake_in in ready:
                os.read(self._wake_in, 4096)
            frames = self._read("channel") if self._channel.fileno() in ready else []
            # The snippet prints before it reports. So output is read after the channel but returned before it, and
            # stdout is returned before a traceback on stderr. One read empties a pipe.
            errors = self._read("stderr")
            arrivals = [*self._read("stdout"), *errors, *frames]
            self._send_more()
            self._type_more()
            return arrivals

        def _hear_watcher(self, ready: set[int]) -> None:
            if self._watcher is not None and self._watcher.fileno() in ready:
                self._watcher.read()
            if self._watcher is not None and self._watcher.has_ended:
                self._selector.unregister(self._watcher)
                self._watcher = None

        def _read(self, name: str) -> list[Arrival]:
            for descriptor, source in self._reading.items():
                if source == name:
                    try:
                        data = os.read(descriptor, _READ_BYTES)
                    except BlockingIOError:
                        return []
                    except OSError:
                        data = b""
                    if not data:
                        self._selector.unregister(descriptor)
                        del self._reading[descriptor]
                    return [Arrival(name, data)]
            return []

        def _add(self, descriptor: int, name: str) -> None:
            self._reading[descriptor] = name
            self._selector.register(descriptor, selectors.EVENT_READ)

        def send(self, frame: wire.Frame) -> None:
            with self._lock:
                self._outgoing += wire.pack(frame)
            self.wake()

        def type_in(self, text: bytes, *, is_end: bool = False) -> None:
            with self._lock:
                if not self._is_input_over:
                    self._typed += text
                    self._is_input_over = is_end
            self.wake()

        def is_input_awaited(self) -> bool:
            stdin = self._popen.stdin
            return stdin is not None and not stdin.closed and is_reader_blocked(stdin.fileno(), self._popen.pid)

        def push(self) -> None:
            self._send_more()

        def _send_more(self) -> None:
            descriptor = self._channel.fileno()
            with self._lock:
                if not self._outgoing or descriptor not in self._reading:
                    return
                try:
                    sent = self._channel.send(self._outgoing)
                    del self._outgoing[:sent]
                except BlockingIOError:
                    pass
                except OSError:
                    self._outgoing.clear()  # the process is gone; its end is detected elsewhere
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._outgoing else 0)
            self._selector.modify(descriptor, events)

        def _type_more(self) -> None:
            stdin = self._popen.stdin
            if stdin is None or stdin.closed:
                return
            descriptor = stdin.fileno()
            with self._lock:
                try:
                    while self._typed:
                        del self._typed[: os.write(descriptor, self._typed)]
                except BlockingIOError:
                    pass
                except OSError:
                    self._typed.clear()  # the reading end is closed
                is_waiting, is_over = bool(self._typed), self._is_input_over
            if is_waiting and descriptor not in self._selector.get_map():
                self._selector.register(descriptor, selectors.EVENT_WRITE)
            elif not is_waiting and descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
            if is_over and not is_waiting:
                stdin.close()

        def peek(self) -> bytes:
            try:
                return self._channel.recv(_READ_BYTES, socket.MSG_PEEK)
            except OSError:
                return b""

        def forget_process(self) -> None:
            if self._process is not None:
                self._selector.unregister(self._process)
                os.close(self._process)
                self._process = None

        def wake(self) -> None:
            with self._lock:
                if not self._closed:
                    with suppress(BlockingIOError):
                        os.write(self._wake_out, b"!")

        def close(self) -> None:
            with self._lock:
                if self._closed:
                    return
                self._closed = True
            self._selector.close()
            self._channel.close()
            for stream in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
                if stream is not None:
                    stream.close()
            for descriptor in (self._wake_in, self._wake_out, self._process):
                if descriptor is not None:
                    os.close(descriptor)

    def open_channel() -> Channel:
        """Return a channel for a process that is about to start."""
        return Channel()

    def open_sources(popen: subprocess.Popen[bytes], channel: Channel, watcher: Watcher | None) -> Sources:
        """Return the event sources of a process that has just been started."""
        return _DescriptorSources(popen, channel, watcher)

    def _process_descriptor(pid: int) -> int | None:
        try:
            return os.pidfd_open(pid)
        except (AttributeError, OSError):
            return None

    def _enlarge(descriptor: int) -> None:
        """Enlarge a pipe's buffer where the system can, so that a flood of output takes fewer reads."""
        import fcntl

        size = getattr(fcntl, "F_SETPIPE_SZ", None)
        if size is not None:
            with suppress(OSError):
                fcntl.fcntl(descriptor, size, _PIPE_BYTES)
