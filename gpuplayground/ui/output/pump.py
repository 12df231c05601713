"""Feeds output into the buffer in small steps, so that a flood does not block the window."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Signal

from gpuplayground.model.events import OutputChunk
from gpuplayground.terminal.buffer import LIMIT_BYTES, OutputBuffer

#: Longest time to work before other events are handled.
_STEP_S = 0.006
_PIECE_BYTES = 8_192


class OutputPump(QObject):
    """A queue of chunks, and of actions that run once all output before them is in the buffer."""

    advanced = Signal()
    lost = Signal(int)  # bytes dropped at this point, because they came too fast

    def __init__(self, buffer: OutputBuffer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._buffer = buffer
        self._queue: deque[OutputChunk | Callable[[], None]] = deque()
        self._waiting_bytes = 0
        self._lost_bytes = 0
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._step)

    def push(self, chunk: OutputChunk) -> None:
        """Queue a chunk. If more waits than the buffer can hold, the oldest output is dropped."""
        self._queue.append(chunk)
        self._waiting_bytes += len(chunk.data)
        while self._waiting_bytes > LIMIT_BYTES:
            index = next(i for i, item in enumerate(self._queue) if isinstance(item, OutputChunk))
            oldest = self._queue[index]
            if not isinstance(oldest, OutputChunk):
                return
            excess = min(self._waiting_bytes - LIMIT_BYTES, len(oldest.data))
            if excess < len(oldest.data):
                self._queue[index] = OutputChunk(oldest.stream, oldest.data[excess:])
            else:
                del self._queue[index]
            self._waiting_bytes -= excess
            self._lost_bytes += excess

    def then(self, action: Callable[[], None]) -> None:
        """Queue an action."""
        self._queue.append(action)

    def start(self) -> None:
        """Process a first step now, and the rest from the event loop."""
        if not self._timer.isActive():
            self._step()

    def clear(self) -> None:
        """Empty the queue."""
        self._queue.clear()
        self._waiting_bytes = self._lost_bytes = 0
        self._timer.stop()

    @property
    def is_idle(self) -> bool:
        """Whether the queue is empty."""
        return not self._queue

    @property
    def waiting_bytes(self) -> int:
        """Number of queued bytes."""
        return self._waiting_bytes

    def _step(self) -> None:
        deadline = perf_counter() + _STEP_S
        while self._queue and perf_counter() < deadline:
            if self._lost_bytes:
                count, self._lost_bytes = self._lost_bytes, 0
                self.lost.emit(count)
            item = self._queue.popleft()
            if isinstance(item, OutputChunk):
                self._take(item)
            else:
                item()
        self.advanced.emit()
        if self._queue:
            self._timer.start()

    def _take(self, chunk: OutputChunk) -> None:
        """Append the beginning of a chunk and requeue the rest."""
        piece, rest = chunk.data[:_PIECE_BYTES], chunk.data[_PIECE_BYTES:]
        self._buffer.append(chunk.stream, piece)
        self._waiting_bytes -= len(piece)
        if rest:
            self._queue.appendleft(OutputChunk(chunk.stream, rest))
