"""What begins a cell, in the commands and in the editor alike."""

from __future__ import annotations

import sys

import pytest

from gpuplayground.benchmarks.selections import SelectionError, plan_for
from gpuplayground.model.cells import cells
from gpuplayground.ui.editor.python_lexer import CODE, State, tokenize

#: A source and the lines that begin a cell in it.
SOURCES = [
    ("", []),
    ("x = 1\n", []),
    ('done = 40\ntext = "%d%% done" % done\nprint(text)\n', []),
    ("x = 5 %% 3\n", []),
    ("if x:\n    # %% indented\n    y = 1\n", []),
    ("x = 1  # %% behind code\n", []),
    ('"""\n# %% in a docstring\n"""\n', []),
    ('def f():\n    """\n# %% in a docstring\n    """\n# %% after it\n', [5]),
    ("#%%\n# %%title\n#   %%%% title\n", [1, 2, 3]),
    ("x = [\n# %% between brackets\n]\n", [2]),
    ("x = 'abc\n# %% below a text without an end\ny\n", [2]),
    ("x = '''\n# %% within a text without an end\n", []),
    ("x = [\n# %% a\ny = )\n# %% b\n", [2, 4]),
    ("  x\n y\n# %% below a wrong indentation\n", [3]),
    ("a = $ ?\n# %% b\n?\n# %% c", [2, 4]),
    ("x = (\n# %% a\n", [2]),
    ("0777\n# %% a\n1__0\n# %% b\n", [2, 4]),
    ("\ud800 = 1\n# %% half a character: \ud800\n", [2]),
    ("}\n# %% a\n" * 3, [2, 4, 6]),
]


def lines_in_the_editor(source: str) -> list[int]:
    state: State = CODE
    found = []
    for number, line in enumerate(source.split("\n"), 1):
        tokens, state = tokenize(line, state)
        if any(token.role == "cell" for token in tokens):
            found.append(number)
    return found


@pytest.mark.parametrize(("source", "lines"), SOURCES)
def test_the_commands_and_the_editor_agree_on_what_begins_a_cell(source: str, lines: list[int]) -> None:
    assert [cell.first_line for cell in cells(source)] == lines
    assert lines_in_the_editor(source) == lines


@pytest.mark.parametrize("source", [source for source, _ in SOURCES])
@pytest.mark.parametrize("cursor", [1, 2])
def test_at_any_line_there_is_a_plan_or_a_sentence(source: str, cursor: int) -> None:
    try:
        words = plan_for(source, cursor=cursor).label
    except SelectionError as refusal:
        words = str(refusal)
    assert words
    assert "\n" not in words


def test_the_last_cell_ends_with_the_source() -> None:
    assert [(cell.title, cell.first_line, cell.last_line) for cell in cells("x = 1\n# %% a\n\n# %% b\ny\n")] == [
        ("a", 2, 3),
        ("b", 4, 6),
    ]


def test_a_source_of_nothing_but_faults_is_read_once() -> None:
    reads = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal reads
        reads += event == "call"

    def calls(lines: int) -> int:
        nonlocal reads
        reads = 0
        sys.setprofile(count)
        try:
            cells("? '%%\n" * lines)
        finally:
            sys.setprofile(None)
        return reads

    assert calls(2000) < 3 * calls(1000)
