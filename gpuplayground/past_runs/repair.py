"""A damaged history is replaced by a new one with all that can be read in it, and kept under another name.

A lock beside the file lets one process open or repair it at a time, so that nobody opens it while it is replaced. Who
has it open already is kept from writing by SQLite's own lock, and looks for another file afterwards. A kill at any
moment costs nothing: the new file has a name of its own as soon as it is complete, and whoever opens the history next
goes on from there.
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
    """What became of a damaged history, of which ``kept_as`` is the new name.

    Attributes:
        found: How many runs are in the new one.
        lost: The ids of runs that are known to have been in it and could not be read.
        partial: How many of those found lack something, such as their trace or a note.
        was_other: Whether the file was whole, but of another program.
    """

    kept_as: Path
    found: int
    lost: frozenset[int]
    partial: int
    was_other: bool

    @property
    def sentence(self) -> str:
        """What the user should know of it."""
        kept = f"is kept as “{self.kept_as}”"
        total = self.found + len(self.lost)
        if self.was_other:
            return f"The file of the history was of another program: a new one was begun, and the other {kept}."
        if not self.found:
            return (
                "The history was damaged: a new one was begun, because no run in it could be read, and the old one "
                f"{kept}."
            )
        lost = f"{len(self.lost)} of {_runs(total)} could not be read" if self.lost else f"{_runs(total)} could be read"
        partial = f", {self.partial} only in part" if self.partial else ""
        rest = "the others are in a new one" if self.lost else "a new one has them"
        return f"The history was damaged: {lost}{partial}, {rest}, and the damaged one {kept}."


def open_history(path: Path, busy_s: float) -> sqlite3.Connection:
    """Open the history for one thread, make it where it is missing, and finish a repair that was interrupted.

    Args:
        path: the file.
        busy_s: how long to wait for others, in seconds.

    Raises:
        HistoryError: a newer version of the application has written it, or another window is repairing it.
        OSError, sqlite3.Error: it cannot be opened, or is damaged (see :func:`is_damage`).
    """
    with _alone(path, busy_s):
        for recovered in _recovered(path):
            _replace(path, recovered)
        if _is_emptied(path):
            raise NotAHistoryError("the file is empty, and the log beside it is not")
        return connect(path, busy_s)


def repair(path: Path, busy_s: float) -> Repair | None:
    """Replace a damaged history by what can be read in it; None where another process has done so already.

    Takes about a second for 10,000 runs.

    Raises:
        HistoryError: another window is at it.
        OSError, sqlite3.Error: it cannot be read, the new one cannot be written, or another program holds it.
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
                _remove(building)  # it takes room on a disk that may be full
                raise
            recovered = _free_name(path)
            building.rename(recovered)
            kept_as = _replace(path, recovered)
        return Repair(kept_as, len(result.found), frozenset(result.lost), len(result.partial), was_other)


def _rebuilt(pages: PageFile, building: Path, busy_s: float) -> Salvage:
    """Make a new history of what can be read in a damaged one: a single file, on the disk when this returns."""
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
    """Keep others from writing, as far as the damage lets SQLite do so; gives whether it is another program's file."""
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
    """Put a complete new file in the place of the damaged one and return what that is called now."""
    kept_as = path.with_name(recovered.name.replace("-recovered-", "-damaged-", 1))
    # What belongs to the damaged file goes first: beside another one it would be taken for that one's. Whatever is
    # done of this already was done before a kill.
    for tail in (*TAILS, ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + tail).rename(kept_as.with_name(kept_as.name + tail))
    recovered.rename(path)
    return kept_as


def _recovered(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.stem}-recovered-*{path.suffix}"))


def _free_name(path: Path) -> Path:
    """Return a name for the new file that has never been used, nor that of the damaged one which follows from it."""
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
    """Read the whole file: rare, and what was seen of it may be another window's new one by now."""
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
    """Return whether the file has lost everything but its log, which SQLite would delete."""
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
    """Return the size of a page in a file that SQLite makes here, in bytes."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return int(connection.execute("PRAGMA page_size").fetchone()[0])


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"
