"""Where private copies of snippets are while they run, told apart from what a killed application left behind."""

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
    """A folder for each run that needs one, made no earlier. Every method is for any thread.

    The folders of one application lie in a folder of its own, and a lock beside that is held until :meth:`close`: the
    number of a process would say nothing to another machine or container with the same home.

    Args:
        root: where the folders of all applications are; None is the user's data folder, and where nothing can be
            written there a temporary one.
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
            OSError: there is no room for one anywhere, or the folders are closed.
        """
        with self._lock:
            if self._is_closed:
                raise OSError("the application is closing")
            if self._own is None:
                self._own = self._made()
            folder = self._own / os.urandom(6).hex()
            # With its parents: somebody may have cleared the data folder meanwhile.
            private_files.make_folder(folder)
            return folder

    def remove_stale(self) -> None:
        """Delete what applications that are gone left behind; whatever cannot be read or locked is left alone."""
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
        """Delete every folder and let go of the lock; there are no new ones from now on."""
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
        """Return a folder in ``root`` whose lock is held."""
        while True:
            own = root / uuid.uuid4().hex
            # Locked before there is a folder, or another application could take it for a dead one's in between.
            held = private_files.open_to_append(_lock_of(own))
            try:
                # Where files cannot be locked, nobody else can lock this one either, and so nobody deletes anything.
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
    """Delete a lock file that this process holds, and let go of it."""
    if os.name == "nt":
        file.close()  # an open file cannot be deleted there
    with suppress(OSError):
        path.unlink()
    file.close()
