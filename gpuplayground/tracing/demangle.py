"""Demangles C++ kernel names and shortens them for tables."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache

#: Windows has no demangler of Itanium names.
_LIBRARIES = {"linux": "libstdc++.so.6", "darwin": "libc++abi.dylib"}
#: Valid mangled names; nothing else is passed to the C library.
_MANGLED = re.compile(r"_Z[A-Za-z0-9_.$]{1,8192}")
_ABI_TAG = re.compile(r"\[abi:[^\]]*\]")
_ANONYMOUS = "(anonymous namespace)"
#: Kernel wrappers of template libraries, which are named by their first template argument.
_WRAPPERS = frozenset({"Kernel", "Kernel2", "device_kernel", "kernel", "_kernel_agent", "kernel_agent"})
_CLOSES = {">": "<", ")": "(", "}": "{"}
#: Prefix of a mangled function name: internal linkage, or nested with qualifiers, and the namespace ``std``.
_PREFIX = re.compile(r"_Z(?:L|N[rVK]*)?(?:St)?")
_LENGTH = re.compile(r"[1-9]\d{0,4}")


@lru_cache(maxsize=65536)
def demangle(name: str) -> str:
    """Return a C++ name of the Itanium ABI demangled, and any other name unchanged.

    A name is also unchanged if the system has no demangler or the demangler fails: libstdc++'s fails on names of more
    than 1024 characters.
    """
    if not _MANGLED.fullmatch(name):
        return name
    return _demangler()(name)


@lru_cache(maxsize=65536)
def short_name(name: str) -> str:
    """Return a kernel's name without return type, namespaces, template arguments and parameters.

    A generic wrapper such as ``cutlass::Kernel2<…>`` is named by its first template argument. C function names, as in
    CuPy, Triton and cuBLAS, are unchanged. For a mangled name that could not be demangled, the result is the part
    before the template arguments.
    """
    if name.startswith("_Z"):
        return _own_part(name) or name
    if not any(mark in name for mark in "<(:["):
        return name
    text = _ABI_TAG.sub("", name.replace(_ANONYMOUS, ""))
    plain: list[str] = []
    opened = closed = 0
    for index, character, depth in _depths(text):
        if depth == 1 and character == "(":
            break
        if depth == 0:
            plain.append(character)
        elif depth == 1 and character == "<":
            opened = index + 1
        elif depth == 1 and character == ">":
            closed = index
    words = "".join(plain).split()
    own = words[-1].rpartition("::")[2] if words else ""
    if own in _WRAPPERS and opened < closed:
        inner = short_name(_first_argument(text[opened:closed]))
        return inner if inner[:1].isalpha() else own
    return own or name


def _depths(text: str) -> Iterator[tuple[int, str, int]]:
    """Yield index, character and bracket depth; brackets count as inside themselves."""
    stack: list[str] = []
    for index, character in enumerate(text):
        if character in "<({":
            stack.append(character)
        yield index, character, len(stack)
        opener = _CLOSES.get(character)
        # A comparison in parentheses, as in ``(2>1)`` or ``(1<2)``, is not a bracket.
        if character == ")" and "(" in stack:
            while stack[-1] != "(":
                stack.pop()
        if stack and stack[-1] == opener:
            stack.pop()


def _first_argument(arguments: str) -> str:
    end = next((index for index, character, depth in _depths(arguments) if not depth and character == ","), None)
    return arguments[:end].strip()


def _own_part(mangled: str) -> str:
    """Return the last of the length-prefixed identifiers at the beginning of a mangled name."""
    prefix = _PREFIX.match(mangled)
    index, part = prefix.end() if prefix else 0, ""
    while length := _LENGTH.match(mangled, index):
        index = length.end() + int(length.group())
        part = mangled[length.end() : index]
    return part


@cache
def _demangler() -> Callable[[str], str]:
    """Return the demangler of the system's C++ library, or the identity without one."""
    try:
        library = ctypes.CDLL(_LIBRARIES[sys.platform])
        function, free = library["__cxa_demangle"], ctypes.CDLL(None).free
    except (KeyError, OSError, AttributeError):
        return str
    function.restype = ctypes.c_void_p
    function.argtypes = (ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int))
    free.restype, free.argtypes = None, (ctypes.c_void_p,)

    def by_library(name: str) -> str:
        status = ctypes.c_int()
        # Not c_char_p: ctypes would copy the string and lose the address that must be freed.
        address = function(name.encode("ascii"), None, None, ctypes.byref(status))
        if not address:
            return name
        try:
            return ctypes.string_at(address).decode("utf-8", "replace")
        finally:
            free(address)

    return by_library
