"""Finds the imports at the top of a snippet, which a warm spare may make before the run."""

from __future__ import annotations

import ast
import threading
import warnings

#: Number of lines parsed, so that parsing takes one or two milliseconds for any snippet.
_HEAD_LINES = 300
#: Only one thread parses at a time. Python shares the recursion depth of all trees, so if garbage collection switches
#: threads it fails ("AST constructor recursion depth mismatch"). Warning filters are shared too.
_PARSING = threading.Lock()
#: Modules that create a CUDA context on import; a spare must not hold GPU memory.
_CONTEXT_MODULES = frozenset({"pycuda.autoinit", "pycuda.autoprimaryctx", "pycuda.gl.autoinit"})


def leading_imports(source: str) -> tuple[str, ...]:
    """Return the absolute imports at the top of a snippet, as ``import x`` and ``from x import y`` without aliases.

    The block ends at the first other statement, because it may change what an import depends on, such as
    ``os.environ``. A guard that only exits, such as ``if not find_spec("torch"): sys.exit("…")``, does not end it. If
    the source has a syntax error, the imports above the error count. Imports that create a CUDA context are left out.
    """
    texts: dict[str, None] = {}
    for index, node in enumerate(_parsed_head(source)):
        if isinstance(node, ast.Import):
            texts.update((f"import {alias.name}", None) for alias in node.names if alias.name not in _CONTEXT_MODULES)
        elif isinstance(node, ast.ImportFrom):
            texts.update((text, None) for text in _from_texts(node))
        elif not (_only_exits(node) or (index == 0 and _is_constant(node))):
            break
    return tuple(texts)


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _only_exits(node: ast.stmt) -> bool:
    if not isinstance(node, ast.If) or node.orelse or len(node.body) != 1:
        return False
    (body,) = node.body
    if isinstance(body, ast.Expr) and isinstance(body.value, ast.Call):
        return ast.unparse(body.value.func) in ("sys.exit", "exit", "quit")
    return isinstance(body, ast.Raise)


def _from_texts(node: ast.ImportFrom) -> list[str]:
    module = node.module
    if module is None or node.level or module == "__future__" or module in _CONTEXT_MODULES:
        return []
    return [
        f"from {module} import {alias.name}" for alias in node.names if f"{module}.{alias.name}" not in _CONTEXT_MODULES
    ]


def _parsed_head(source: str) -> list[ast.stmt]:
    lines = source.removeprefix("\ufeff").split("\n", _HEAD_LINES)[:_HEAD_LINES]
    for _ in range(3):
        try:
            with _PARSING, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse("\n".join(lines)).body
        except SyntaxError as error:
            del lines[max(0, min(error.lineno or 1, len(lines)) - 1) :]
        except (ValueError, RecursionError, MemoryError):
            break
    return []
