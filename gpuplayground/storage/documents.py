"""Reads and writes text files for the editor, atomically and with their encoding and line ends preserved."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

#: Largest file that is opened, in bytes.
LIMIT_BYTES = 10_000_000
#: The end of a sentence that says what to do with a notebook.
NOTEBOOK_ADVICE = "turn it into a script by “jupyter nbconvert --to script” and open that"
_BOM = b"\xef\xbb\xbf"
# Characters that end a line in the editor: the usual ones, and three that QTextDocument reserves.
_LINE_END = re.compile("\r\n|\n|\r|\u2029|\ufdd0|\ufdd1")
#: Limit of changed lines up to which a file with mixed line ends is compared line by line. Beyond it every changed line
#: gets the most frequent line end.
_DIFF_LINES = 2_000


class DocumentError(Exception):
    """A file cannot be read or written; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Identifies a version of a file on disk: modification time in ns, size in bytes, and inode.

    The inode, 0 if unknown, differs when the file was replaced by one of the same size and age.
    """

    mtime_ns: int
    size: int
    inode: int = 0


def _stamp_of(status: os.stat_result) -> Stamp:
    return Stamp(status.st_mtime_ns, status.st_size, status.st_ino)


@dataclass(frozen=True, slots=True)
class Document:
    r"""A text with what is needed to write it back unchanged.

    Attributes:
        text: The lines, joined by ``\n``.
        path: The file; None for a text that was never saved.
        name: Title of the tab.
        newline: Line end of new lines: the most frequent one of the file.
        endings: The end of each line but the last if they differ; empty if all are ``newline``.
        bom: Whether the file begins with a UTF-8 byte order mark.
        stamp: The file as last read or written.
    """

    text: str
    path: Path | None = None
    name: str = "untitled-1.py"
    newline: str = "\n"
    endings: tuple[str, ...] = ()
    bom: bool = False
    stamp: Stamp | None = None


def decode(data: bytes, name: str) -> Document:
    """Decode the content of a file.

    Raises:
        DocumentError: it is binary or not UTF-8.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError(f"“{name}” is encoded as UTF-16: convert it to UTF-8 to open it here.")
    if b"\0" in data:
        raise DocumentError(f"“{name}” is a binary file: only text can be opened here.")
    bom = data.startswith(_BOM)
    try:
        whole = data[len(_BOM) :].decode() if bom else data.decode()
    except UnicodeDecodeError as error:
        offset = error.start + (len(_BOM) if bom else 0)
        line = data.count(b"\n", 0, offset) + 1
        raise DocumentError(
            f"“{name}” is not UTF-8 text: byte 0x{data[offset]:02X} at offset {offset:,}, in line {line:,}, "
            "is invalid; convert the file to UTF-8 to open it here."
        ) from None
    ends = _LINE_END.findall(whole)
    kinds = Counter(ends)
    newline = next((kind for kind, _ in kinds.most_common() if kind in {"\n", "\r\n", "\r"}), "\n")
    mixed = bool(kinds) and set(kinds) != {newline}
    text = whole if kinds.keys() <= {"\n"} else _LINE_END.sub("\n", whole)
    return Document(text, None, name, newline, tuple(ends) if mixed else (), bom)


def encode(document: Document, text: str) -> bytes:
    """Return the bytes of ``text`` with the document's line ends; an unchanged text gives the bytes of the file.

    In a file with mixed line ends, unchanged lines keep theirs and new ones get the most frequent.

    Raises:
        DocumentError: the text has a lone surrogate, which UTF-8 cannot encode.
    """
    if document.endings:
        whole = "".join(line + end for line, end in zip(text.split("\n"), (*_endings(document, text), ""), strict=True))
    else:
        whole = text if document.newline == "\n" else text.replace("\n", document.newline)
    try:
        return (_BOM if document.bom else b"") + whole.encode()
    except UnicodeEncodeError as error:
        line = whole.count("\n", 0, error.start) + 1
        raise DocumentError(
            f"Line {line:,} of “{document.name}” has an incomplete character: delete it and save again."
        ) from None


def _endings(document: Document, text: str) -> list[str]:
    old, new = document.text.split("\n"), text.split("\n")
    if old == new:
        return list(document.endings)
    kept = (*document.endings, document.newline)
    top = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    rest = min(len(old), len(new)) - top
    bottom = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    middle = [document.newline] * (len(new) - top - bottom)
    changed = old[top : len(old) - bottom]
    if len(middle) <= _DIFF_LINES and len(changed) <= _DIFF_LINES:
        import difflib  # not needed to open a document

        matcher = difflib.SequenceMatcher(None, changed, new[top : len(new) - bottom], autojunk=False)
        for block in matcher.get_matching_blocks():
            for i in range(block.size):
                middle[block.b + i] = kept[top + block.a + i]
    return [*kept[:top], *middle, *kept[len(old) - bottom :]][: len(new) - 1]


def read(path: Path) -> Document:
    """Return the text file at ``path``.

    Raises:
        DocumentError: it is missing, a folder, not a regular file, unreadable, over 10 MB, binary or not UTF-8.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow a symbolic link
    name = path.name
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise DocumentError(f"“{name}” is a folder: choose a file in it.")
        if not stat.S_ISREG(status.st_mode):
            raise DocumentError(f"“{name}” is a device or a pipe: only files can be opened here.")
        if path.suffix == ".ipynb":
            raise DocumentError(f"“{name}” is a Jupyter notebook: {NOTEBOOK_ADVICE}.")
        if status.st_size > LIMIT_BYTES:
            raise _too_big(name, status.st_size)
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            data = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        raise DocumentError(f"“{name}” does not exist: it may have been moved or deleted.") from None
    except PermissionError:
        raise DocumentError(f"“{name}” cannot be read: you have no permission to open it.") from None
    except OSError as error:
        raise DocumentError(f"“{name}” cannot be read: {_reason(error)}.") from None
    if len(data) > LIMIT_BYTES:
        raise _too_big(name, len(data))
    return replace(decode(data, name), path=path, stamp=_stamp_of(status))


def stamp(path: Path) -> Stamp | None:
    """Return the stamp of the file at ``path``, or None if it no longer exists."""
    try:
        status = path.stat()
    except OSError:
        return None
    return _stamp_of(status)


def write(document: Document, text: str, path: Path) -> Document:
    """Write ``text`` to ``path`` and return the new document.

    A temporary file beside the target replaces it, so that a failure leaves the old content intact. Permissions are
    kept, and a symbolic link stays one.

    Raises:
        DocumentError: it could not be written; the file is unchanged.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow a symbolic link
    data = encode(document, text)
    try:
        status = replace_file(Path(os.path.realpath(path)), data)
    except OSError as error:
        raise DocumentError(f"“{path.name}” could not be saved: {_reason(error)}; the file is unchanged.") from None
    endings = tuple(_endings(document, text)) if document.endings else ()
    written = _stamp_of(status)
    return replace(document, text=text, path=path, name=path.name, endings=endings, stamp=written)


def replace_file(target: Path, data: bytes) -> os.stat_result:
    """Replace the content of a regular file in one step, keeping its permissions, and return its status.

    Raises:
        OSError: it could not be written; the file is unchanged.
    """
    old = None
    with contextlib.suppress(FileNotFoundError):
        old = target.stat()
    if old is not None:
        if not stat.S_ISREG(old.st_mode):
            raise OSError(errno.EISDIR if stat.S_ISDIR(old.st_mode) else errno.EINVAL, "it is not a regular file")
        # Replacing only needs a writable folder, but a read-only file is to be left alone.
        if not old.st_mode & 0o222 or not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "it is read-only")
    temporary = target.with_name(f".{os.urandom(6).hex()}.tmp")
    # The umask applies to the mode, as it should for a new file.
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if old is not None:
                _keep_owner(temporary, old)
            file.flush()
            os.fsync(file.fileno())
        status = temporary.stat()
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return status


def _keep_owner(file: Path, old: os.stat_result) -> None:
    if sys.platform != "win32":
        # Only root may change the owner; anyone may set a group they belong to.
        with contextlib.suppress(OSError):
            os.chown(file, old.st_uid, old.st_gid)
    file.chmod(stat.S_IMODE(old.st_mode))


def _too_big(name: str, size: int) -> DocumentError:
    return DocumentError(f"“{name}” is {size / 1e6:.1f} MB large: the limit is {LIMIT_BYTES / 1e6:.0f} MB.")


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "the disk is full"
    if error.errno == errno.EROFS:
        return "the disk is read-only"
    if error.errno == errno.EISDIR:
        return "a folder has that name"
    if isinstance(error, FileNotFoundError):
        return "its folder does not exist"
    if isinstance(error, PermissionError) and error.strerror != "it is read-only":
        return "you have no permission to write in its folder"
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]
