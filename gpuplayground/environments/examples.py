"""Loads the examples: self-contained scripts in a folder, parsed but not run.

An example is a Python file that

- begins with a PEP 723 block (``# /// script``) with the required Python and ``dependencies``
  (https://packaging.python.org/en/latest/specifications/inline-script-metadata/);
- has a comment line with its topic, such as ``# topic: Vector addition``;
- has a module docstring: the first line is its title, the rest says what it shows;
- is split into titled cells by ``# %%`` lines and checks its result with ``assert``.

Examples are sorted by file name, topics by their first appearance.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

from gpuplayground.environments.packages.script_header import HeaderError, header_of
from gpuplayground.model.cells import cells

_TOPIC = re.compile(r"#\s*topic:\s*(?P<topic>\S.*?)\s*")


class ExampleError(Exception):
    """A file is not an example; the message names the file and what it lacks."""


@dataclass(frozen=True, slots=True)
class Example:
    """One example. ``dependencies`` are pip requirements such as ``cupy-cuda12x[ctk]``."""

    path: Path
    title: str
    summary: str
    topic: str
    dependencies: tuple[str, ...]
    source: str


def load_examples(folder: Path) -> tuple[Example, ...]:
    """Return the examples in ``folder``, by topic and then by file name; none if there is no folder.

    Raises:
        ExampleError: a Python file in the folder is not an example.
        OSError: a file cannot be read.
    """
    examples = [load_example(path) for path in sorted(folder.glob("*.py"))]
    topics = list(dict.fromkeys(example.topic for example in examples))
    return tuple(sorted(examples, key=lambda example: topics.index(example.topic)))


def load_example(path: Path) -> Example:
    """Return the example in the file ``path``, which is parsed but not executed.

    Raises:
        ExampleError: the file is not an example.
        OSError: the file cannot be read.
    """
    try:
        source = path.read_text("utf-8")
        docstring = ast.get_docstring(ast.parse(source)) or ""
        comments = _comments(source)
    except (SyntaxError, UnicodeDecodeError, tokenize.TokenError, ValueError) as error:
        raise ExampleError(f"{path.name} is not valid Python: {error}") from error
    title, _, summary = docstring.partition("\n")
    if not title:
        raise ExampleError(f"{path.name} has no module docstring with a title")
    if not summary.strip():
        raise ExampleError(f"{path.name} has no description: its docstring has only a title")
    topics = [match["topic"] for match in map(_TOPIC.fullmatch, comments) if match]
    if not topics:
        raise ExampleError(f"{path.name} has no topic: add a line such as '# topic: Vector addition'")
    if not cells(source):
        raise ExampleError(f"{path.name} has no cells: add lines that begin with '# %%'")
    return Example(path, title, " ".join(summary.split()), topics[0], _dependencies(path, source), source)


def _comments(source: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def _dependencies(path: Path, source: str) -> tuple[str, ...]:
    try:
        metadata = header_of(source)
    except HeaderError as error:
        raise ExampleError(f"{path.name} has a PEP 723 block that is not TOML: {error.__cause__ or error}") from error
    if metadata is None:
        raise ExampleError(f"{path.name} has no PEP 723 block with its dependencies")
    dependencies = metadata.get("dependencies")
    if not isinstance(dependencies, list) or not all(isinstance(item, str) for item in dependencies):
        raise ExampleError(f"{path.name} has a PEP 723 block without a list of dependencies")
    return tuple(dependencies)
