"""Saves charts and tables to files that the user chooses."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from gpuplayground.ui.widgets.plain_text import plainly

#: Asks where to save. Takes the parent widget, the title, the suggested name, and file types in Qt's notation; returns
#: None if cancelled.
ChooseFile = Callable[[QWidget, str, str, str], Path | None]


def choose_by_dialog(parent: QWidget, title: str, name: str, kinds: str) -> Path | None:
    """Ask with the file dialog. A name without one of the suffixes gets that of the selected type.

    The dialog confirms replacing a file only for the name as typed; for the extended one this function does.
    """
    chosen, kind = QFileDialog.getSaveFileName(parent, title, name, kinds)
    if not chosen:
        return None
    path = Path(chosen)
    if path.suffix.lower() in _suffixes(kinds):
        return path
    path = path.with_name(path.name + (_suffixes(kind) or _suffixes(kinds))[0])
    return path if not path.exists() or _may_replace(parent, title, path) else None


def save_text(path: Path, text: str) -> str:
    """Write a text as UTF-8 with unchanged newlines and return a sentence with the outcome."""
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        return _not_saved(path, os.strerror(error.errno) if error.errno else str(error))
    return _saved(path)


def save_picture(path: Path, image: QImage) -> str:
    """Write an image as PNG and return a sentence with the outcome."""
    if image.save(str(path), "PNG"):  # type: ignore[call-overload]  # PySide's stubs want bytes here
        return _saved(path)
    return _not_saved(path, QCoreApplication.translate("Saving", "it cannot be written there"))


def _suffixes(kinds: str) -> list[str]:
    """Return the suffixes of file types: ``[".json", ".csv"]`` for ``JSON (*.json);;CSV (*.csv)``."""
    return re.findall(r"\*(\.\w+)", kinds)


def _may_replace(parent: QWidget, title: str, path: Path) -> bool:
    text = QCoreApplication.translate("Saving", "“{path}” already exists. Replace it?").format(path=path)
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    return QMessageBox.question(parent, title, plainly(text), yes | no, no) == yes


def _saved(path: Path) -> str:
    return QCoreApplication.translate("Saving", "Saved {name}.").format(name=path.name)


def _not_saved(path: Path, reason: str) -> str:
    words = QCoreApplication.translate("Saving", "Could not save {name}: {reason}. Choose another folder.")
    return words.format(name=path.name, reason=reason)
