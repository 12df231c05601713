"""Writes to the disk on a thread what keeps changing, and tries again for as long as the disk refuses."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from PySide6.QtCore import QObject, QTimer, Signal

#: How long a change waits for the next one, and how long the first of many waits at most, in milliseconds. Both leave
#: room for a busy window and a slow disk within the second after which an edit is to be safe.
PAUSE_MS, LONGEST_MS = 250, 500
#: How long after a failure the next attempt is made, in milliseconds: longer each time, up to the second figure.
RETRY_MS, LONGEST_RETRY_MS = 500, 3_000

Write = Callable[[], object]
Take = Callable[[], Write | None]


class Saver(QObject):
    """Writes things that are known by a key, each in its newest state. To be called in the window's thread.

    Of one key nothing is written while it is being written: a slow disk gets what is newest once it is ready.
    """

    failed = Signal(str)  # the reason in a few words: once for each change that could not be written, not each attempt
    recovered = Signal()  # everything that could not be written has been
    _ended = Signal(str, object)  # key, exception or None

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # One thread: a removal can never overtake the write before it.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._wanted: dict[str, Take] = {}
        self._busy: dict[str, Take] = {}
        self._failing: set[str] = set()  # what the disk does not have because it refused
        self._told: set[str] = set()  # of these, what has not changed since that was said
        self._since: float | None = None
        self._retry_ms = RETRY_MS
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.write_now)
        self._ended.connect(self._finish)

    def want(self, key: str, take: Take) -> None:
        """Have something written soon.

        Args:
            key: what is written; a later wish for the same replaces this one.
            take: returns what writes it, which is called in the thread and may raise OSError; None if there is
                nothing to write any more. Called in the window's thread, again before each attempt.
        """
        self._note(key, take)
        now = time.monotonic()
        if self._since is None:
            self._since = now
        left = LONGEST_MS - int((now - self._since) * 1000)
        self._timer.start(max(min(PAUSE_MS, left), 0))

    def want_now(self, key: str, take: Take) -> None:
        """Have something written without a pause."""
        self._note(key, take)
        self._start(key)

    def write_now(self) -> None:
        """Hand everything that is wanted to the thread."""
        self._timer.stop()
        self._since = None
        for key in list(self._wanted):
            self._start(key)

    def close(self) -> None:
        """Write what is still wanted and wait for it; what fails now has failed for good."""
        self._timer.stop()
        self._busy.clear()  # no event tells that these have ended: the thread does the next ones behind them
        self.write_now()
        self._thread.shutdown(wait=True)

    def _note(self, key: str, take: Take) -> None:
        self._wanted[key] = take
        self._told.discard(key)

    def _start(self, key: str) -> None:
        if key in self._busy:
            return  # _finish comes back to it
        take = self._wanted.pop(key)
        write = take()
        if write is None:
            self._settle(key)
            return
        self._busy[key] = take
        self._thread.submit(write).add_done_callback(lambda future: self._tell(key, future))

    def _tell(self, key: str, future: Future[object]) -> None:
        # Runs in the thread; the signal carries it over.
        self._ended.emit(key, future.exception())

    def _finish(self, key: str, error: BaseException | None) -> None:
        take = self._busy.pop(key, None)
        if take is None:
            return  # closed meanwhile
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
            delay_ms, self._retry_ms = self._retry_ms, min(self._retry_ms * 2, LONGEST_RETRY_MS)
        if self._wanted and not self._timer.isActive():
            self._timer.start(delay_ms)

    def _settle(self, key: str) -> None:
        self._told.discard(key)
        if key in self._failing:
            self._failing.discard(key)
            if not self._failing:
                self.recovered.emit()
