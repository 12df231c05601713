"""Lays out the timeline of a run, in a thread if the run is long."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from gpuplayground.model.results import Run
from gpuplayground.ui.trace_timeline.density import Floats
from gpuplayground.ui.trace_timeline.rows import Picture, picture_of
from gpuplayground.workers.task import Tasks

#: Runs with up to this many operations and statements are laid out synchronously, within milliseconds.
AT_ONCE = 10_000
#: A layout that takes longer than this is announced.
LONG_MS = 300
#: Longest time that closing a tab or window waits for a layout; a million kernels take half a second.
WAIT_S = 5.0


class Layout(QObject):
    """Lays out runs; only the picture of the last one is reported."""

    done = Signal(object)  # Picture
    failed = Signal(str)
    tookLong = Signal()  # still running
    _unexpected = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._run: Run | None = None
        self._clock = QTimer(self, singleShot=True, interval=LONG_MS)
        self._clock.timeout.connect(self.tookLong)
        # Not a child: a thread must end before it is deleted, so the tasks may outlive this object.
        self._tasks = Tasks()
        self.destroyed.connect(partial(_end, self._tasks))
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self._end)

    def start(self, run: Run, palette: Floats) -> None:
        """Lay out a run for a palette; a short run is done when this returns."""
        self._run = run
        if len(run.timings) + (0 if run.trace is None else len(run.trace.operations)) <= AT_ONCE:
            self._accept(_laid_out(run, palette))
        else:
            self._clock.start()
            self._tasks.start(partial(_laid_out, run, palette), self._accept, self._unexpected)

    def cancel(self) -> None:
        """Drop the picture of the current run."""
        self._run = None
        self._clock.stop()

    def _accept(self, laid_out: tuple[Run, Picture | str]) -> None:
        run, picture = laid_out
        if run is not self._run:
            return
        self.cancel()
        if isinstance(picture, Picture):
            self.done.emit(picture)
        else:
            self.failed.emit(picture)

    def _end(self) -> None:
        _end(self._tasks)


def _laid_out(run: Run, palette: Floats) -> tuple[Run, Picture | str]:
    """Return a run and its picture, or an error message."""
    try:
        picture = picture_of(run)
        for row in picture.rows:
            row.intervals.prepare(palette)
        return run, picture
    except Exception as error:  # a damaged file, or out of memory
        return run, str(error) or type(error).__name__


def _end(tasks: Tasks, *_: object) -> None:
    tasks.wait(WAIT_S)
