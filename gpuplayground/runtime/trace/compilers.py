"""Records when frameworks compile kernels, because CUPTI does not see NVRTC, nvcc or compilers written in Python.

The functions below are wrapped once the snippet has imported their modules; their behaviour does not change.
"""

from __future__ import annotations

import functools
import sys
from contextlib import suppress
from typing import Any, Callable

#: Module and function or method of each compiler: the innermost one that a framework looks up at each call.
_FUNCTIONS = (
    ("cupy.cuda.compiler", "_compile_module_with_cache"),
    ("cupy.cuda.compiler", "compile_using_nvrtc"),
    ("pycuda.compiler", "compile"),
    ("triton.compiler", "compile"),
    ("triton.compiler.compiler", "compile"),
    ("numba.cuda.dispatcher", "CUDADispatcher.compile"),
    ("numba.cuda.dispatcher", "_Kernel.bind"),
    ("torch._inductor.compile_fx", "compile_fx"),
)


class Compilers:
    """Wraps compilers and records when they run."""

    def __init__(self) -> None:
        self._left = list(_FUNCTIONS)
        self._spans: list[list[Any]] = []

    def watch(self, clock: Callable[[], int]) -> None:
        """Wrap the compilers imported so far; ``clock`` is used for the spans."""
        for entry in [entry for entry in self._left if entry[0] in sys.modules]:
            self._left.remove(entry)
            owner: Any = sys.modules[entry[0]]
            *classes, name = entry[1].split(".")
            for each in classes:
                owner = getattr(owner, each, None)
            function = getattr(owner, name, None)
            if callable(function):
                with suppress(AttributeError, TypeError):  # a class written in C
                    setattr(owner, name, self._wrapped(function, ".".join(entry), clock))
        _name_default_domain()

    def take(self) -> list[list[Any]]:
        """Return and clear the recorded spans: start, end and function."""
        spans, self._spans = self._spans, []
        return spans

    def _wrapped(self, function: Callable[..., Any], name: str, clock: Callable[[], int]) -> Callable[..., Any]:
        @functools.wraps(function)
        def compile_and_remember(*args: Any, **kwargs: Any) -> Any:
            start = clock()
            try:
                return function(*args, **kwargs)
            finally:
                self._spans.append([start, clock(), name])

        return compile_and_remember


def _name_default_domain() -> None:
    """Make ``nvtx.annotate`` use a named domain, because CUPTI 13 reports no ranges of the default domain."""
    module = sys.modules.get("nvtx.nvtx")
    find = getattr(module, "_get_domain_cached", None)
    if module is not None and find is not None and not hasattr(find, "is_of_gpuplayground"):

        def named(name: Any) -> Any:
            return find("NVTX" if name is None else name)

        named.is_of_gpuplayground = True  # type: ignore[attr-defined]
        setattr(module, "_get_domain_cached", named)  # noqa: B010 - private and untyped
