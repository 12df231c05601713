"""Folders for private copies of running snippets; those left by a killed application are deleted."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from gpuplayground.storage import paths, private_files
from gpuplayground.storage.locks import is_still, try_lock

_LOCK = ".lock"


class RunFolders:
    """Creates a folder for each run that needs one. Thread-safe.

    Each application has a folder of its own with a lock file beside it, held until :meth:`close`. A process id would
    be meaningless to another machine or container with the same home folder.

    Args:
        root: parent of all applications' folders; None is the user's data folder, or a temporary folder if that is
            not writable.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root
        self._own: Path | None = None
        self._held: BinaryIO | None = None
        self._is_closed = False
        self._lock = threading.Lock()

    def new(self) -> Path:
        """Return a new empty folder for one run.

        Raises:
            OSError: the folder cannot be created, or the folders are closed.
        """
        with self._lock:
            if self._is_closed:
                raise OSError("the application is closing")
            if self._own is None:
                self._own = self._made()
            folder = self._own / os.urandom(6).hex()
            # Creates its parents too, because the data folder may have been cleared meanwhile.
            private_files.make_folder(folder)
            return folder

    def remove_stale(self) -> None:
        """Delete the folders of applications that have ended; skips what cannot be read or locked."""
        with suppress(OSError, RuntimeError):
            root = self._where()
            names = {entry.name.removesuffix(_LOCK) for entry in root.iterdir()}
            with self._lock:
                own = self._own
            for name in names:
                if own is None or own != root / name:
                    with suppress(OSError):
                        _remove_unless_held(root / name)

    def close(self) -> None:
        """Delete all folders and release the lock; no new folders can be created."""
        with self._lock:
            self._is_closed = True
            if self._own is not None:
                shutil.rmtree(self._own, ignore_errors=True)
            if self._own is not None and self._held is not None:
                _unlink(_lock_of(self._own), self._held)
            self._own = self._held = None

    def _where(self) -> Path:
        return self._root if self._root is not None else paths.data() / "runs"

    def _made(self) -> Path:
        try:
            root = self._where()
            private_files.make_folder(root)
            return self._locked(root)
        except (OSError, RuntimeError):
            if self._root is not None:
                raise
            return Path(tempfile.mkdtemp(prefix="gpuplayground-"))

    def _locked(self, root: Path) -> Path:
        """Return a new folder in ``root`` with its lock held."""
        while True:
            own = root / uuid.uuid4().hex
            # Locked before the folder exists, or another application could take it for a stale one.
            held = private_files.open_to_append(_lock_of(own))
            try:
                # If locking is not supported, nobody else can lock this file either, so nobody deletes the folder.
                try_lock(held)
                if is_still(held, _lock_of(own)):
                    private_files.make_folder(own)
                    self._held = held
                    return own
            except OSError:
                _unlink(_lock_of(own), held)
                raise
            held.close()


def _remove_unless_held(folder: Path) -> None:
    held = private_files.open_to_append(_lock_of(folder))
    if try_lock(held) and is_still(held, _lock_of(folder)):
        shutil.rmtree(folder, ignore_errors=True)
        _unlink(_lock_of(folder), held)
    else:
        held.close()


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _LOCK)


def _unlink(path: Path, file: BinaryIO) -> None:
    """Delete and release a lock file held by this process."""
    if os.name == "nt":
        file.close()  # Windows cannot delete an open file
    with suppress(OSError):
        path.unlink()
    file.close()
