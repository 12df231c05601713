"""Builds every object, connects them and runs Qt. Nothing else knows the whole."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from types import FrameType

from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    Qt,
    QTimer,
    QtMsgType,
    Signal,
    qFormatLogMessage,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

from gpuplayground.app.application import Application
from gpuplayground.app.options import WindowOptions
from gpuplayground.printable import visible
from gpuplayground.standard_streams import tell
from gpuplayground.storage import paths
from gpuplayground.storage.settings import SettingsStore
from gpuplayground.ui.widgets.theme import Theme, load_fonts

#: How long a busy thread may keep the interpreter from the one that draws, in seconds. Painting gives it up at every
#: call of Qt and waits for it again: with Python's own 5 ms, a thread that packs a long run would slow the window down
#: to a few frames a second.
SWITCH_S = 0.0005
#: How long after the window has gone the process is there at most, in seconds: a disk may answer no write at all.
GONE_AFTER_S = 15.0


def main(options: WindowOptions) -> int:
    """Show the window until it is closed and return the exit code: 128+N when signal N came before the picture."""
    sys.setswitchinterval(SWITCH_S)
    qt = QApplication([*sys.argv[:1], *_platform(options)])
    qt.setApplicationName("gpuplayground")
    qt.setApplicationDisplayName("GPU Playground")
    qt.setDesktopFileName("gpuplayground")
    folders = paths.user_folders()
    store = SettingsStore(folders.config / "settings.json")
    settings = store.load()
    gc.disable()  # nothing that a start makes is garbage
    theme = Theme(options.theme or settings.theme)
    load_fonts(paths.resources() / "fonts")
    theme.apply()
    application = Application(theme, settings, options, folders, store, completes_later=True)
    starter = _Starter(qt, application, options)
    application.window.painted.connect(starter.start)
    application.show()
    code = qt.exec()
    starter.wait()
    _end_at_last(code)
    application.keep()
    if not options.screenshot and not store.save(settings):
        _tell(store.problem)
    if not application.shutdown():
        # Python would wait for a thread that hangs, and Qt abort when it is destroyed; everything is saved.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, OSError, ValueError):  # there may be none, or nobody reads it
                stream.flush()
        os._exit(code)
    return code


def _end_at_last(code: int) -> None:
    """See to it that no process stays behind a window that is gone, whatever it waits for."""
    end = threading.Timer(GONE_AFTER_S, os._exit, (code,))
    end.daemon = True
    end.start()


class _Starter(QObject):
    """Completes the application once its window is on the screen: importing the rest takes longer than showing it."""

    _imported = Signal()

    def __init__(self, qt: QApplication, application: Application, options: WindowOptions) -> None:
        super().__init__()
        self._qt, self._application, self._options = qt, application, options
        self._thread = threading.Thread(target=self._import, name="import", daemon=True)
        self._imported.connect(self._complete, Qt.ConnectionType.QueuedConnection)
        _end_on_signals(qt, self, is_failure=options.screenshot is not None)

    def start(self) -> None:
        """Import the rest in a thread: the window takes typing meanwhile."""
        self._thread.start()

    def wait(self) -> None:
        """Wait until nothing is imported any more."""
        if self._thread.ident is not None:
            self._thread.join()

    def _import(self) -> None:
        try:
            import gpuplayground.app.services
            import gpuplayground.ui.monitor.track_panel
            import gpuplayground.ui.past_runs.panel  # noqa: F401
        finally:
            self._imported.emit()  # what cannot be imported is said by the window's thread

    def _complete(self) -> None:
        try:
            self._application.complete()
        except BaseException:
            self._qt.exit(1)
            raise
        gc.enable()
        self._application.start()
        picture = self._options.screenshot
        if picture:
            after_ms = int(self._options.after_s * 1000)
            QTimer.singleShot(after_ms, self, lambda: self._qt.exit(_take_picture(self._application, picture)))

    def beat(self) -> None:
        """Let Python run its signal handlers; called by a timer."""


def _tell(sentence: str) -> None:
    """Say something once the window is gone; there may be no stream to say it on."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        sys.stderr.write(f"{sentence}\n")


def _platform(options: WindowOptions) -> list[str]:
    """Return what tells Qt where to draw; an argument, because snippets would inherit a variable."""
    if not options.screenshot or os.environ.get("QT_QPA_PLATFORM"):
        return []
    # A picture needs no display, and must not flash up on one.
    qInstallMessageHandler(_pass_message_on)
    return ["-platform", "offscreen"]


def _pass_message_on(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    if "propagateSizeHints" not in message:  # said of every window that is drawn off screen
        sys.stderr.write(f"{visible(qFormatLogMessage(kind, context, message))}\n")


def _take_picture(application: Application, file: str | None) -> int:
    saved = application.window.grab().save(str(file), "PNG")
    if not saved:
        tell(f"The picture could not be written to {file}: choose a folder that exists and is writable.\n")
    return 0 if saved else 1


def _end_on_signals(qt: QApplication, starter: _Starter, *, is_failure: bool) -> None:
    """End in an orderly way on Ctrl+C and on a polite kill.

    Python runs a signal's handler only between its own instructions: the heartbeat sees to it that there are some.
    Drafts keep unsaved work, so nothing is asked.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        # By a timer: before the event loop runs, exit() would be lost.
        QTimer.singleShot(0, lambda: qt.exit(128 + number if is_failure else 0))

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            with contextlib.suppress(ValueError, OSError):
                signal.signal(number, end)
    heartbeat = QTimer(starter)
    heartbeat.timeout.connect(starter.beat)
    heartbeat.start(500)
