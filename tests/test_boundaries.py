"""What the import contracts in pyproject.toml cannot express, read off the source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "gpuplayground"
FILES = sorted(PACKAGE.rglob("*.py"))


def imports_of(file: Path) -> set[str]:
    """Every module that a file imports from outside its own package, at any depth, as dotted names."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "PySide6"}
    return found


def offenders(package: str, is_allowed: Callable[[str], bool]) -> Iterator[str]:
    """What the files of a package import although they may not."""
    for file in (PACKAGE / package).rglob("*.py"):
        yield from (f"{file.relative_to(PACKAGE)}: {name}" for name in imports_of(file) if not is_allowed(name))


def test_workers_import_nothing_of_qt_but_qtcore() -> None:
    qt = {"PySide6", "PySide6.QtCore"}
    assert list(offenders("workers", lambda name: not name.startswith("PySide6") or name in qt)) == []


def test_the_runtime_needs_nothing_but_the_standard_library() -> None:
    # cupti is the optional tracer and brings numpy.
    optional = {"cupti", "numpy", "gpuplayground"}
    allowed = optional | set(sys.stdlib_module_names) | {"_signal"}
    assert list(offenders("runtime", lambda name: name.split(".")[0] in allowed)) == []


def test_only_the_theme_sets_a_style_sheet() -> None:
    setting = [file for file in FILES if "setStyleSheet" in file.read_text(encoding="utf-8")]
    assert setting == [PACKAGE / "ui" / "widgets" / "theme.py"]
