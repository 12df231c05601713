"""Builds every object, connects them and runs Qt. Nothing else knows the whole."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from types import FrameType

from PySide6.QtCore import QMessageLogContext, QTimer, QtMsgType, qFormatLogMessage, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from gpuplayground import paths
from gpuplayground.application import Application
from gpuplayground.options import WindowOptions
from gpuplayground.settings import SettingsStore
from gpuplayground.ui.theme import Theme, load_fonts


def main(options: WindowOptions) -> int:
    """Show the window until it is closed and return the exit code: 128+N when signal N came before the picture."""
    qt = QApplication([*sys.argv[:1], *_platform(options)])
    qt.setApplicationName("gpuplayground")
    qt.setApplicationDisplayName("GPU Playground")
    qt.setDesktopFileName("gpuplayground")
    folders = paths.user_folders()
    store = SettingsStore(folders.config / "settings.json")
    settings = store.load()
    load_fonts(paths.resources() / "fonts")
    theme = Theme(options.theme or settings.theme)
    theme.apply()
    application = Application(theme, settings, options, folders)
    _end_on_signals(qt, application, is_failure=options.screenshot is not None)
    application.show()
    if options.screenshot:
        QTimer.singleShot(int(options.after_s * 1000), lambda: qt.exit(_take_picture(application, options.screenshot)))
    code = qt.exec()
    application.keep()
    if not options.screenshot:
        store.save(settings)
    if not application.shutdown():
        # Python would wait for a thread that hangs, and Qt abort when it is destroyed; everything is saved.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, OSError, ValueError):  # there may be none, or nobody reads it
                stream.flush()
        os._exit(code)
    return code


def _platform(options: WindowOptions) -> list[str]:
    """Return what tells Qt where to draw; an argument, because snippets would inherit a variable."""
    if not options.screenshot or os.environ.get("QT_QPA_PLATFORM"):
        return []
    # A picture needs no display, and must not flash up on one.
    qInstallMessageHandler(_pass_message_on)
    return ["-platform", "offscreen"]


def _pass_message_on(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    if "propagateSizeHints" not in message:  # said of every window that is drawn off screen
        sys.stderr.write(f"{qFormatLogMessage(kind, context, message)}\n")


def _take_picture(application: Application, file: str | None) -> int:
    saved = application.window.grab().save(str(file), "PNG")
    if not saved:
        sys.stderr.write(f"The picture could not be written to {file}: choose a folder that exists and is writable.\n")
    return 0 if saved else 1


def _end_on_signals(qt: QApplication, application: Application, *, is_failure: bool) -> None:
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
    heartbeat = QTimer(application)
    heartbeat.timeout.connect(application.beat)
    heartbeat.start(500)
