"""Warm spares: processes that have already imported what a tab imports, so that Run costs milliseconds."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from gpuplayground.model.results import RunRequest
from gpuplayground.runs.folders import RunFolders
from gpuplayground.runs.leading_imports import leading_imports
from gpuplayground.runs.process import SnippetProcess, StartError, Surroundings
from gpuplayground.runs.scripts import Places

#: A spare that has been importing for longer than this is taken to hang, and not used.
_PATIENCE_S = 60.0
#: Spares are kept for as many interpreters, the last ones wanted: each may hold a gigabyte of imported frameworks.
_KEPT = 2


@dataclass(frozen=True, slots=True)
class SpareKey:
    """What a spare must share with a run to serve it; ``folder`` is where the snippet finds its own modules."""

    surroundings: Surroundings
    folder: str
    imports: tuple[str, ...]

    @classmethod
    def of(cls, request: RunRequest, default_interpreter: str, *, attached: bool = False) -> SpareKey:
        """Return the key of a request."""
        places = Places.of(request)
        surroundings = Surroundings(
            interpreter=request.interpreter or default_interpreter,
            working_directory=places.working_directory,
            cuda_visible_devices=request.cuda_visible_devices,
            attached=attached,
        )
        return cls(surroundings, places.folder, leading_imports(request.source))

    def serves(self, run: SpareKey) -> bool:
        """Return whether a spare of this key can run that: it must have imported nothing the snippet does not."""
        return (
            self.surroundings == run.surroundings
            and self.folder == run.folder
            and set(self.imports) <= set(run.imports)
        )


@dataclass(frozen=True, slots=True)
class _Spare:
    key: SpareKey
    process: SnippetProcess
    begun: float

    def is_usable(self) -> bool:
        """Return whether it waits for a run, however long by now, or may still come to that."""
        if self.process.has_exited():
            return False
        return time.monotonic() - self.begun < _PATIENCE_S or self.process.has_finished_warmup()


class SparePool:
    """At most one warm spare for each of the last two interpreters, started in a background thread.

    Args:
        default_interpreter: runs requests that name none.
        run_folders: where copies of unsaved snippets go; stale ones are removed in passing.
        attached: whether processes are attached to this process's terminal, see :class:`.process.Surroundings`.
    """

    def __init__(self, default_interpreter: str, run_folders: RunFolders, *, attached: bool = False) -> None:
        self._key = partial(SpareKey.of, default_interpreter=default_interpreter, attached=attached)
        self._run_folders = run_folders
        #: By interpreter, the one wanted last at the end.
        self._spares: dict[str, _Spare] = {}
        self._lock = threading.Lock()
        self._wanted: queue.SimpleQueue[RunRequest | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def warm(self, request: RunRequest) -> None:
        """Have a spare for such a request soon. Returns at once."""
        with self._lock:
            if self._closed.is_set():
                return
            self._wanted.put(request)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="spares", daemon=True)
                self._thread.start()

    def take(self, request: RunRequest) -> tuple[SnippetProcess, bool]:
        """Return a process for a request, and whether it is a spare; a spare belongs to the caller from then on.

        Raises:
            StartError: there is no spare and a process cannot be started.
        """
        if self._closed.is_set():
            raise StartError("The application is closing.")
        key = self._key(request)
        interpreter = key.surroundings.interpreter
        with self._lock:
            spare = self._spares.get(interpreter)
            if spare is not None and spare.key.serves(key):
                del self._spares[interpreter]
            else:
                spare = None
        if spare is not None:
            if spare.is_usable():
                return spare.process, True
            spare.process.discard()
        return SnippetProcess(key.surroundings), False

    def is_ready(self, interpreter: str) -> bool:
        """Return whether the spare of an interpreter has imported what it should and waits for a run."""
        with self._lock:
            spare = self._spares.get(interpreter)
            return spare is not None and spare.process.has_finished_warmup()

    def close(self) -> None:
        """End every spare, and the thread."""
        with self._lock:
            self._closed.set()
            spares = list(self._spares.values())
            self._spares.clear()
            thread = self._thread
        for spare in spares:
            spare.process.discard()
        if thread is not None:
            self._wanted.put(None)
            thread.join(timeout=0.5)

    def _work(self) -> None:
        self._run_folders.remove_stale()
        while (request := self._latest()) is not None:
            # A spare is a help and no more: whatever is wrong, the run itself will say.
            with suppress(StartError, OSError, ValueError, RuntimeError):
                self._replace(self._key(request))

    def _latest(self) -> RunRequest | None:
        """Wait for a request; of several that came together only the last counts."""
        request = self._wanted.get()
        while request is not None and not self._wanted.empty():
            request = self._wanted.get()
        return request

    def _replace(self, key: SpareKey) -> None:
        interpreter = key.surroundings.interpreter
        with self._lock:
            if self._closed.is_set():
                return
            old = self._spares.pop(interpreter, None)
            if old is not None and old.key == key and old.is_usable():
                self._spares[interpreter] = old
                return
            discarded = [old] if old is not None else []
            while len(self._spares) >= _KEPT:
                discarded.append(self._spares.pop(next(iter(self._spares))))
        for spare in discarded:
            spare.process.discard()
        process = SnippetProcess(key.surroundings)
        process.sources.send({"kind": "warm", "imports": key.imports, "folder": key.folder})
        process.sources.push()
        with self._lock:
            if not self._closed.is_set():
                self._spares[interpreter] = _Spare(key, process, time.monotonic())
                return
        process.discard()
