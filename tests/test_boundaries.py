"""The rings of the architecture, read off the imports."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "gpuplayground"
OURS = "gpuplayground"
FILES = sorted(PACKAGE.rglob("*.py"))


def imports_of(file: Path) -> set[str]:
    """Every module a file imports, at any depth, as absolute dotted names."""
    found = set()
    package = [OURS, *file.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            found.add(module)
            found |= {f"{module}.{alias.name}" for alias in node.names if module.split(".")[0] == OURS}
    return found


def ring_of(file: Path) -> str:
    """The package a file belongs to: ``monitor``, ``ui`` …, or its own name at the top level."""
    parts = file.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else file.stem


def ids(file: Path) -> str:
    return str(file.relative_to(PACKAGE))


#: Which of our own packages and modules each ring may import.
ALLOWED = {
    "terminal": {"terminal", "visible"},
    "monitor": {"monitor", "runtime.wire", "units", "paths", "private_files"},
    # Samples are plain values: a receipt joins a run with them.
    "playground": {"playground", "runtime", "units", "paths", "private_files", "locks", "visible", "monitor.samples"},
    "workers": {"workers", "monitor", "playground", "units", "paths"},
    "ui": {
        "ui",
        "monitor",
        "playground",
        "workers",
        "units",
        "paths",
        "settings",
        "documents",
        "drafts",
        "sessions",
        "terminal",
        "visible",
    },
}
# Every stamp is from one clock.
for _ring in ("monitor", "workers", "ui"):
    ALLOWED[_ring].add("runtime.clock")
COMPOSERS = {"app", "application", "wiring", "cli", "__main__", "commands"}


@pytest.mark.parametrize("file", FILES, ids=ids)
def test_only_the_rings_meant_for_it_know_qt(file: Path) -> None:
    qt = {name for name in imports_of(file) if name.split(".")[0] in ("PySide6", "pyqtgraph", "shiboken6")}
    ring = ring_of(file)
    if ring in ("ui", "app", "application", "wiring"):
        return
    if ring == "workers":
        assert qt <= {"PySide6.QtCore"}
    else:
        assert not qt


@pytest.mark.parametrize("file", FILES, ids=ids)
def test_a_ring_imports_only_what_lies_below_it(file: Path) -> None:
    ring = ring_of(file)
    if ring not in ALLOWED:
        return
    for name in imports_of(file):
        if not name.startswith(OURS + "."):
            continue
        inner = name.removeprefix(OURS + ".")
        assert any(inner == allowed or inner.startswith(allowed + ".") for allowed in ALLOWED[ring]), name


@pytest.mark.parametrize("file", [f for f in FILES if ring_of(f) == "runtime"], ids=ids)
def test_the_runtime_needs_nothing_but_the_standard_library(file: Path) -> None:
    for name in imports_of(file):
        top = name.split(".")[0]
        # cupti is the optional tracer and brings numpy; the siblings have a private name inside the snippet's process.
        assert top in sys.stdlib_module_names or name.startswith(f"{OURS}.runtime") or top in ("cupti", "numpy"), name


@pytest.mark.parametrize("file", FILES, ids=ids)
def test_nvml_is_reached_through_one_module(file: Path) -> None:
    if file != PACKAGE / "monitor" / "nvml.py":
        assert not any(name.split(".")[0] == "pynvml" for name in imports_of(file))


@pytest.mark.parametrize("file", FILES, ids=ids)
def test_only_the_composers_start_the_application(file: Path) -> None:
    if ring_of(file) not in COMPOSERS:
        assert not imports_of(file) & {f"{OURS}.app", f"{OURS}.cli"}


@pytest.mark.parametrize("file", [f for f in FILES if "ui" in f.parts], ids=ids)
def test_only_the_theme_sets_a_style_sheet(file: Path) -> None:
    if file.name != "theme.py":
        assert "setStyleSheet" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES, ids=ids)
def test_nothing_is_pickled_or_evaluated(file: Path) -> None:
    assert not imports_of(file) & {"pickle", "marshal", "shelve", "dill"}


@pytest.mark.parametrize("file", FILES, ids=ids)
def test_a_module_stays_readable_in_one_sitting(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 320
