"""Charts and tables into files that the user names."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

#: Asks where to save: over which widget, under which title, the name to begin with, and the kinds of files in Qt's
#: notation. None is a refusal.
ChooseFile = Callable[[QWidget, str, str, str], Path | None]


def choose_by_dialog(parent: QWidget, title: str, name: str, kinds: str) -> Path | None:
    """Ask in the file dialog; a name without an ending gets that of the suggested name."""
    chosen, _ = QFileDialog.getSaveFileName(parent, title, name, kinds)
    if not chosen:
        return None
    path = Path(chosen)
    return path if path.suffix else path.with_suffix(Path(name).suffix)


def save_text(path: Path, text: str) -> str:
    """Write a text as UTF-8, newlines as they are, and return in a sentence what came of it."""
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        return _refused(path, os.strerror(error.errno) if error.errno else str(error))
    return _saved(path)


def save_picture(path: Path, image: QImage) -> str:
    """Write a picture as PNG and return in a sentence what came of it."""
    if image.save(str(path), "PNG"):  # type: ignore[call-overload]  # PySide's stubs want bytes here
        return _saved(path)
    return _refused(path, QCoreApplication.translate("Saving", "it cannot be written there"))


def _saved(path: Path) -> str:
    return QCoreApplication.translate("Saving", "Saved {name}.").format(name=path.name)


def _refused(path: Path, reason: str) -> str:
    words = QCoreApplication.translate("Saving", "Could not save {name}: {reason}. Choose another folder.")
    return words.format(name=path.name, reason=reason)
