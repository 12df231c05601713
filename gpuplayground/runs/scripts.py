"""Determines the file a snippet runs from, the folder of its modules, and its working directory."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import tokenize
from dataclasses import dataclass
from pathlib import Path

from gpuplayground.model.results import RunRequest
from gpuplayground.runs.folders import RunFolders
from gpuplayground.storage import private_files


@dataclass(frozen=True, slots=True)
class ScriptFolders:
    """The folder of a snippet's modules, its ``sys.path[0]``, and its working directory. Both are absolute."""

    folder: str
    working_directory: str

    @classmethod
    def of(cls, request: RunRequest) -> ScriptFolders:
        """Return the folders for a request.

        The folder is that of the snippet's file, else its working directory, else the home folder, else the one for
        temporary files. As in Python, symbolic links are resolved except on Windows.
        """
        real = os.path.abspath if sys.platform == "win32" else os.path.realpath
        own = os.path.dirname(real(request.path)) if request.path else None  # noqa: PTH120
        home = os.path.expanduser("~")  # noqa: PTH111 - does not raise without a home folder
        if not os.path.isdir(home):  # noqa: PTH112
            home = tempfile.gettempdir()
        working = request.working_directory or (own if own and os.path.isdir(own) else home)  # noqa: PTH112
        return cls(folder=own or working, working_directory=working)


class Script:
    """The file to run: the user's own if it has the requested text, else a private copy until :meth:`remove`.

    Raises:
        OSError: a private copy is needed and cannot be written; it has been removed.
    """

    def __init__(self, request: RunRequest, folders: RunFolders) -> None:
        data = _encoded(request.source)
        self._private: Path | None = None
        path = Path(request.path).absolute() if request.path else None
        if path is None or not _has_text(path, data):
            self._private = folders.new()
            path = self._private / _file_name(request)
            try:
                private_files.create(path)
                path.write_bytes(data)
            except OSError:
                self.remove()
                raise
        self.path = str(path)
        #: File name shown in tracebacks: the tab's, not the copy's.
        self.shown = self.path if self._private is None else (request.path or request.name)

    def remove(self) -> None:
        """Delete the private copy."""
        if self._private is not None:
            shutil.rmtree(self._private, ignore_errors=True)


def _file_name(request: RunRequest) -> str:
    name = Path(request.path or request.name).name.replace("\0", "")
    return name or "snippet.py"


def _encoded(source: str) -> bytes:
    """Return a snippet's bytes in its declared encoding, UTF-8 by default.

    Bytes that could not be decoded when the source was read are restored.
    """
    try:
        data = source.encode("utf-8", "surrogateescape")
    except UnicodeError:
        data = source.encode("utf-8", "surrogatepass")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        is_plain = encoding.startswith("utf-8") or b"coding".decode(encoding) != "coding"
        return data if is_plain else source.encode(encoding)
    except (SyntaxError, UnicodeError, LookupError):
        return data


def _has_text(path: Path, data: bytes) -> bool:
    try:
        return _plain(path.read_bytes()) == _plain(data)
    except OSError:
        return False


def _plain(data: bytes) -> bytes:
    """Return the bytes without byte order mark and with normalized line ends."""
    return data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
