"""Loads the examples: self-contained scripts in folders by topic, parsed but not run.

An example is a Python file that

- begins with a PEP 723 block (``# /// script``) with the required Python and ``dependencies``
  (https://packaging.python.org/en/latest/specifications/inline-script-metadata/);
- has comment lines with its topic and framework, such as ``# topic: Copies`` and ``# framework: CuPy``, and, if it
  does nothing without a GPU, ``# needs: gpu`` or with the least compute capability ``# needs: gpu 8.0``;
- has a module docstring: the first line is its title, the next paragraph says what it shows, and what follows is the
  note on what to look at in the timings and what to change next;
- is split into titled cells by ``# %%`` lines and checks its result with ``assert``.

Examples are sorted by path, topics by their first appearance.
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

_FIELD = re.compile(r"#\s*(?P<name>topic|framework|needs):\s*(?P<value>\S.*?)\s*")
_NEEDS = re.compile(r"gpu(?: (?P<major>\d+)\.(?P<minor>\d))?")
# The pattern given in PEP 723, with the block's type fixed to "script".
_METADATA = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+?)^# ///$")


class ExampleError(Exception):
    """A file is not an example; the message names the file and what it lacks."""


@dataclass(frozen=True, slots=True)
class Example:
    """One example.

    Attributes:
        path: its file.
        title: the first line of its docstring.
        summary: what it shows, in one line.
        topic: the heading it is listed under.
        dependencies: pip requirements such as ``cupy-cuda12x[ctk]``.
        source: the text of the file.
        framework: what it is about, as people write it.
        note: what to look at in the timings and what to change next, in one line.
        needs_gpu: whether it stops with a sentence where there is no NVIDIA GPU.
        min_capability: least compute capability of that GPU as (major, minor), or None if any will do.
    """

    path: Path
    title: str
    summary: str
    topic: str
    dependencies: tuple[str, ...]
    source: str
    framework: str = ""
    note: str = ""
    needs_gpu: bool = False
    min_capability: tuple[int, int] | None = None


def load_examples(folder: Path) -> tuple[Example, ...]:
    """Return the examples in ``folder`` and below, by topic and then by path; none if there is no folder.

    Raises:
        ExampleError: a Python file there is not an example.
        OSError: a file cannot be read.
    """
    examples = [load_example(path) for path in example_files(folder)]
    topics = list(dict.fromkeys(example.topic for example in examples))
    return tuple(sorted(examples, key=lambda example: topics.index(example.topic)))


def example_files(folder: Path) -> list[Path]:
    """Return the files of the examples in ``folder`` and below, in the order they are listed."""
    return sorted(folder.rglob("*.py"))


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
    title, _, text = docstring.partition("\n")
    summary, _, note = text.strip().partition("\n\n")
    if not title:
        raise ExampleError(f"{path.name} has no module docstring with a title")
    if not summary:
        raise ExampleError(f"{path.name} has no description: its docstring has only a title")
    if not note.strip():
        raise ExampleError(f"{path.name} has no note: add a paragraph that says what to look at and what to change")
    fields = {match["name"]: match["value"] for match in map(_FIELD.fullmatch, reversed(comments)) if match}
    for name, value in (("topic", "Copies"), ("framework", "CuPy")):
        if name not in fields:
            raise ExampleError(f"{path.name} has no {name}: add a line such as '# {name}: {value}'")
    if not cells(source):
        raise ExampleError(f"{path.name} has no cells: add lines that begin with '# %%'")
    needs_gpu, min_capability = _needs(path, fields.get("needs"))
    return Example(
        path,
        title,
        " ".join(summary.split()),
        fields["topic"],
        _dependencies(path, source),
        source,
        fields["framework"],
        " ".join(note.split()),
        needs_gpu,
        min_capability,
    )


def _needs(path: Path, text: str | None) -> tuple[bool, tuple[int, int] | None]:
    """Return whether a GPU is needed, and its least compute capability."""
    if text is None:
        return False, None
    needs = _NEEDS.fullmatch(text)
    if needs is None:
        raise ExampleError(f"{path.name} needs {text!r}: write '# needs: gpu' or '# needs: gpu 8.0'")
    return True, None if needs["major"] is None else (int(needs["major"]), int(needs["minor"]))


def _comments(source: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def _dependencies(path: Path, source: str) -> tuple[str, ...]:
    block = _METADATA.search(source)
    if block is None:
        raise ExampleError(f"{path.name} has no PEP 723 block with its dependencies")
    lines = block["content"].splitlines()
    try:
        metadata = tomllib.loads("\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines))
    except tomllib.TOMLDecodeError as error:
        raise ExampleError(f"{path.name} has a PEP 723 block that is not TOML: {error}") from error
    dependencies = metadata.get("dependencies")
    if not isinstance(dependencies, list) or not all(isinstance(item, str) for item in dependencies):
        raise ExampleError(f"{path.name} has a PEP 723 block without a list of dependencies")
    return tuple(dependencies)
