"""Files whose bytes are no text in the encoding they declare: Python itself says what is wrong with them."""

from __future__ import annotations

import os
import sys
from typing import Any

#: ``Py_file_input``: a whole module.
_FILE_INPUT = 257


def is_undecodable(source: str) -> bool:
    """Return whether a source has null bytes, bytes that are no text, or an encoding that cannot be its own."""
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
    """Have Python read and run a file as it does on its command line.

    Raises:
        BaseException: what Python makes of the bytes, as a rule a SyntaxError; what the module raises.
    """
    if sys.platform == "win32":  # there, another C library may have opened the file
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
