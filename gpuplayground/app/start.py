"""Starts the window: creates the Qt application, shows the outline, then builds the rest and runs the event loop."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
import threading
from types import FrameType

from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    QSocketNotifier,
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

#: Switch interval of the interpreter, in seconds. Painting releases the GIL at every Qt call and then waits for it:
#: with Python's default of 5 ms, a busy thread would slow the window down to a few frames per second.
SWITCH_S = 0.0005
#: Maximum life of the process after the window has closed, in seconds: a write to disk may hang.
EXIT_AFTER_S = 15.0


def main(options: WindowOptions) -> int:
    """Show the window until it is closed and return the exit code: 128+N if signal N came before the screenshot."""
    sys.setswitchinterval(SWITCH_S)
    qt = QApplication([*sys.argv[:1], *_platform(options)])
    qt.setApplicationName("gpuplayground")
    qt.setApplicationDisplayName("GPU Playground")
    qt.setDesktopFileName("gpuplayground")
    folders = paths.user_folders()
    store = SettingsStore(folders.config / "settings.json")
    settings = store.load()
    theme = Theme(options.theme or settings.theme)
    load_fonts(paths.resources() / "fonts")
    theme.apply_base()
    application = Application(theme, settings, options, folders, store, completes_later=True)
    theme.apply_style_sheet()
    starter = _Starter(qt, application, options)
    application.window.painted.connect(starter.start)
    application.show()
    code = qt.exec()
    starter.wait()
    _limit_exit_time(code)
    application.keep()
    if not options.screenshot and not store.save(settings):
        _tell(store.problem)
    if not application.shutdown():
        # Python would wait for a hanging thread, and Qt would abort on its destruction; everything is saved.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, OSError, ValueError):  # the stream may be missing or closed
                stream.flush()
        os._exit(code)
    return code


def _limit_exit_time(code: int) -> None:
    """End the process after a while, even if something hangs."""
    end = threading.Timer(EXIT_AFTER_S, os._exit, (code,))
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


def _tell(sentence: str) -> None:
    """Print a message after the window has closed; stderr may be missing."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        sys.stderr.write(f"{sentence}\n")


def _platform(options: WindowOptions) -> list[str]:
    """Return the platform arguments for Qt. An environment variable would be inherited by snippets."""
    if not options.screenshot or os.environ.get("QT_QPA_PLATFORM"):
        return []
    # A screenshot needs no display and must not flash up on one.
    qInstallMessageHandler(_pass_message_on)
    return ["-platform", "offscreen"]


def _pass_message_on(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    if "propagateSizeHints" not in message:  # reported for every offscreen window
        sys.stderr.write(f"{visible(qFormatLogMessage(kind, context, message))}\n")


def _take_picture(application: Application, file: str | None) -> int:
    saved = application.window.grab().save(str(file), "PNG")
    if not saved:
        tell(f"The screenshot could not be written to {file}: choose an existing, writable folder.\n")
    return 0 if saved else 1


def _end_on_signals(qt: QApplication, starter: _Starter, *, is_failure: bool) -> None:
    """Shut down cleanly on SIGINT, SIGTERM and SIGHUP.

    Python runs signal handlers only between its own instructions, and the event loop has none while it waits. A socket
    wakes it. Nothing is asked: drafts keep unsaved work.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        # With a timer: before the event loop runs, exit() would have no effect.
        QTimer.singleShot(0, lambda: qt.exit(128 + number if is_failure else 0))

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            with contextlib.suppress(ValueError, OSError):
                signal.signal(number, end)
    receiving, sending = socket.socketpair()
    sending.setblocking(False)
    signal.set_wakeup_fd(sending.detach(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(receiving.fileno(), QSocketNotifier.Type.Read, starter)
    notifier.activated.connect(lambda: receiving.recv(4096))
