"""Hides frames of the runtime from debuggers, tracebacks and ``f_back``."""

from __future__ import annotations

import sys
from types import CodeType, FunctionType, ModuleType
from typing import Any, Callable, TypeVar

#: ``inspect.CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR``.
_GENERATORS = 0x20 | 0x80 | 0x200
_Function = TypeVar("_Function", bound=Callable[..., Any])


def hidden(function: _Function) -> _Function:
    """Hide the frames of a function from ``f_back``, tracebacks and tracing; no effect on Python 3.10.

    Python treats a frame that has not reached its ``RESUME`` instruction as incomplete and skips it.
    """
    if sys.version_info >= (3, 11):
        function.__code__ = _without_resume(function.__code__)  # type: ignore[attr-defined, unused-ignore]
    return function


def hide(*modules: ModuleType) -> None:
    """Hide the frames of all functions and methods of some modules.

    Exceptions are generators, which need the instruction, and methods that call ``super()``, which needs its frame.
    """
    if sys.version_info < (3, 11):
        return
    for module in modules:
        own = [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
        classes = [value for value in own if isinstance(value, type)]
        for value in (*own, *(member for kind in classes for member in vars(kind).values())):
            if isinstance(value, FunctionType):
                value.__code__ = _without_resume(value.__code__)


def _without_resume(code: CodeType) -> CodeType:
    from opcode import opmap

    constants = tuple(_without_resume(c) if isinstance(c, CodeType) else c for c in code.co_consts)
    if code.co_flags & _GENERATORS or "__class__" in code.co_freevars:
        return code.replace(co_consts=constants)
    instructions = bytearray(code.co_code)
    for index in range(0, len(instructions), 2):
        if instructions[index] == opmap["RESUME"]:
            instructions[index : index + 2] = bytes((opmap["NOP"], 0))
    return code.replace(co_code=bytes(instructions), co_consts=constants)
