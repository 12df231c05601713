"""Runs files that cannot be decoded in their declared encoding, so that Python reports the error itself."""

from __future__ import annotations

import os
import sys
from typing import Any

#: ``Py_file_input``: a whole module.
_FILE_INPUT = 257


def is_undecodable(source: str) -> bool:
    """Return whether a source has null bytes, undecodable bytes, or an encoding declaration that cannot be right."""
    if "\0" in source or not (source.isascii() or _is_text(source)):
        return True
    if not any("coding" in line for line in source.split("\n", 2)[:2]):
        return False
    import io
    import tokenize

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source.encode()).readline)
        source.removeprefix("\ufeff").encode(encoding)
        return b"coding".decode(encoding) != "coding"
    except (SyntaxError, UnicodeError, LookupError):
        return True


def _is_text(source: str) -> bool:
    try:
        source.encode()
    except UnicodeError:
        return False
    return True


def run_as_bytes(path: str, namespace: dict[str, Any]) -> None:
    """Let Python read and run a file as on its command line.

    Raises:
        BaseException: usually a SyntaxError; otherwise what the module raises.
    """
    if sys.platform == "win32":  # a FILE* of another C library would not work
        with open(path, "rb") as file:  # noqa: PTH123
            exec(compile(file.read(), path, "exec", dont_inherit=True), namespace)
        return
    import ctypes

    c_open = ctypes.CDLL(None).fopen
    c_open.restype = ctypes.c_void_p
    file_pointer = c_open(os.fsencode(path), b"rb")
    run = ctypes.pythonapi.PyRun_FileExFlags
    run.restype = ctypes.py_object
    text, whole = ctypes.c_char_p, ctypes.py_object
    run.argtypes = [ctypes.c_void_p, text, ctypes.c_int, whole, whole, ctypes.c_int, ctypes.c_void_p]
    must_close = 1
    run(file_pointer, os.fsencode(path), _FILE_INPUT, namespace, namespace, must_close, None)
