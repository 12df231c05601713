"""Reads and writes the history in a thread, so that the window never waits for the disk."""

from __future__ import annotations

import gc
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from gpuplayground.model.benchmarks import Flag
from gpuplayground.model.results import Run, RunRequest
from gpuplayground.model.samples import DriverInfo, GpuSample, Inventory
from gpuplayground.past_runs.store import HistoryEntry, HistoryFilter, HistoryStore, KeptRun
from gpuplayground.receipts.receipt import Receipt
from gpuplayground.workers.threads import Threads

#: How often to check whether another window has changed the file, in seconds. A check takes microseconds.
_CHECK_S = 2.0


@dataclass(frozen=True, slots=True)
class _Job:
    """An operation on the store, and what receives the message if it fails.

    Operations that only read are dropped when the window closes.
    """

    work: Callable[[HistoryStore], None]
    failed: Callable[[str], None]
    reads: bool = False


@contextmanager
def _no_garbage_looked_for() -> Iterator[None]:
    """Keep Python from looking for garbage: through a run of many statements that takes it a tenth of a second.

    The window would wait for it, and what is packed and unpacked has no cycles.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Worker(QThread):
    """Performs jobs in order until it is told to end."""

    changed = Signal()
    listed = Signal(int, object, int)
    loaded = Signal(object)
    severalLoaded = Signal(object)
    exported = Signal(int, object)
    failed = Signal(str)
    unavailable = Signal(str)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._is_ending = threading.Event()
        self._store: HistoryStore | None = None
        self._problem = self._reported = self._notice = ""
        self._newest_list = 0

    def write(self, change: Callable[[HistoryStore], object]) -> None:
        """Queue a change of the store."""
        self._jobs.put(_Job(partial(self._change, change), self._report))

    def read(self, work: Callable[[HistoryStore], None]) -> None:
        """Queue a read that a user requested; every failure is reported."""
        self._jobs.put(_Job(work, self.failed.emit, reads=True))

    def list_entries(self, token: int, wanted: HistoryFilter, limit: int, after: HistoryEntry | None) -> None:
        """Queue a query for a page of entries."""
        if after is None:
            self._newest_list = token
        self._jobs.put(_Job(partial(self._list, token, wanted, limit, after), self._set_problem, reads=True))

    def end(self) -> None:
        """Perform the pending writes, then end."""
        self._is_ending.set()
        self._jobs.put(None)

    def run(self) -> None:
        """Perform jobs; called by ``start()`` in the new thread."""
        while True:
            try:
                job = self._jobs.get(timeout=_CHECK_S)
            except queue.Empty:
                # Errors are ignored here: they are reported when someone reads the history.
                job = _Job(self._check_for_changes, lambda _: None)
            if job is None:
                break
            if not (job.reads and self._is_ending.is_set()):
                with _no_garbage_looked_for():
                    self._do(job)
        if self._store is not None:
            self._store.close()

    def _do(self, job: _Job) -> None:
        try:
            if self._store is None:
                self._store = HistoryStore(self._path)
            job.work(self._store)
        except Exception as error:  # the next job must run whatever went wrong
            job.failed(str(error))
        if self._store is not None and self._store.notice != self._notice:
            self._notice = self._store.notice
            self.failed.emit(self._notice)

    def _change(self, change: Callable[[HistoryStore], object], store: HistoryStore) -> None:
        change(store)
        self._reported = ""
        self.changed.emit()

    def _list(
        self, token: int, wanted: HistoryFilter, limit: int, after: HistoryEntry | None, store: HistoryStore
    ) -> None:
        if after is None and token != self._newest_list:
            return  # superseded by a later search
        entries, count = store.entries(wanted, limit, after), store.count(wanted)
        self._set_problem("")
        self.listed.emit(token, entries, count)

    def _check_for_changes(self, store: HistoryStore) -> None:
        if store.changed_elsewhere():
            self.changed.emit()

    def _set_problem(self, sentence: str) -> None:
        if sentence != self._problem:
            self._problem = sentence
            self.unavailable.emit(sentence)

    def _report(self, sentence: str) -> None:
        """Report a failed write once, not again for each run, until a write succeeds."""
        if sentence != self._reported:
            self._reported = sentence
            self.failed.emit(sentence)


class HistoryKeeper(QObject):
    """Saves and finds runs. Every method returns at once, except :meth:`wait`; results come as signals."""

    changed = Signal()  # the history has changed, by this window or another
    listed = Signal(int, object, int)  # token of the query, list[HistoryEntry], total count
    loaded = Signal(object)  # KeptRun
    severalLoaded = Signal(object)  # tuple[KeptRun, ...], in the requested order
    exported = Signal(int, object)  # number of runs, Path
    failed = Signal(str)  # a sentence
    unavailable = Signal(str)  # a sentence while the history cannot be read; empty once it can

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = _Worker(path)
        self._threads = Threads(self)
        self._token = 0
        self._is_started = self._is_ended = False
        # Carries each signal over to the window's thread.
        worker = self._worker
        worker.changed.connect(self.changed)
        worker.listed.connect(self.listed)
        worker.loaded.connect(self.loaded)
        worker.severalLoaded.connect(self.severalLoaded)
        worker.exported.connect(self.exported)
        worker.failed.connect(self.failed)
        worker.unavailable.connect(self.unavailable)

    def start(self) -> None:
        """Start with what has been queued so far."""
        if not (self._is_started or self._is_ended):
            self._is_started = True
            self._threads.start(self._worker)

    def keep(self, request: RunRequest, run: Run, inventory: Inventory | None = None) -> None:
        """Save a finished run with the GPUs and the driver it ran on."""
        driver, gpus = (inventory.driver, inventory.gpus) if inventory is not None else (DriverInfo(), ())
        kept = KeptRun(request, run, driver=driver, gpus=gpus)
        self._worker.write(lambda store: store.add(kept))

    def complete(
        self,
        run_id: str,
        receipts: Sequence[Receipt],
        verdicts: Sequence[Sequence[Flag]] = (),
        samples: Sequence[GpuSample] = (),
    ) -> None:
        """Add receipts, verdicts and samples to a saved run, see :meth:`HistoryStore.complete`."""
        self._worker.write(lambda store: store.complete(run_id, receipts, verdicts, samples))

    def query(self, wanted: HistoryFilter, limit: int, after: HistoryEntry | None = None) -> int:
        """Request a page of entries after one, or the first page, and return the token that ``listed`` will carry.

        A request for the first page supersedes earlier ones that are still pending.
        """
        self._token += 1
        self._worker.list_entries(self._token, wanted, limit, after)
        return self._token

    def load(self, entry_id: int) -> None:
        """Request a run; emits ``loaded`` or ``failed``."""
        self._worker.read(lambda store: self._worker.loaded.emit(store.get(entry_id)))

    def load_several(self, entry_ids: Sequence[int]) -> None:
        """Request several runs; emits ``severalLoaded`` or ``failed``."""
        ids = tuple(entry_ids)
        self._worker.read(lambda store: self._worker.severalLoaded.emit(tuple(map(store.get, ids))))

    def set_pinned(self, entry_id: int, pinned: bool) -> None:
        """Pin or unpin an entry."""
        self._worker.write(lambda store: store.set_pinned(entry_id, pinned))

    def set_note(self, entry_id: int, note: str) -> None:
        """Set the note of an entry."""
        self._worker.write(lambda store: store.set_note(entry_id, note))

    def delete(self, entry_ids: Sequence[int]) -> None:
        """Delete entries permanently."""
        ids = tuple(entry_ids)
        self._worker.write(lambda store: store.delete(ids))

    def export(self, entry_ids: Sequence[int], path: Path, wanted: HistoryFilter | None = None) -> None:
        """Export runs as JSON or CSV, by the suffix of the file; with a filter, all runs that match."""
        ids = tuple(entry_ids)

        def write(store: HistoryStore) -> None:
            count = store.export(ids if wanted is None else store.ids(wanted), path)
            self._worker.exported.emit(count, path)

        self._worker.read(write)

    def end(self) -> None:
        """End after the pending writes. Returns at once; nothing is done after this."""
        if not self._is_ended:
            self._is_ended = True
            self._worker.end()

    def wait(self, seconds: float) -> bool:
        """Wait at most that long, after :meth:`end`, and return whether the thread has ended."""
        return self._threads.wait(seconds)
