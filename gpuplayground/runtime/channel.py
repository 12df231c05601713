"""The snippet's end of the channel to its session, and the one helper thread that listens to it.

The helper exists only while it has something to wait for and never wakes up idly: it takes answers to ``input()``,
writes what a flood of output left behind, and ends the process group when the session is gone.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time
from contextlib import suppress
from threading import Condition
from typing import Callable

from . import wire

#: Descriptors of our own live up here, out of the way of loops that close the first few.
_HIGH_DESCRIPTOR = 200
_READ_BYTES = 1 << 16


class Channel:
    """Sends frames to the session and receives its orders, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._transport: Transport | None = open_transport(descriptor)
        self._sending = _thread.allocate_lock()
        self._frames = wire.FrameBuffer()
        self._changed = Condition()
        self._orders: list[wire.Frame] = []
        self._typed = bytearray()
        self._typed_end = False
        self._flush: Callable[[], None] | None = None
        self._flush_wanted = False
        self._stopping = False
        self._ended = False
        self._thread = 0
        self._stopped = _thread.allocate_lock()
        self._forking = _thread.allocate_lock()
        self._process = os.getpid()

    def start(self) -> None:
        """Start the helper thread. Not a ``threading.Thread``, so that the snippet only counts threads of its own."""
        self._stopping = False
        self._stopped.acquire()
        _thread.start_new_thread(self._listen, ())

    def pause(self) -> None:
        """Stop the helper thread: a fork must not copy a process in the middle of what another thread does."""
        self._forking.acquire()
        if self._transport is not None and self._stopped.locked():
            self._stopping = True
            self._transport.wake()
            with self._stopped:
                pass
            _wait_for_exit(self._thread)

    def resume(self) -> None:
        """Start the helper thread again after a fork, in the parent."""
        if self._transport is not None and not self._ended:
            self.start()
        self._forking.release()

    def end(self) -> None:
        """Stop the helper thread for good, ahead of the interpreter's own end.

        Python lets threads die there wherever they are; with the lock of an output in hand that would be a deadlock.
        """
        self._ended = True
        self.pause()
        self._forking.release()

    def detach(self) -> None:
        """Give the channel up, in a forked child: it belongs to the parent."""
        transport, self._transport = self._transport, None
        self._typed_end = True
        self._changed = Condition()
        self._sending, self._forking = _thread.allocate_lock(), _thread.allocate_lock()
        if transport is not None:
            transport.close()

    def send(self, frame: wire.Frame) -> None:
        """Send a frame; without a session, or after the snippet closed the descriptor, do nothing."""
        with self._sending:
            if self._transport is not None:
                try:
                    self._transport.send(wire.pack(frame))
                except OSError:
                    return

    def next_order(self) -> wire.Frame:
        """Wait for the next order of the session."""
        with self._changed:
            while not self._orders:
                self._wait()
            return self._orders.pop(0)

    def read_typed(self, size: int) -> bytes:
        """Return at most ``size`` bytes typed by the user, asking for them when none are left; nothing at the end."""
        with self._changed:
            if not self._typed and not self._typed_end:
                self.send({"kind": "input"})
            while not self._typed and not self._typed_end:
                self._wait()
            data = bytes(self._typed[:size])
            del self._typed[:size]
            return data

    def flush_soon(self, flush: Callable[[], None]) -> bool:
        """Have ``flush`` called by the helper thread in about 10 ms; False where that is not possible."""
        transport = self._transport
        if transport is None or not transport.can_wake or self._ended:
            return False
        self._flush = flush
        self._flush_wanted = True
        transport.wake()
        return True

    def _wait(self) -> None:
        # A wait on Windows is not interrupted by anything, so it has to look up now and then.
        self._changed.wait(0.1 if sys.platform == "win32" else None)

    def _listen(self) -> None:
        self._thread = _thread.get_native_id()
        try:
            while not self._stopping:
                transport = self._transport
                if transport is None:
                    return
                if self._flush_wanted and self._flush is not None:
                    self._flush_wanted = False
                    time.sleep(0.01)
                    with suppress(OSError):  # the snippet closed its output, or made it non-blocking
                        self._flush()
                data = transport.wait()
                if data is None:
                    continue
                if not data:
                    self._end_everything()
                for frame in self._frames.feed(data):
                    self._take(frame)
        except (OSError, ValueError, wire.WireError):
            return  # The snippet closed or garbled the descriptor: the session sees that and says so.
        finally:
            self._stopped.release()

    def _take(self, frame: wire.Frame) -> None:
        kind = frame["kind"]
        with self._changed:
            if kind == "typed":
                self._typed += str(frame.get("text", "")).encode("utf-8", "surrogatepass")
                self._typed_end = self._typed_end or bool(frame.get("end"))
            elif kind == "interrupt":
                _thread.interrupt_main()
            else:
                self._orders.append(frame)
            self._changed.notify_all()

    def _end_everything(self) -> None:
        """The session is gone, so nobody will ever end this snippet: do it now, with whatever it started."""
        if sys.platform == "win32":
            os._exit(1)
        else:
            try:
                os.killpg(self._process, signal.SIGKILL)
            finally:
                os.kill(self._process, signal.SIGKILL)


def _wait_for_exit(thread: int) -> None:
    """Give the system a moment to end a thread that has just returned, so that it is not there at a fork."""
    if sys.platform == "linux":
        for _ in range(1000):
            if not os.path.exists(f"/proc/self/task/{thread}"):  # noqa: PTH110 - pathlib is not worth importing
                return
            time.sleep(0.0001)


class Transport:
    """Bytes to and from the session, and a way to wake the thread that waits for them."""

    can_wake = True

    def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        raise NotImplementedError

    def wait(self) -> bytes | None:
        """Wait for data or a wake-up and return the data, nothing at the end, or None after a wake-up."""
        raise NotImplementedError

    def wake(self) -> None:
        """Make a wait in another thread return."""

    def close(self) -> None:
        """Let go of the descriptors."""


def out_of_the_way(descriptor: int) -> int:
    """Return an inherited descriptor moved up, where no loop and no child process of the snippet meets it; -1 stays."""
    if sys.platform == "win32" or descriptor < 0:
        return descriptor
    return _moved_up(descriptor)


def open_transport(descriptor: int) -> Transport:
    """Return the transport over an inherited descriptor (on Windows the number of a pipe's handle)."""
    if sys.platform == "win32":
        from ._windows import HandleTransport

        return HandleTransport(descriptor)
    return _DescriptorTransport(descriptor)


if sys.platform != "win32":
    import fcntl
    import select

    class _DescriptorTransport(Transport):
        """A socket inherited from the session, moved to a high descriptor that no child process inherits."""

        def __init__(self, descriptor: int) -> None:
            self._channel = _moved_up(descriptor)
            reading, writing = os.pipe()
            self._wake_in, self._wake_out = _moved_up(reading), _moved_up(writing)
            self._poll = select.poll()
            self._poll.register(self._channel, select.POLLIN)
            self._poll.register(self._wake_in, select.POLLIN)

        def send(self, data: bytes) -> None:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._channel, rest) :]

        def wait(self) -> bytes | None:
            for descriptor, events in self._poll.poll():
                if events & select.POLLNVAL:
                    raise OSError("closed by the snippet")
                if descriptor == self._wake_in:
                    os.read(self._wake_in, _READ_BYTES)
                    return None
            try:
                return os.read(self._channel, _READ_BYTES)
            except ConnectionResetError:
                return b""

        def wake(self) -> None:
            os.write(self._wake_out, b"!")

        def close(self) -> None:
            for descriptor in (self._channel, self._wake_in, self._wake_out):
                try:
                    os.close(descriptor)
                except OSError:
                    continue

    def _moved_up(descriptor: int) -> int:
        """Return a copy of a descriptor at a high number, closed on exec, and close the original."""
        try:
            high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH_DESCRIPTOR)
        except OSError:  # a low limit on open files
            high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
        os.close(descriptor)
        return high
