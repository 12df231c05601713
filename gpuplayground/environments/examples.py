"""The examples: self-contained scripts in a folder, described without running them.

An example is a Python file that

- begins with a PEP 723 block (``# /// script``), which names the Python it needs and its ``dependencies``
  (https://packaging.python.org/en/latest/specifications/inline-script-metadata/);
- names its topic in a comment line of its own, ``# topic: Vector addition``;
- has a module docstring, whose first line is its title and whose remaining text says what it shows;
- is split into titled cells by ``# %%`` lines and checks its own result with ``assert``.

The list is in the order of the file names, topics in the order in which they first appear.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import tomllib
from dataclasses import dataclass
from pathlib import Path

from gpuplayground.model.cells import cells

_TOPIC = re.compile(r"#\s*topic:\s*(?P<topic>\S.*?)\s*")
# The pattern of PEP 723 itself, with the block's type fixed to "script".
_METADATA = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+?)^# ///$")


class ExampleError(Exception):
    """A file is not an example; the message is one sentence that names the file and says what it lacks."""


@dataclass(frozen=True, slots=True)
class Example:
    """One example. ``dependencies`` are requirements as pip takes them, such as ``cupy-cuda12x[ctk]``."""

    path: Path
    title: str
    summary: str
    topic: str
    dependencies: tuple[str, ...]
    source: str


def load_examples(folder: Path) -> tuple[Example, ...]:
    """Return the examples in ``folder``, by topic and then by file name; no folder, no examples.

    Raises:
        ExampleError: a Python file in it is not an example.
        OSError: a file cannot be read.
    """
    examples = [load_example(path) for path in sorted(folder.glob("*.py"))]
    topics = list(dict.fromkeys(example.topic for example in examples))
    return tuple(sorted(examples, key=lambda example: topics.index(example.topic)))


def load_example(path: Path) -> Example:
    """Return the example in the file ``path``, which is parsed and never executed.

    Raises:
        ExampleError: the file is not an example.
        OSError: the file cannot be read.
    """
    try:
        source = path.read_text("utf-8")
        docstring = ast.get_docstring(ast.parse(source)) or ""
        comments = _comments(source)
    except (SyntaxError, UnicodeDecodeError, tokenize.TokenError, ValueError) as error:
        raise ExampleError(f"{path.name} is not Python: {error}") from error
    title, _, summary = docstring.partition("\n")
    if not title:
        raise ExampleError(f"{path.name} has no module docstring to take its title from")
    if not summary.strip():
        raise ExampleError(f"{path.name} does not say what it shows: its docstring has a title only")
    topics = [match["topic"] for match in map(_TOPIC.fullmatch, comments) if match]
    if not topics:
        raise ExampleError(f"{path.name} names no topic: add a line such as '# topic: Vector addition'")
    if not cells(source):
        raise ExampleError(f"{path.name} has no cells: add lines that begin with '# %%'")
    return Example(path, title, " ".join(summary.split()), topics[0], _dependencies(path, source), source)


def _comments(source: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def _dependencies(path: Path, source: str) -> tuple[str, ...]:
    block = _METADATA.search(source)
    if block is None:
        raise ExampleError(f"{path.name} has no PEP 723 block that names its dependencies")
    lines = block["content"].splitlines()
    try:
        metadata = tomllib.loads("\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines))
    except tomllib.TOMLDecodeError as error:
        raise ExampleError(f"{path.name} has a PEP 723 block that is not TOML: {error}") from error
    dependencies = metadata.get("dependencies")
    if not isinstance(dependencies, list) or not all(isinstance(item, str) for item in dependencies):
        raise ExampleError(f"{path.name} has a PEP 723 block without a list of dependencies")
    return tuple(dependencies)
