"""Keeps unsaved work and the open tabs on disk, so that a crash or a kill loses at most the last seconds.

Each window owns a folder of drafts and holds a lock beside it while it lives; the system releases the lock however the
process ends. A later window takes over the drafts of every folder whose lock is free.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from gpuplayground.storage import private_files
from gpuplayground.storage.documents import Stamp
from gpuplayground.storage.locks import is_still, try_lock
from gpuplayground.storage.open_tabs import Session, from_json

_LOCK = ".lock"
_SUFFIX = ".draft"
_SESSION = ".session"


@dataclass(frozen=True, slots=True)
class Draft:
    r"""The unsaved text of one tab.

    Attributes:
        tab_id: The tab, the same after a restart.
        name: Title of the tab.
        path: Its file; None if it was never saved.
        text: The lines, joined by ``\n``.
        cursor: Position of the cursor in UTF-16 code units from the start, as Qt counts.
        newline: Line end of the file.
        bom: Whether the file begins with a byte order mark.
        stamp: The version of the file that the tab read.
        saved_at: Time of the draft, in seconds since the epoch.
    """

    tab_id: str
    name: str
    path: str | None
    text: str
    cursor: int = 0
    newline: str = "\n"
    bom: bool = False
    stamp: Stamp | None = None
    saved_at: float = 0.0


class DraftStore:
    """The drafts of one window.

    Every method may raise OSError. :meth:`save` and :meth:`remove` may be called from any thread.
    """

    def __init__(self, root: Path) -> None:
        private_files.make_folder(root)
        self._root = root
        self._folder = root / os.urandom(16).hex()
        self._session = self._folder / f"{self._folder.name}{_SESSION}"
        self._has_adopted = False
        # Locked before the folder exists: otherwise another window could adopt it in between.
        self._lock: BinaryIO | None = private_files.open_to_append(self._folder.with_suffix(_LOCK))
        try:
            try_lock(self._lock)
            private_files.make_folder(self._folder)
        except BaseException:
            self._lock.close()
            raise

    @property
    def folder(self) -> Path:
        """The folder of this window's drafts."""
        return self._folder

    def save(self, draft: Draft) -> None:
        """Write a draft; a kill meanwhile leaves the previous one."""
        header = asdict(draft)
        text = header.pop("text")
        self._ensure_lock()
        content = json.dumps(header).encode() + b"\n" + text.encode("utf-8", "surrogatepass")
        private_files.write(self._file(draft.tab_id), content)

    def save_session(self, session: Session) -> None:
        """Write the open tabs; a kill meanwhile leaves the previous state."""
        self._ensure_lock()
        private_files.write(self._session, json.dumps(session.to_json()).encode())
        if self._has_adopted:
            # The adopted tabs are part of the session just written.
            self._has_adopted = False
            for file in self._folder.glob(f"*{_SESSION}"):
                if file != self._session:
                    file.unlink()

    def remove(self, tab_id: str) -> None:
        """Delete the draft of a tab that was saved or closed."""
        self._file(tab_id).unlink(missing_ok=True)

    def adopt(self) -> list[Draft]:
        """Take over the drafts of windows that have ended and return them, oldest first."""
        drafts: list[Draft] = []
        for folder in sorted(self._root.iterdir()):
            if folder != self._folder and folder.is_dir():
                drafts += self._adopt_folder(folder)
        return sorted(drafts, key=lambda draft: draft.saved_at)

    def adopted_sessions(self) -> list[Session]:
        """Return the open tabs of the windows whose drafts were adopted, until :meth:`save_session` replaces them."""
        return [_load_session(file) for file in self._folder.glob(f"*{_SESSION}") if file != self._session]

    def close(self) -> None:
        """Release the lock, and delete the folder if it has no drafts."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        if not any(self._folder.glob(f"*{_SUFFIX}")):
            _discard(self._folder)

    def _adopt_folder(self, folder: Path) -> list[Draft]:
        drafts: list[Draft] = []
        emptied = False
        with contextlib.suppress(OSError), private_files.open_to_append(folder.with_suffix(_LOCK)) as lock:
            if not try_lock(lock):
                return []
            files = sorted(folder.glob(f"*{_SUFFIX}"))
            for file in files:
                draft = _load(file)
                if draft is not None:
                    file.replace(self._file(draft.tab_id))
                    drafts.append(draft)
            for file in folder.glob(f"*{_SESSION}"):
                # Moved, not read: if this window ends before the tabs are open, the next one tries again.
                file.replace(self._folder / file.name)
                self._has_adopted = True
            # A damaged draft is kept: its text may still be recoverable by hand.
            emptied = len(drafts) == len(files)
        if emptied:
            _discard(folder)
        return drafts

    def _ensure_lock(self) -> None:
        """Lock again if the lock file was deleted: otherwise another window would adopt these drafts."""
        path = self._folder.with_suffix(_LOCK)
        if self._lock is None or is_still(self._lock, path):
            return
        private_files.make_folder(self._root)
        lock = private_files.open_to_append(path)
        try_lock(lock)
        self._lock.close()
        self._lock = lock

    def _file(self, tab_id: str) -> Path:
        return self._folder / f"{tab_id}{_SUFFIX}"


def _load_session(file: Path) -> Session:
    try:
        return from_json(json.loads(file.read_bytes()))
    except (OSError, ValueError):
        return Session()


def _load(file: Path) -> Draft | None:
    try:
        header, _, text = file.read_bytes().partition(b"\n")
        fields = json.loads(header)
        if fields["stamp"] is not None:
            fields["stamp"] = Stamp(**fields["stamp"])
        return Draft(text=text.decode("utf-8", "surrogatepass"), **fields)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _discard(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.with_suffix(_LOCK).unlink(missing_ok=True)
