"""Charts and tables into files that the user names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from gpuplayground.ui.widgets.plain_text import plainly

#: Asks where to save: over which widget, under which title, the name to begin with, and the kinds of files in Qt's
#: notation. None is a refusal.
ChooseFile = Callable[[QWidget, str, str, str], Path | None]


def choose_by_dialog(parent: QWidget, title: str, name: str, kinds: str) -> Path | None:
    """Ask in the file dialog. A name that ends like none of the kinds gets the ending of the one that was chosen.

    The dialog asks before a file is replaced, but only for the name as it was typed: for the longer one this does.
    """
    chosen, kind = QFileDialog.getSaveFileName(parent, title, name, kinds)
    if not chosen:
        return None
    path = Path(chosen)
    if path.suffix.lower() in _endings(kinds):
        return path
    path = path.with_name(path.name + (_endings(kind) or _endings(kinds))[0])
    return path if not path.exists() or _may_replace(parent, title, path) else None


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


def _endings(kinds: str) -> list[str]:
    """Return the endings of kinds of files: ``[".json", ".csv"]`` for ``JSON (*.json);;CSV (*.csv)``."""
    return re.findall(r"\*(\.\w+)", kinds)


def _may_replace(parent: QWidget, title: str, path: Path) -> bool:
    text = QCoreApplication.translate("Saving", "“{path}” already exists. Replace it?").format(path=path)
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    return QMessageBox.question(parent, title, plainly(text), yes | no, no) == yes


def _saved(path: Path) -> str:
    return QCoreApplication.translate("Saving", "Saved {name}.").format(name=path.name)


def _refused(path: Path, reason: str) -> str:
    words = QCoreApplication.translate("Saving", "Could not save {name}: {reason}. Choose another folder.")
    return words.format(name=path.name, reason=reason)
