from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QTextCursor
from pytestqt.qtbot import QtBot

from gpuplayground.ui.editor.editor import CodeEditor
from gpuplayground.ui.editor.python_lexer import CODE, OpenString, State, tokenize
from gpuplayground.ui.widgets.theme import Theme


def roles(line: str, state: State = CODE) -> list[tuple[str, str]]:
    tokens, _ = tokenize(line, state)
    return [(line[start : start + length], role) for start, length, role in tokens]


def code_lines(text: str) -> list[State]:
    states, state = [], CODE
    for line in text.split("\n"):
        _, state = tokenize(line, state)
        states.append(state)
    return states


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("def run(x): pass", [("def", "keyword"), ("run", "definition"), ("pass", "keyword")]),
        ("class A(B): ...", [("class", "keyword"), ("A", "definition")]),
        ("@triton.jit", [("@triton.jit", "decorator")]),
        ("print(len)", [("print", "builtin"), ("len", "builtin")]),
        ("x.print(1)", [("print", "function"), ("1", "number")]),
        ("f(max=2)", [("f", "function"), ("2", "number")]),
        ("None is BLOCK", [("None", "constant"), ("is", "keyword"), ("BLOCK", "constant")]),
        ("0xFF_a0 1_000.5e-3j .5", [("0xFF_a0", "number"), ("1_000.5e-3j", "number"), (".5", "number")]),
        ("x = 1  # 'no string'", [("1", "number"), ("# 'no string'", "comment")]),
        ("# %% Load", [("# %% Load", "cell")]),
        ("    # %% no cell", [("# %% no cell", "comment")]),
        ("match x:", [("match", "keyword")]),
        ("match = x", []),
        ("type Point = tuple", [("type", "keyword"), ("tuple", "builtin")]),
        ("type(x)", [("type", "builtin")]),
        (r"'\n\q'", [("'", "string"), (r"\n", "escape"), (r"\q", "string"), ("'", "string")]),
        (r"r'\'x'", [("r'", "string"), (r"\'", "string"), ("x", "string"), ("'", "string")]),
    ],
)
def test_each_piece_of_a_line_has_its_role(line: str, expected: list[tuple[str, str]]) -> None:
    assert roles(line) == expected


def test_an_f_string_shows_its_fields_as_code_down_to_nested_quotes() -> None:
    line = """f"{d["a"]:>{w}} {{b}} {len(x)!r}" + y"""
    pieces = roles(line)
    assert ("len", "builtin") in pieces
    assert ("{{", "escape") in pieces
    assert pieces[-1] == ('"', "string")
    assert tokenize(line)[1] == CODE


def test_a_quote_that_is_never_closed_ends_with_its_line() -> None:
    assert code_lines("x = 'abc\ny = f\"{a") == [CODE, CODE]


def test_a_backslash_carries_a_string_to_the_next_line() -> None:
    states = code_lines("x = 'abc\\\ndef'")
    assert states[0] == (OpenString("'", raw=False, formatted=False, role="string"),)
    assert states[1] == CODE


@pytest.mark.parametrize("prefix", ["", "r", "b", "f", "Rb", "fr", "U"])
@pytest.mark.parametrize("quote", ['"""', "'''"])
def test_triple_quotes_hold_over_lines_and_other_quotes(prefix: str, quote: str) -> None:
    other = "'\"'" if quote == '"""' else '"\'"'
    states = code_lines(f"x = {prefix}{quote}one\n# no comment {other}\n{quote} + 1")
    assert states[0] == states[1] != CODE
    assert states[2] == CODE


def test_a_field_of_a_triple_quoted_f_string_may_go_over_lines() -> None:
    states = code_lines('f"""{\n  x\n:>3} y\n"""')
    assert [len(state) for state in states] == [2, 2, 1, 0]


def color_at(editor: CodeEditor, line: int, column: int) -> str:
    block = editor.document().findBlockByNumber(line)
    for piece in block.layout().formats():
        if piece.start <= column < piece.start + piece.length:
            color: QColor = piece.format.foreground().color()
            return color.name()
    return ""


@pytest.fixture
def editor(qtbot: QtBot, theme: Theme) -> CodeEditor:
    editor = CodeEditor(theme)
    qtbot.addWidget(editor)
    editor.resize(600, 400)
    editor.show()
    return editor


def test_typing_a_triple_quote_recolours_what_follows_and_removing_it_restores(
    editor: CodeEditor, theme: Theme, qtbot: QtBot
) -> None:
    editor.set_text("x = 1\nimport os\nimport re\n")
    assert color_at(editor, 1, 0) == theme.colors.keyword
    editor.insertPlainText('y = """')
    assert [editor.highlighter.state_before(number + 1) == CODE for number in range(4)] == [False] * 4
    assert color_at(editor, 2, 0) == theme.colors.string
    editor.undo()
    assert color_at(editor, 2, 0) == theme.colors.keyword
    assert editor.highlighter.state_before(3) == CODE


def test_states_follow_lines_that_are_put_in_and_taken_out(editor: CodeEditor) -> None:
    editor.set_text('a\n"""\nb\n"""\nc')
    cursor = editor.textCursor()
    cursor.insertText("one\ntwo\n")
    assert [bool(editor.highlighter.state_before(n + 1)) for n in range(7)] == [
        False,
        False,
        False,
        True,
        True,
        False,
        False,
    ]
    cursor = QTextCursor(editor.document().findBlockByNumber(3))
    cursor.movePosition(QTextCursor.MoveOperation.Down, QTextCursor.MoveMode.KeepAnchor, 3)
    cursor.removeSelectedText()
    assert [bool(editor.highlighter.state_before(n + 1)) for n in range(4)] == [False] * 4


def test_a_docstring_looks_like_a_comment_and_a_kernel_like_a_string(editor: CodeEditor, theme: Theme) -> None:
    editor.set_text('"""Module\ntext."""\nK = """\nkernel"""\ndef f():\n    """Doc."""\ng(\n    """text""")\n')
    assert color_at(editor, 1, 0) == theme.colors.comment
    assert color_at(editor, 3, 0) == theme.colors.string
    assert color_at(editor, 5, 6) == theme.colors.comment
    assert color_at(editor, 7, 6) == theme.colors.string


def test_colours_count_characters_beyond_the_first_plane_as_qt_does(editor: CodeEditor, theme: Theme) -> None:
    editor.set_text("'😀😀'; import os")
    assert color_at(editor, 0, 8) == theme.colors.keyword
    assert color_at(editor, 0, 13) == theme.colors.keyword
    assert color_at(editor, 0, 14) == ""


def test_lines_are_coloured_when_they_come_into_view(editor: CodeEditor, theme: Theme) -> None:
    editor.set_text("import os\n" * 10_000)
    assert color_at(editor, 9_000, 0) == ""
    editor.go_to_line(9_001)
    assert color_at(editor, 9_000, 0) == theme.colors.keyword


def test_another_theme_recolours(editor: CodeEditor, theme: Theme) -> None:
    editor.set_text("import os\n")
    dark = color_at(editor, 0, 0)
    theme.name = "light"
    theme.changed.emit()
    assert color_at(editor, 0, 0) == theme.colors.keyword != dark
