"""The snippet's end of the channel to its session, and the one helper thread that listens to it.

The helper exists only while it has something to wait for and never wakes up idly: it takes orders and ends the process
group when the session is gone. A snippet that closes our descriptors goes on, and reports nothing more.
"""

from __future__ import annotations

import _thread
import errno
import os
import signal
import sys
import time
from threading import Condition

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
        self._stopping = False
        self._ended = False
        self._thread = 0
        self._stopped = _thread.allocate_lock()
        self._forking = _thread.allocate_lock()
        self._process = os.getpid()

    def start(self) -> None:
        """Start the helper thread. Not a ``threading.Thread``, so that the snippet only counts threads of its own."""
        self._stopping = False
        if self._stopped.acquire(blocking=False):
            _thread.start_new_thread(self._listen, ())

    def pause(self) -> None:
        """Stop the helper thread: a fork must not copy a process in the middle of what another thread does."""
        self._forking.acquire()
        transport = self._transport
        if transport is not None and self._stopped.locked():
            self._stopping = True
            if transport.wake():
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

        Python lets threads die there wherever they are.
        """
        self._ended = True
        self.pause()
        self._forking.release()

    def detach(self) -> None:
        """Give the channel up, in a forked child: it belongs to the parent."""
        transport, self._transport = self._transport, None
        self._changed = Condition()
        self._sending, self._forking = _thread.allocate_lock(), _thread.allocate_lock()
        if transport is not None:
            transport.close()

    def send(self, frame: wire.Frame) -> None:
        """Send a frame; without a session, or after the snippet closed the descriptor, do nothing."""
        with self._sending:
            transport = self._transport
            if transport is not None:
                try:
                    transport.send(wire.pack(frame))
                except OSError as error:
                    self._lose(transport, error)

    def _lose(self, transport: Transport, error: Exception) -> None:
        """Do without the session from now on if the snippet has closed a descriptor of ours; the session hears of it.

        When it is the session that is gone, the helper thread sees that.
        """
        if isinstance(error, OSError) and error.errno == errno.EBADF:
            self._transport = None
            transport.close()

    def next_order(self) -> wire.Frame:
        """Wait for the next order of the session."""
        with self._changed:
            while not self._orders:
                self._wait()
            return self._orders.pop(0)

    def _wait(self) -> None:
        # A wait on Windows is not interrupted by anything, so it has to look up now and then.
        self._changed.wait(0.1 if sys.platform == "win32" else None)

    def _listen(self) -> None:
        self._thread = _thread.get_native_id()
        transport = self._transport
        try:
            while transport is not None and not self._stopping:
                data = transport.wait()
                if data is None:
                    continue
                if not data:
                    self._end_everything()
                for frame in self._frames.feed(data):
                    self._take(frame)
        except (OSError, ValueError, wire.WireError) as error:
            if transport is not None:
                self._lose(transport, error)
        finally:
            self._stopped.release()

    def _take(self, frame: wire.Frame) -> None:
        kind = frame["kind"]
        with self._changed:
            if kind == "interrupt":
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

    def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        raise NotImplementedError

    def wait(self) -> bytes | None:
        """Wait for data or a wake-up and return the data, nothing at the end, or None after a wake-up."""
        raise NotImplementedError

    def wake(self) -> bool:
        """Make a wait in another thread return, and return whether that is possible."""
        return False

    def close(self) -> None:
        """Let go of the descriptors."""


def out_of_the_way(descriptor: int) -> int:
    """Return an inherited descriptor moved up, where no loop and no child process of the snippet meets it; -1 stays."""
    if sys.platform == "win32" or descriptor < 0:
        return descriptor
    return _moved_up(descriptor)


class OwnDescriptor:
    """A descriptor of ours. The snippet may close any, and open a file of its own under the number."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._file = _file_of(number)

    def is_open(self) -> bool:
        """Return whether the number still stands for our file."""
        return self._file is not None and _file_of(self.number) == self._file

    def write(self, data: bytes | memoryview) -> None:
        """Write all of ``data``.

        Raises:
            OSError: it has been closed, or takes no more.
        """
        rest = memoryview(data)
        while rest:
            self._check()
            rest = rest[os.write(self.number, rest) :]

    def read(self) -> bytes:
        """Read what there is.

        Raises:
            OSError: it has been closed.
        """
        self._check()
        return os.read(self.number, _READ_BYTES)

    def close(self) -> None:
        """Let go of the file, unless the snippet has done that."""
        if self.is_open():
            os.close(self.number)
        self._file = None

    def _check(self) -> None:
        if not self.is_open():
            raise OSError(errno.EBADF, "closed by the snippet")


def _file_of(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def open_transport(descriptor: int) -> Transport:
    """Return the transport over an inherited descriptor (on Windows the number of a pipe's handle)."""
    if sys.platform == "win32":
        from .windows import HandleTransport

        return HandleTransport(descriptor)
    return _DescriptorTransport(descriptor)


if sys.platform != "win32":
    import fcntl
    import select

    class _DescriptorTransport(Transport):
        """A socket inherited from the session, moved to a high descriptor that no child process inherits."""

        def __init__(self, descriptor: int) -> None:
            reading, writing = os.pipe()
            self._channel, self._wake_in, self._wake_out = (
                OwnDescriptor(_moved_up(each)) for each in (descriptor, reading, writing)
            )
            self._poll = select.poll()
            self._poll.register(self._channel.number, select.POLLIN)
            self._poll.register(self._wake_in.number, select.POLLIN)

        def send(self, data: bytes) -> None:
            self._channel.write(data)

        def wait(self) -> bytes | None:
            # Closing all descriptors closes both ends of the pipe: that ends this wait.
            for descriptor, _ in self._poll.poll():
                if descriptor == self._wake_in.number:
                    self._wake_in.read()
                    return None
            try:
                return self._channel.read()
            except ConnectionResetError:
                return b""

        def wake(self) -> bool:
            try:
                self._wake_out.write(b"!")
            except OSError:  # closed by the snippet, which ends the wait by itself
                return False
            return True

        def close(self) -> None:
            for descriptor in (self._channel, self._wake_in, self._wake_out):
                descriptor.close()

    def _moved_up(descriptor: int) -> int:
        """Return a copy of a descriptor at a high number, closed on exec, and close the original."""
        try:
            high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH_DESCRIPTOR)
        except OSError:  # a low limit on open files
            high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
        os.close(descriptor)
        return high
