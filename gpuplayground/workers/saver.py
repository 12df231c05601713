"""Writes changing content to disk in a thread, and retries while the disk refuses."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from PySide6.QtCore import QObject, QTimer, Signal

#: Debounce of changes and its maximum, in milliseconds. An edit must be on disk within a second, even if the window is
#: busy and the disk slow.
PAUSE_MS, MAX_PAUSE_MS = 250, 500
#: First and maximum delay of a retry after a failure, in milliseconds; it doubles each time.
RETRY_MS, MAX_RETRY_MS = 500, 3_000

Write = Callable[[], object]
Take = Callable[[], Write | None]


class Saver(QObject):
    """Writes the latest state of each key. To be used in the window's thread.

    While a key is being written its next write waits, so that a slow disk gets only the latest state.
    """

    failed = Signal(str)  # the reason in a few words; once per change, not per attempt
    recovered = Signal()  # everything that had failed is written
    _ended = Signal(str, object)  # key, exception or None

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # A single thread keeps the order of writes and removals.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._wanted: dict[str, Take] = {}
        self._busy: dict[str, Take] = {}
        self._failing: set[str] = set()  # keys whose last write failed
        self._told: set[str] = set()  # of these, those whose failure was reported
        self._since: float | None = None
        self._retry_ms = RETRY_MS
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.write_now)
        self._ended.connect(self._finish)

    def want(self, key: str, take: Take) -> None:
        """Write something soon.

        Args:
            key: identifies what is written; a later call for the same key replaces this one.
            take: returns a call that writes it, which runs in the thread and may raise OSError; None if there is
                nothing left to write. Called in the window's thread before each attempt.
        """
        self._note(key, take)
        now = time.monotonic()
        if self._since is None:
            self._since = now
        left = MAX_PAUSE_MS - int((now - self._since) * 1000)
        self._timer.start(max(min(PAUSE_MS, left), 0))

    def want_now(self, key: str, take: Take) -> None:
        """Write something without debouncing."""
        self._note(key, take)
        self._start(key)

    def write_now(self) -> None:
        """Hand all pending writes to the thread."""
        self._timer.stop()
        self._since = None
        for key in list(self._wanted):
            self._start(key)

    def close(self) -> None:
        """Perform the pending writes and wait for them, without retries."""
        self._timer.stop()
        self._busy.clear()  # their end is no longer reported; the thread runs later writes after them
        self.write_now()
        self._thread.shutdown(wait=True)
        self._busy.clear()  # a failure that is reported now must not start a retry

    def _note(self, key: str, take: Take) -> None:
        self._wanted[key] = take
        self._told.discard(key)

    def _start(self, key: str) -> None:
        if key in self._busy:
            return  # _finish starts it again
        take = self._wanted.pop(key)
        write = take()
        if write is None:
            self._settle(key)
            return
        self._busy[key] = take
        self._thread.submit(write).add_done_callback(lambda future: self._tell(key, future))

    def _tell(self, key: str, future: Future[object]) -> None:
        # Runs in the thread; the signal is delivered in the window's.
        self._ended.emit(key, future.exception())

    def _finish(self, key: str, error: BaseException | None) -> None:
        take = self._busy.pop(key, None)
        if take is None:
            return  # closed since
        if error is None:
            self._retry_ms = RETRY_MS
            self._settle(key)
            delay_ms = PAUSE_MS
        else:
            self._wanted.setdefault(key, take)
            self._failing.add(key)
            if key not in self._told:
                self._told.add(key)
                self.failed.emit(getattr(error, "strerror", None) or str(error))
            delay_ms, self._retry_ms = self._retry_ms, min(self._retry_ms * 2, MAX_RETRY_MS)
        if self._wanted and not self._timer.isActive():
            self._timer.start(delay_ms)

    def _settle(self, key: str) -> None:
        self._told.discard(key)
        if key in self._failing:
            self._failing.discard(key)
            if not self._failing:
                self.recovered.emit()
