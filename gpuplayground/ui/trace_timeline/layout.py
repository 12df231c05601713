"""Makes the picture of a long run beside the window, which goes on meanwhile."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from gpuplayground.model.results import Run
from gpuplayground.ui.trace_timeline.density import Floats
from gpuplayground.ui.trace_timeline.rows import Picture, picture_of
from gpuplayground.workers.task import Tasks

#: A run of no more operations and statements than this is laid out at once, in some milliseconds.
AT_ONCE = 10_000
#: What takes longer than this is worth a word.
LONG_MS = 300
#: A window or a tab that is closed waits so long for what is being laid out: a million kernels take half a second.
WAIT_S = 5.0


class Layout(QObject):
    """Lays out one run after the other. A picture of any but the last is dropped."""

    done = Signal(object)  # Picture
    failed = Signal(str)
    tookLong = Signal()  # it goes on
    _unexpected = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._run: Run | None = None
        self._clock = QTimer(self, singleShot=True, interval=LONG_MS)
        self._clock.timeout.connect(self.tookLong)
        # No child: a thread must have ended when it is deleted, so these outlive this object until they have.
        self._tasks = Tasks()
        self.destroyed.connect(partial(_end, self._tasks))
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self._end)

    def start(self, run: Run, palette: Floats) -> None:
        """Lay out a run to be painted in the colours of a palette; before this returns where it is short."""
        self._run = run
        if len(run.timings) + (0 if run.trace is None else len(run.trace.operations)) <= AT_ONCE:
            self._take(_laid_out(run, palette))
        else:
            self._clock.start()
            self._tasks.start(partial(_laid_out, run, palette), self._take, self._unexpected)

    def cancel(self) -> None:
        """Want no picture any more."""
        self._run = None
        self._clock.stop()

    def _take(self, laid_out: tuple[Run, Picture | str]) -> None:
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
    """Return a run and its picture, or in a word what went wrong."""
    try:
        picture = picture_of(run)
        for row in picture.rows:
            row.intervals.prepare(palette)
        return run, picture
    except Exception as error:  # of a run that may be from a damaged file, or of too little memory
        return run, str(error) or type(error).__name__


def _end(tasks: Tasks, *_: object) -> None:
    tasks.wait(WAIT_S)
