"""The snippet's end of the channel to its session, and the helper thread that listens to it.

The thread never wakes up without work. It receives requests and kills the process group when the session is gone. If
the snippet closes the channel's descriptors, it keeps running but reports nothing more.
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
from .transport import Transport

if sys.platform == "win32":
    from .windows import open_transport
else:
    from .transport import open_transport


class Channel:
    """Sends frames to the session and receives its requests. Thread-safe."""

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
        """Start the helper thread. Not a ``threading.Thread``, so that the snippet does not see it."""
        self._stopping = False
        if self._stopped.acquire(blocking=False):
            _thread.start_new_thread(self._listen, ())

    def pause(self) -> None:
        """Stop the helper thread, so that a fork does not copy its state in the middle of an operation."""
        self._forking.acquire()
        transport = self._transport
        if transport is not None and self._stopped.locked():
            self._stopping = True
            if transport.wake():
                with self._stopped:
                    pass
                _wait_for_exit(self._thread)

    def resume(self) -> None:
        """Restart the helper thread in the parent after a fork."""
        if self._transport is not None and not self._ended:
            self.start()
        self._forking.release()

    def end(self) -> None:
        """Stop the helper thread before the interpreter ends, which would kill it at any point."""
        self._ended = True
        self.pause()
        self._forking.release()

    def detach(self) -> None:
        """Close the channel in a forked child; it belongs to the parent."""
        transport, self._transport = self._transport, None
        self._changed = Condition()
        self._sending, self._forking = _thread.allocate_lock(), _thread.allocate_lock()
        if transport is not None:
            transport.close()

    def send(self, frame: wire.Frame) -> None:
        """Send a frame; does nothing without a session or after the snippet has closed the descriptor."""
        with self._sending:
            transport = self._transport
            if transport is not None:
                try:
                    transport.send(wire.pack(frame))
                except OSError as error:
                    self._lose(transport, error)

    def _lose(self, transport: Transport, error: Exception) -> None:
        """Disconnect if the snippet has closed a descriptor of the channel.

        If the session is gone instead, the helper thread notices.
        """
        if isinstance(error, OSError) and error.errno == errno.EBADF:
            self._transport = None
            transport.close()

    def next_order(self) -> wire.Frame:
        """Wait for the next request of the session."""
        with self._changed:
            while not self._orders:
                self._wait()
            return self._orders.pop(0)

    def _wait(self) -> None:
        # A wait on Windows cannot be interrupted, so it needs a timeout.
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
        """Kill this process and its process group, because the session is gone."""
        if sys.platform == "win32":
            os._exit(1)
        else:
            try:
                os.killpg(self._process, signal.SIGKILL)
            finally:
                os.kill(self._process, signal.SIGKILL)


def _wait_for_exit(thread: int) -> None:
    """Wait until a thread that has returned has left the process, so that a fork does not see it."""
    if sys.platform == "linux":
        for _ in range(1000):
            if not os.path.exists(f"/proc/self/task/{thread}"):  # noqa: PTH110 - pathlib is not worth importing
                return
            time.sleep(0.0001)
