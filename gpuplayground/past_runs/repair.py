"""Replaces a damaged history with a new one that has all readable rows, and keeps the damaged file.

A lock file lets only one process open or repair the history at a time. Processes that have it open already are kept
from writing by SQLite's own lock and reopen the file afterwards. The process may be killed at any moment: the new file
gets its final name once it is complete, and the next process to open the history finishes the replacement.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gpuplayground.past_runs.entries import HistoryError
from gpuplayground.past_runs.salvage import Salvage, salvage
from gpuplayground.past_runs.schema import TAILS, NotAHistoryError, connect, is_damage, is_history, is_new
from gpuplayground.past_runs.sqlite_pages import PageFile
from gpuplayground.storage import private_files
from gpuplayground.storage.locks import wait_for_lock


@dataclass(frozen=True, slots=True)
class Repair:
    """Result of a repair.

    Attributes:
        kept_as: New path of the damaged file.
        found: Number of runs in the new file.
        lost: Ids of runs that are known to have existed and could not be read.
        partial: Number of recovered runs that lack something, such as their trace or note.
        was_other: Whether the file was intact but belonged to another program.
    """

    kept_as: Path
    found: int
    lost: frozenset[int]
    partial: int
    was_other: bool

    @property
    def sentence(self) -> str:
        """A sentence about the repair for the user."""
        kept = f"is kept as “{self.kept_as}”"
        total = self.found + len(self.lost)
        if self.was_other:
            return f"The history's file belonged to another program: a new one was started, and the other {kept}."
        if not self.found:
            return (
                f"The history was damaged and no run could be read: a new one was started, and the damaged one {kept}."
            )
        lost = f"{len(self.lost)} of {_runs(total)} could not be read" if self.lost else f"{_runs(total)} could be read"
        partial = f", {self.partial} only in part" if self.partial else ""
        rest = "the others are in a new file" if self.lost else "they are in a new file"
        return f"The history was damaged: {lost}{partial}, {rest}, and the damaged file {kept}."


def open_history(path: Path, busy_s: float) -> sqlite3.Connection:
    """Open the history for one thread; create it if it is missing, and finish an interrupted repair.

    Args:
        path: the file.
        busy_s: maximum wait for other processes, in seconds.

    Raises:
        HistoryError: a newer version of the application wrote it, or another window is repairing it.
        OSError, sqlite3.Error: it cannot be opened, or is damaged (see :func:`is_damage`).
    """
    with _alone(path, busy_s):
        for recovered in _recovered(path):
            _replace(path, recovered)
        if _is_emptied(path):
            raise NotAHistoryError("the file is empty, and the log beside it is not")
        return connect(path, busy_s)


def repair(path: Path, busy_s: float) -> Repair | None:
    """Replace a damaged history with its readable rows; return None if another process has already done so.

    Takes about a second for 10,000 runs.

    Raises:
        HistoryError: another window is repairing it.
        OSError, sqlite3.Error: it cannot be read or is locked by another program, or the new one cannot be written.
    """
    with _alone(path, busy_s):
        if not _is_damaged(path, busy_s):
            return None
        building = path.with_name(f"{path.stem}-recovering{path.suffix}")
        _remove(building)
        with _writers_waiting(path, busy_s) as was_other, closing(PageFile(path, _page_size())) as pages:
            try:
                result = _rebuilt(pages, building, busy_s)
            except BaseException:
                _remove(building)  # the disk may be full
                raise
            recovered = _free_name(path)
            building.rename(recovered)
            kept_as = _replace(path, recovered)
        return Repair(kept_as, len(result.found), frozenset(result.lost), len(result.partial), was_other)


def _rebuilt(pages: PageFile, building: Path, busy_s: float) -> Salvage:
    """Write the readable rows of a damaged history to a new one: a single file, flushed to disk."""
    with closing(connect(building, busy_s)) as new:
        new.execute("PRAGMA foreign_keys = OFF")
        new.execute("PRAGMA synchronous = FULL")
        result = salvage(pages, new)
        new.execute("PRAGMA journal_mode = DELETE")
        return result


@contextmanager
def _alone(path: Path, busy_s: float) -> Iterator[None]:
    private_files.make_folder(path.parent)
    with private_files.open_to_append(path.with_suffix(".lock")) as lock:
        if not wait_for_lock(lock, busy_s):
            raise HistoryError("Another window is repairing the history: try again in a moment.")
        yield


@contextmanager
def _writers_waiting(path: Path, busy_s: float) -> Iterator[bool]:
    """Lock out other writers, as far as the damage allows; yields whether the file belongs to another program."""
    with contextlib.ExitStack() as stack:
        was_other = False
        if not _is_emptied(path):
            try:
                connection = stack.enter_context(closing(_opened(path, busy_s)))
                connection.execute("BEGIN IMMEDIATE")
                was_other = not is_history(connection) and _is_sound(connection)
            except sqlite3.Error as error:
                if not is_damage(error):
                    raise
        yield was_other


def _replace(path: Path, recovered: Path) -> Path:
    """Replace the damaged file with a complete new one and return the damaged file's new path."""
    kept_as = path.with_name(recovered.name.replace("-recovered-", "-damaged-", 1))
    # The log of the damaged file goes first, because SQLite would apply it to the new file. A missing file was
    # renamed before the process was killed.
    for tail in (*TAILS, ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + tail).rename(kept_as.with_name(kept_as.name + tail))
    recovered.rename(path)
    return kept_as


def _recovered(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.stem}-recovered-*{path.suffix}"))


def _free_name(path: Path) -> Path:
    """Return a path for the new file whose matching path for the damaged file is unused too."""
    stamp, number = time.strftime("%Y-%m-%d-%H%M%S"), 1
    while True:
        tail = stamp if number == 1 else f"{stamp}-{number}"
        if not path.with_name(f"{path.stem}-damaged-{tail}{path.suffix}").exists():
            return path.with_name(f"{path.stem}-recovered-{tail}{path.suffix}")
        number += 1


def _remove(path: Path) -> None:
    for tail in ("", *TAILS, "-journal"):
        path.with_name(path.name + tail).unlink(missing_ok=True)


def _is_damaged(path: Path, busy_s: float) -> bool:
    """Check the whole file, because another window may have replaced it since the damage was noticed."""
    if _is_emptied(path):
        return True
    try:
        with closing(_opened(path, busy_s)) as connection:
            return not is_new(connection) and not (is_history(connection) and _is_sound(connection))
    except sqlite3.Error as error:
        if is_damage(error):
            return True
        raise


def _is_emptied(path: Path) -> bool:
    """Return whether the file is empty but its log is not; SQLite would delete the log."""
    wal = path.with_name(path.name + TAILS[0])
    try:
        return path.stat().st_size == 0 and wal.stat().st_size > 0
    except FileNotFoundError:
        return False


def _is_sound(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")


def _opened(path: Path, busy_s: float) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=busy_s, isolation_level=None)


def _page_size() -> int:
    """Return SQLite's default page size in bytes."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return int(connection.execute("PRAGMA page_size").fetchone()[0])


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"
