"""What a snippet needs: the packages of its PEP 723 header, else of its imports."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from gpuplayground.environments.packages.modules import DISTRIBUTIONS, distribution_for
from gpuplayground.environments.packages.script_header import HeaderError, header_of

_MODULE_SUFFIXES = (".py", ".pyd", ".so")


@dataclass(frozen=True, slots=True)
class Needs:
    """The packages that a snippet needs.

    Attributes:
        requirements: Requirements as in PEP 508, such as ``torch>=2.4``.
        requires_python: Version specifiers of the Python, empty for any.
        unknown: Imported modules that no known distribution provides.
        from_header: The requirements are those of a PEP 723 header.
    """

    requirements: tuple[str, ...] = ()
    requires_python: str = ""
    unknown: tuple[str, ...] = ()
    from_header: bool = False


def needs_of(source: str, folder: Path | None) -> Needs:
    """Return what a snippet needs, without running it; nothing if it has no header and is not valid Python.

    Where the header does not say which packages, as it may have the Python only, the imports do.

    Args:
        source: the snippet.
        folder: the folder that it imports its own modules from; they are not needed from anywhere else.

    Raises:
        HeaderError: the header is invalid.
    """
    header = header_of(source)
    python = "" if header is None else _python_of(header)
    if header is not None and "dependencies" in header:
        return Needs(_dependencies_of(header), python, from_header=True)
    modules = [name for name in imported_modules(source) if not _is_present(name, folder)]
    known = {name: distribution for name in modules if (distribution := distribution_for(name))}
    unknown = dict.fromkeys(name.partition(".")[0] for name in modules if name not in known)
    return Needs(tuple(dict.fromkeys(known.values())), python, tuple(unknown))


def imported_modules(source: str) -> tuple[str, ...]:
    """Return the modules that the source imports anywhere; empty if it is not valid Python.

    They are top-level modules, or dotted ones where these come from a distribution of their own.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(dict.fromkeys(map(_as_distributed, _imports(tree))))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # "from cuda import core" imports the module cuda.core.
            dotted = [f"{node.module}.{alias.name}" for alias in node.names]
            submodules = [name for name in dotted if name in DISTRIBUTIONS]
            yield from submodules if len(submodules) == len(dotted) else (node.module, *submodules)


def _as_distributed(module: str) -> str:
    name = module
    while name not in DISTRIBUTIONS and "." in name:
        name = name.rpartition(".")[0]
    return name


def _is_present(module: str, folder: Path | None) -> bool:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "__main__":
        return True
    return folder is not None and _is_in(folder, top)


def _is_in(folder: Path, module: str) -> bool:
    try:
        if (folder / module).is_dir():
            return True
        return any(path.suffix in _MODULE_SUFFIXES and path.is_file() for path in folder.glob(f"{module}.*"))
    except (OSError, ValueError):
        return False


# Other tables of the header, such as [tool.uv], are for other programs.
def _python_of(header: dict[str, Any]) -> str:
    python = header.get("requires-python", "")
    try:
        return str(SpecifierSet(python))
    except (InvalidSpecifier, TypeError, AttributeError):
        raise HeaderError(f'The header asks for the Python "{python}": write requires-python as in ">=3.10".') from None


def _dependencies_of(header: dict[str, Any]) -> tuple[str, ...]:
    dependencies = header["dependencies"]
    if not isinstance(dependencies, list) or not all(isinstance(item, str) for item in dependencies):
        raise HeaderError('The dependencies in the header are not a list of strings: write them as in ["numpy>=2"].')
    requirements = []
    for text in dependencies:
        try:
            requirements.append(str(Requirement(text)))
        except InvalidRequirement:
            raise HeaderError(
                f'The header names the package "{text}", which is no requirement: write it as in "numpy>=2".'
            ) from None
    return tuple(dict.fromkeys(requirements))
