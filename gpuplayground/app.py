"""Builds every object, connects them and runs Qt. Nothing else knows the whole."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from gpuplayground import paths
from gpuplayground.application import Application
from gpuplayground.options import WindowOptions
from gpuplayground.settings import SettingsStore
from gpuplayground.ui.theme import Theme, load_fonts


def main(options: WindowOptions) -> int:
    """Show the window until it is closed and return the exit code."""
    qt = QApplication(sys.argv[:1])
    qt.setApplicationName("gpuplayground")
    qt.setApplicationDisplayName("GPU Playground")
    qt.setDesktopFileName("gpuplayground")
    store = SettingsStore(paths.config() / "settings.json")
    settings = store.load()
    load_fonts(paths.resources() / "fonts")
    theme = Theme(options.theme or settings.theme)
    theme.apply()
    application = Application(theme, settings, options)
    _end_on_signals(qt, application)
    application.show()
    if options.screenshot:
        QTimer.singleShot(int(options.after_s * 1000), lambda: qt.exit(_take_picture(application, options.screenshot)))
    code = qt.exec()
    application.shutdown()
    if not options.screenshot:
        store.save(settings)
    return code


def _take_picture(application: Application, file: str | None) -> int:
    saved = application.window.grab().save(str(file), "PNG")
    if not saved:
        sys.stderr.write(f"The picture could not be written to {file}: choose a folder that exists and is writable.\n")
    return 0 if saved else 1


def _end_on_signals(qt: QApplication, application: Application) -> None:
    """End in an orderly way on Ctrl+C and on a polite kill.

    Python runs a signal's handler only between its own instructions: the redraw timer sees to it that there are some.
    Drafts keep unsaved work, so nothing is asked.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            with contextlib.suppress(ValueError, OSError):
                signal.signal(number, lambda *_: qt.exit(0))
    heartbeat = QTimer(application)
    heartbeat.timeout.connect(application.beat)
    heartbeat.start(500)


def picture_folder() -> Path:
    """Return where pictures of the window are offered to be saved."""
    return Path.home()
