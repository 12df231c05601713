"""Names of kernels as people write them: C++ names demangled, and short ones for tables."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache

#: Windows has no demangler of Itanium names.
_LIBRARIES = {"linux": "libstdc++.so.6", "darwin": "libc++abi.dylib"}
#: What compilers put into a mangled name; nothing else is given to a library written in C.
_MANGLED = re.compile(r"_Z[A-Za-z0-9_.$]{1,8192}")
_ABI_TAG = re.compile(r"\[abi:[^\]]*\]")
_ANONYMOUS = "(anonymous namespace)"
#: Wrappers of template libraries that are told apart by what they are instantiated with.
_WRAPPERS = frozenset({"Kernel", "Kernel2", "device_kernel", "kernel", "_kernel_agent", "kernel_agent"})
_CLOSES = {">": "<", ")": "(", "}": "{"}
#: How the name of a function may begin: internal linkage, or nested with constness, and the namespace ``std``.
_PREFIX = re.compile(r"_Z(?:L|N[rVK]*)?(?:St)?")
_LENGTH = re.compile(r"[1-9]\d{0,4}")


@lru_cache(maxsize=65536)
def demangle(name: str) -> str:
    """Return a C++ name of the Itanium ABI as the compiler's own words, and any other name as it is.

    A name stays as it is too where the system has no demangler, and where that gives up: libstdc++'s does on names of
    more than 1024 characters.
    """
    if not _MANGLED.fullmatch(name):
        return name
    return _demangler()(name)


@lru_cache(maxsize=65536)
def short_name(name: str) -> str:
    """Return a kernel's own name, without return type, namespaces, template arguments and parameters.

    A wrapper that says nothing by itself, such as ``cutlass::Kernel2<…>``, is called by its first template argument.
    Names of C functions, which CuPy, Triton and cuBLAS give to their kernels, stay whole. Of a mangled name that
    could not be demangled it is the part ahead of the template arguments.
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
    """Yield index, character and depth within brackets, which are inside themselves."""
    stack: list[str] = []
    for index, character in enumerate(text):
        if character in "<({":
            stack.append(character)
        yield index, character, len(stack)
        opener = _CLOSES.get(character)
        # A comparison in parentheses, as in ``(2>1)`` or ``(1<2)``, opens and closes nothing.
        if character == ")" and "(" in stack:
            while stack[-1] != "(":
                stack.pop()
        if stack and stack[-1] == opener:
            stack.pop()


def _first_argument(arguments: str) -> str:
    end = next((index for index, character, depth in _depths(arguments) if not depth and character == ","), None)
    return arguments[:end].strip()


def _own_part(mangled: str) -> str:
    """Return the last of the plain parts, each a length and a text, that a mangled name begins with."""
    prefix = _PREFIX.match(mangled)
    index, part = prefix.end() if prefix else 0, ""
    while length := _LENGTH.match(mangled, index):
        index = length.end() + int(length.group())
        part = mangled[length.end() : index]
    return part


@cache
def _demangler() -> Callable[[str], str]:
    """Return what demangles by the system's C++ library, or gives a name back where there is none."""
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
        # The result is malloc'ed: as a plain char pointer, ctypes would copy it and lose the address to free.
        address = function(name.encode("ascii"), None, None, ctypes.byref(status))
        if not address:
            return name
        try:
            return ctypes.string_at(address).decode("utf-8", "replace")
        finally:
            free(address)

    return by_library
