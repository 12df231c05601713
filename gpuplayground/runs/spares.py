"""Keeps warm spares: processes that have already made a snippet's imports, so that a run starts in milliseconds."""

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
from gpuplayground.runs.process import ProcessSettings, SnippetProcess, StartError
from gpuplayground.runs.scripts import ScriptFolders

#: A spare that has been importing for longer than this is considered hung.
_PATIENCE_S = 60.0
#: Number of interpreters with a spare, the last ones used: each spare may hold a gigabyte of imported frameworks.
_KEPT = 2


@dataclass(frozen=True, slots=True)
class SpareKey:
    """What a spare must have in common with a run to serve it; ``folder`` has the snippet's own modules."""

    settings: ProcessSettings
    folder: str
    imports: tuple[str, ...]

    @classmethod
    def of(cls, request: RunRequest, default_interpreter: str, *, attached: bool = False) -> SpareKey:
        """Return the key of a request."""
        places = ScriptFolders.of(request)
        settings = ProcessSettings(
            interpreter=request.interpreter or default_interpreter,
            working_directory=places.working_directory,
            cuda_visible_devices=request.cuda_visible_devices,
            attached=attached,
            variables=request.variables,
        )
        return cls(settings, places.folder, leading_imports(request.source))

    def serves(self, run: SpareKey) -> bool:
        """Return whether a spare with this key can serve a run: it must not have imported anything the run does not."""
        return self.settings == run.settings and self.folder == run.folder and set(self.imports) <= set(run.imports)


@dataclass(frozen=True, slots=True)
class _Spare:
    key: SpareKey
    process: SnippetProcess
    begun: float

    def is_usable(self) -> bool:
        """Return whether it is ready for a run or still importing in time."""
        if self.process.has_exited():
            return False
        return time.monotonic() - self.begun < _PATIENCE_S or self.process.has_finished_warmup()


class SparePool:
    """At most one warm spare for each of the last two interpreters, started in a background thread.

    Args:
        default_interpreter: interpreter for requests without one.
        run_folders: folders for copies of unsaved snippets; stale ones are removed in the background.
        attached: whether processes are attached to this process's terminal, see :class:`.process.ProcessSettings`.
    """

    def __init__(self, default_interpreter: str, run_folders: RunFolders, *, attached: bool = False) -> None:
        self._key = partial(SpareKey.of, default_interpreter=default_interpreter, attached=attached)
        self._run_folders = run_folders
        #: Spares by interpreter, the last used one at the end.
        self._spares: dict[str, _Spare] = {}
        self._lock = threading.Lock()
        self._wanted: queue.SimpleQueue[RunRequest | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def warm(self, request: RunRequest) -> None:
        """Prepare a spare for such a request in the background."""
        with self._lock:
            if self._closed.is_set():
                return
            self._wanted.put(request)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="spares", daemon=True)
                self._thread.start()

    def take(self, request: RunRequest) -> tuple[SnippetProcess, bool]:
        """Return a process for a request, and whether it is a spare; the caller owns it.

        Raises:
            StartError: there is no spare, and a new process cannot be started.
        """
        if self._closed.is_set():
            raise StartError("The application is closing.")
        key = self._key(request)
        interpreter = key.settings.interpreter
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
        return SnippetProcess(key.settings), False

    def is_ready(self, interpreter: str) -> bool:
        """Return whether the spare of an interpreter has finished its imports."""
        with self._lock:
            spare = self._spares.get(interpreter)
            return spare is not None and spare.process.has_finished_warmup()

    def discard(self, interpreter: str) -> None:
        """Kill the spare of an interpreter, if there is one; takes a fraction of a second."""
        with self._lock:
            spare = self._spares.pop(interpreter, None)
        if spare is not None:
            spare.process.discard()

    def close(self) -> None:
        """Kill all spares and end the thread."""
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
            # A spare is optional: the run itself will report what is wrong.
            with suppress(StartError, OSError, ValueError, RuntimeError):
                self._replace(self._key(request))

    def _latest(self) -> RunRequest | None:
        """Wait for requests and return the last one queued."""
        request = self._wanted.get()
        while request is not None and not self._wanted.empty():
            request = self._wanted.get()
        return request

    def _replace(self, key: SpareKey) -> None:
        interpreter = key.settings.interpreter
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
        process = SnippetProcess(key.settings)
        process.sources.send({"kind": "warm", "imports": key.imports, "folder": key.folder})
        process.sources.push()
        with self._lock:
            if not self._closed.is_set():
                self._spares[interpreter] = _Spare(key, process, time.monotonic())
                return
        process.discard()
