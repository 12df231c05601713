"""Records the live GPUs to a file."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from gpuplayground.model.samples import RunSpan
from gpuplayground.monitor.recording.reader import RecordingError, RecordingWriter
from gpuplayground.workers.monitor_worker import MonitorWorker
from gpuplayground.workers.task import Tasks


class LiveRecorder(QObject):
    """Writes what a worker reports to a file, which is opened and closed in a thread because disks may be slow."""

    changed = Signal(object)  # Path of the file being written, or None
    finished = Signal(Path, object)  # the closed file and its RecordingReport
    failed = Signal(str)  # a sentence
    _opening_failed = Signal(str)

    def __init__(self, worker: MonitorWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._wanted: Path | None = None
        self._writer: RecordingWriter | None = None
        self._tasks = Tasks(self)
        self._opening_failed.connect(self._abort)
        worker.recordingFailed.connect(self._abort)

    @property
    def path(self) -> Path | None:
        """The file that is being written, or about to be; None otherwise."""
        return self._wanted

    def start(self, path: Path) -> None:
        """Start recording to a file; an existing one is replaced."""
        self.stop()
        self._wanted = path
        self._tasks.start(partial(_open, path), self._opened, self._opening_failed)

    def stop(self) -> None:
        """Stop recording and close the file."""
        if self._wanted is None:
            return
        self._wanted = None
        if self._writer is not None:
            self._writer = None
            self._close(self._worker.set_writer(None))
            self.changed.emit(None)

    def add_run(self, run: RunSpan) -> None:
        """Record a finished run."""
        if self._writer is not None:
            try:
                self._writer.add_run(run)
            except RecordingError as error:
                self._abort(str(error))

    def wait(self, seconds: float) -> bool:
        """Wait at most that long, after :meth:`stop`, and return whether every file has been closed."""
        return self._tasks.wait(seconds)

    def _opened(self, writer: RecordingWriter) -> None:
        if writer.path != self._wanted:  # stopped before it was open
            self._tasks.start(writer.close, None, self.failed)
            return
        try:
            self._worker.set_writer(writer)
        except RecordingError as error:
            self._close(writer)
            self._abort(str(error))
            return
        self._writer = writer
        self.changed.emit(writer.path)

    def _close(self, writer: RecordingWriter | None) -> None:
        if writer is not None:
            self._tasks.start(partial(_finish, writer), self._finished, self.failed)

    def _finished(self, writer: RecordingWriter) -> None:
        self.finished.emit(writer.path, writer.report())

    def _abort(self, sentence: str) -> None:
        writer, self._wanted, self._writer = self._writer, None, None
        self._worker.set_writer(None)
        self._close(writer)
        self.changed.emit(None)
        self.failed.emit(sentence)


def _finish(writer: RecordingWriter) -> RecordingWriter:
    with suppress(RecordingError):  # the report says so
        writer.close()
    return writer


def _open(path: Path) -> RecordingWriter:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise RecordingError(f"“{path}” cannot be replaced ({error.strerror}): choose another name.") from error
    return RecordingWriter(path)
