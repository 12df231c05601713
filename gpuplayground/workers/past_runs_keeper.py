"""The history in a thread of its own: the window asks and is told, and never waits for the disk."""

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

#: How often another window is looked for that has changed the file: a look takes microseconds.
_LOOK_S = 2.0


@dataclass(frozen=True, slots=True)
class _Job:
    """One thing to do with the store, and who takes the sentence if that fails.

    What only ``reads`` is dropped when the window closes.
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
    """Does jobs one after the other until it is told to end."""

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
        self._problem = self._said = self._notice = ""
        self._newest_list = 0

    def write(self, change: Callable[[HistoryStore], object]) -> None:
        """Have the store changed; never waits."""
        self._jobs.put(_Job(partial(self._change, change), self._say))

    def read(self, work: Callable[[HistoryStore], None]) -> None:
        """Have something read that a person asked for: each failure is told; never waits."""
        self._jobs.put(_Job(work, self.failed.emit, reads=True))

    def list_entries(self, token: int, wanted: HistoryFilter, limit: int, after: HistoryEntry | None) -> None:
        """Have a page reported; never waits."""
        if after is None:
            self._newest_list = token
        self._jobs.put(_Job(partial(self._list, token, wanted, limit, after), self._set_problem, reads=True))

    def end(self) -> None:
        """Write what is still to be written, and end."""
        self._is_ending.set()
        self._jobs.put(None)

    def run(self) -> None:
        """Do jobs; called by ``start()`` in the new thread."""
        while True:
            try:
                job = self._jobs.get(timeout=_LOOK_S)
            except queue.Empty:
                # A file that cannot be read is told of when somebody wants to see it.
                job = _Job(self._look_around, lambda _: None)
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
        except Exception as error:  # whatever went wrong, the next run is still to be kept
            job.failed(str(error))
        if self._store is not None and self._store.notice != self._notice:
            self._notice = self._store.notice
            self.failed.emit(self._notice)

    def _change(self, change: Callable[[HistoryStore], object], store: HistoryStore) -> None:
        change(store)
        self._said = ""
        self.changed.emit()

    def _list(
        self, token: int, wanted: HistoryFilter, limit: int, after: HistoryEntry | None, store: HistoryStore
    ) -> None:
        if after is None and token != self._newest_list:
            return  # of several searches on their way only the last is wanted
        entries, count = store.entries(wanted, limit, after), store.count(wanted)
        self._set_problem("")
        self.listed.emit(token, entries, count)

    def _look_around(self, store: HistoryStore) -> None:
        if store.changed_elsewhere():
            self.changed.emit()

    def _set_problem(self, sentence: str) -> None:
        if sentence != self._problem:
            self._problem = sentence
            self.unavailable.emit(sentence)

    def _say(self, sentence: str) -> None:
        """Report that something could not be written: once, not again with every run, until something was."""
        if sentence != self._said:
            self._said = sentence
            self.failed.emit(sentence)


class HistoryKeeper(QObject):
    """Keeps runs and finds them again. Every method returns at once; answers come as signals."""

    changed = Signal()  # what lists show is out of date, because of this window or another
    listed = Signal(int, object, int)  # token of the query, list[HistoryEntry], how many there are in all
    loaded = Signal(object)  # KeptRun
    severalLoaded = Signal(object)  # tuple[KeptRun, ...], in the order they were asked for
    exported = Signal(int, object)  # how many, Path
    failed = Signal(str)  # a sentence
    unavailable = Signal(str)  # a sentence while lists cannot be read; empty once they can

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = _Worker(path)
        self._threads = Threads(self)
        self._token = 0
        self._is_started = self._is_ended = False
        for signal in ("changed", "listed", "loaded", "severalLoaded", "exported", "failed", "unavailable"):
            getattr(self._worker, signal).connect(getattr(self, signal))

    def start(self) -> None:
        """Begin; what was asked for before is done now."""
        if not (self._is_started or self._is_ended):
            self._is_started = True
            self._threads.start(self._worker)

    def keep(self, request: RunRequest, run: Run, inventory: Inventory | None = None) -> None:
        """Keep a run that is over, with the GPUs and the driver it ran on."""
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
        """Add to a run that is kept what :meth:`HistoryStore.complete` takes."""
        self._worker.write(lambda store: store.complete(run_id, receipts, verdicts, samples))

    def query(self, wanted: HistoryFilter, limit: int, after: HistoryEntry | None = None) -> int:
        """Ask for a page, behind an entry or the first one, and return the token that ``listed`` will carry.

        A first page that is asked for before the last one came takes its place.
        """
        self._token += 1
        self._worker.list_entries(self._token, wanted, limit, after)
        return self._token

    def load(self, entry_id: int) -> None:
        """Ask for a whole run; ``loaded`` or ``failed`` follows."""
        self._worker.read(lambda store: self._worker.loaded.emit(store.get(entry_id)))

    def load_several(self, entry_ids: Sequence[int]) -> None:
        """Ask for whole runs; ``severalLoaded`` or ``failed`` follows."""
        ids = tuple(entry_ids)
        self._worker.read(lambda store: self._worker.severalLoaded.emit(tuple(map(store.get, ids))))

    def set_pinned(self, entry_id: int, pinned: bool) -> None:
        """Pin an entry to the top, or let it go."""
        self._worker.write(lambda store: store.set_pinned(entry_id, pinned))

    def set_note(self, entry_id: int, note: str) -> None:
        """Write a note beside an entry."""
        self._worker.write(lambda store: store.set_note(entry_id, note))

    def delete(self, entry_ids: Sequence[int]) -> None:
        """Remove entries for good."""
        ids = tuple(entry_ids)
        self._worker.write(lambda store: store.delete(ids))

    def export(self, entry_ids: Sequence[int], path: Path, wanted: HistoryFilter | None = None) -> None:
        """Write runs as JSON or CSV, by the name of the file; with a filter, all that pass it."""
        ids = tuple(entry_ids)

        def write(store: HistoryStore) -> None:
            count = store.export(ids if wanted is None else store.ids(wanted), path)
            self._worker.exported.emit(count, path)

        self._worker.read(write)

    def end(self) -> None:
        """End once what was to be kept is kept. Returns at once; nothing is done after it."""
        if not self._is_ended:
            self._is_ended = True
            self._worker.end()

    def wait(self, seconds: float) -> bool:
        """Wait that long in all, after :meth:`end`, and return whether the thread has ended."""
        return self._threads.wait(seconds)
