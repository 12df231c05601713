from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gpuplayground.ui.editor.editing import parse_place, toggle_comments
from gpuplayground.ui.editor.editor import CodeEditor
from gpuplayground.ui.widgets.theme import Theme
from tests.support.drops import drop

KEY, MOD = Qt.Key, Qt.KeyboardModifier


@pytest.fixture
def editor(qtbot: QtBot, theme: Theme) -> CodeEditor:
    editor = CodeEditor(theme)
    qtbot.addWidget(editor)
    editor.resize(600, 400)
    editor.show()
    editor.setFocus()
    return editor


def type_in(editor: CodeEditor, text: str) -> None:
    for character in text:
        if character == "\n":
            QTest.keyClick(editor, KEY.Key_Return)
        elif character == "\b":
            QTest.keyClick(editor, KEY.Key_Backspace)
        elif character == "\t":
            QTest.keyClick(editor, KEY.Key_Tab)
        else:
            QTest.keyClicks(editor, character)


def put_cursor(editor: CodeEditor, marked: str) -> None:
    """Set a text in which ``|`` is the cursor, or two of them the ends of the selection."""
    parts = marked.split("|")
    editor.set_text("".join(parts))
    cursor = editor.textCursor()
    cursor.setPosition(len(parts[0]))
    if len(parts) == 3:
        cursor.setPosition(len(parts[0]) + len(parts[1]), QTextCursor.MoveMode.KeepAnchor)
    editor.setTextCursor(cursor)


def marked(editor: CodeEditor) -> str:
    text, cursor = editor.text(), editor.textCursor()
    start, end = cursor.selectionStart(), cursor.selectionEnd()
    if start == end:
        return f"{text[:start]}|{text[start:]}"
    return f"{text[:start]}|{text[start:end]}|{text[end:]}"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("def f():\nx = 1\nreturn x\ny", "def f():\n    x = 1\n    return x\ny|"),
        ("if a:\npass\nb", "if a:\n    pass\nb|"),
        ("while a:\nif b:\nbreak\nc", "while a:\n    if b:\n        break\n    c|"),
        ("x = 1  # not a block:\ny", "x = 1  # not a block:\ny|"),
        ("d = {1: 2}\nx", "d = {1: 2}\nx|"),
        ("f(a,\nb)\nc", "f(a,\n  b)\nc|"),
        ("f(\na,\nb", "f(\n    a,\n    b|\n)"),
        ("x = 'if:\n", "x = 'if:\n|'"),
        ("for i in range(3):\n\n", "for i in range(3):\n\n    |"),
        ("\tx", "    x|"),
        ("a\tx", "a   x|"),
        ("\t\t\bx", "    x|"),
    ],
)
def test_what_is_typed_is_indented(editor: CodeEditor, typed: str, expected: str) -> None:
    type_in(editor, typed)
    assert marked(editor) == expected


def test_enter_after_the_bracket_closes_goes_back_to_the_statement(editor: CodeEditor) -> None:
    put_cursor(editor, "if x:\n    y = f(\n        1,\n    )|\n")
    type_in(editor, "\nz")
    assert marked(editor) == "if x:\n    y = f(\n        1,\n    )\n    z|\n"


def test_enter_inside_a_triple_quoted_string_keeps_the_indentation(editor: CodeEditor) -> None:
    put_cursor(editor, '    """if x:|\n    """')
    type_in(editor, "\n(")
    assert marked(editor) == '    """if x:\n    (|\n    """'


def test_enter_splits_a_line_without_leaving_blanks(editor: CodeEditor) -> None:
    put_cursor(editor, "    x = 1;|  y = 2")
    type_in(editor, "\n")
    assert marked(editor) == "    x = 1;\n    |y = 2"


@pytest.mark.parametrize("modifier", [MOD.NoModifier, MOD.ShiftModifier])
def test_enter_with_shift_is_a_real_line_end_too(editor: CodeEditor, modifier: Qt.KeyboardModifier) -> None:
    put_cursor(editor, "x|")
    QTest.keyClick(editor, KEY.Key_Return, modifier)
    assert editor.text() == "x\n"
    assert editor.blockCount() == 2


def test_tab_and_shift_tab_move_the_selected_lines(editor: CodeEditor) -> None:
    put_cursor(editor, "a\n|b\n\n   c\n|d")
    QTest.keyClick(editor, KEY.Key_Tab)
    assert marked(editor) == "a\n|    b\n\n       c\n|d"
    QTest.keyClick(editor, KEY.Key_Backtab, MOD.ShiftModifier)
    QTest.keyClick(editor, KEY.Key_Backtab, MOD.ShiftModifier)
    assert marked(editor) == "a\n|b\n\nc\n|d"
    editor.undo()
    assert editor.text() == "a\nb\n\n   c\nd"


def test_the_indentation_of_the_file_is_kept_up(editor: CodeEditor) -> None:
    put_cursor(editor, "if a:\n\tif b:\n\t\tx|\n")
    type_in(editor, "\npass\ny")
    assert editor.text() == "if a:\n\tif b:\n\t\tx\n\t\tpass\n\ty\n"
    put_cursor(editor, "if a:\n  b\nif c:|\n")
    type_in(editor, "\nx")
    assert editor.text() == "if a:\n  b\nif c:\n  x\n"


def test_backspace_goes_to_the_indentation_before(editor: CodeEditor) -> None:
    put_cursor(editor, "      |x")
    type_in(editor, "\b")
    assert marked(editor) == "    |x"
    type_in(editor, "\b")
    assert marked(editor) == "|x"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("print(", "print(|)"),
        ("print()x", "print()x|"),
        ("a[{(", "a[{(|)}]"),
        ("a[{()}]", "a[{()}]|"),
        ("(\b", "|"),
        ('x = "a"', 'x = "a"|'),
        ('"""doc', '"""doc|"""'),
        ('"""doc"""', '"""doc"""|'),
        ("'it\"s'", "'it\"s'|"),
        ("don't", "don't|"),
        ('f"', 'f"|"'),
        ("# it's (", "# it's (|"),
        ("'(", "'(|'"),
        ("''\b", "'|"),
    ],
)
def test_brackets_and_quotes_close_and_are_typed_over(editor: CodeEditor, typed: str, expected: str) -> None:
    type_in(editor, typed)
    assert marked(editor) == expected


def test_a_bracket_before_a_word_stands_alone_and_one_that_was_there_is_not_typed_over(editor: CodeEditor) -> None:
    put_cursor(editor, "|word")
    type_in(editor, "(")
    assert marked(editor) == "(|word"
    put_cursor(editor, "(a|)")
    type_in(editor, ")")
    assert marked(editor) == "(a)|)"


def test_a_selection_is_wrapped(editor: CodeEditor) -> None:
    put_cursor(editor, "x = |a + b|")
    type_in(editor, "(")
    assert marked(editor) == "x = (|a + b|)"
    editor.undo()
    assert editor.text() == "x = a + b"


def test_undo_takes_an_automatic_pair_away_and_keeps_what_was_typed_before(editor: CodeEditor) -> None:
    type_in(editor, "print(1")
    editor.undo()
    assert editor.text() == "print()"
    editor.undo()
    assert editor.text() == "print"
    editor.redo()
    editor.redo()
    assert editor.text() == "print(1)"


def test_toggling_comments_goes_by_the_least_indentation(editor: CodeEditor) -> None:
    put_cursor(editor, "if a:\n|    b\n\n        # c\n|    d")
    editor.commands.toggle_comment()
    assert marked(editor) == "if a:\n|    # b\n\n    #     # c\n|    d"
    editor.commands.toggle_comment()
    assert marked(editor) == "if a:\n|    b\n\n        # c\n|    d"
    editor.undo()
    editor.undo()
    assert not editor.document().isModified()


def test_uncommenting_takes_a_hash_with_or_without_a_space() -> None:
    assert toggle_comments(["#a", "  # b", ""]) == ["a", "  b", ""]


def test_lines_move_and_are_duplicated(editor: CodeEditor) -> None:
    put_cursor(editor, "a\nb|b\nc")
    QTest.keyClick(editor, KEY.Key_Up, MOD.AltModifier)
    assert marked(editor) == "b|b\na\nc"
    QTest.keyClick(editor, KEY.Key_Up, MOD.AltModifier)
    assert marked(editor) == "b|b\na\nc"
    QTest.keyClick(editor, KEY.Key_Down, MOD.AltModifier)
    QTest.keyClick(editor, KEY.Key_Down, MOD.AltModifier)
    assert marked(editor) == "a\nc\nb|b"
    QTest.keyClick(editor, KEY.Key_Down, MOD.AltModifier | MOD.ShiftModifier)
    assert marked(editor) == "a\nc\nbb\nb|b"


def test_home_goes_to_the_text_and_then_to_the_margin(editor: CodeEditor) -> None:
    put_cursor(editor, "    abc|")
    QTest.keyClick(editor, KEY.Key_Home)
    assert marked(editor) == "    |abc"
    QTest.keyClick(editor, KEY.Key_Home)
    assert marked(editor) == "|    abc"


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("|(a[0])", (0, 5, True)),
        ("(a[0])|", (5, 0, True)),
        ("|(']', \")\")", (0, 9, True)),
        ("|( # )\n)", (0, 6, True)),
        ("|(]", (0, 1, False)),
        ("x|)", (1, None, False)),
        ('f"{|(a)}"', (3, 5, True)),
        ("'|('", None),
    ],
)
def test_the_bracket_at_the_cursor_finds_its_partner_in_code(
    editor: CodeEditor, text: str, pair: tuple[int, int | None, bool] | None
) -> None:
    put_cursor(editor, text)
    assert (None if editor.bracket is None else tuple(editor.bracket)) == pair


def test_every_character_that_can_be_in_a_file_comes_back_out(editor: CodeEditor) -> None:
    editor.hide()  # or Qt looks for a font for each of them
    left_out = {0, 0x0A, 0x0D, 0x2029, 0xFDD0, 0xFDD1}
    text = "".join(chr(code) for code in range(0x10000) if code not in left_out and not 0xD800 <= code < 0xE000)
    editor.set_text(text + "😀")
    assert editor.text() == text + "😀"


def test_a_place_is_a_line_or_a_line_and_a_column() -> None:
    assert parse_place("12") == (12, 1)
    assert parse_place(" 12 : 5 ") == (12, 5)
    assert [parse_place(text) for text in ("", "0", "x", "1:", "-3", "1:2:3")] == [None] * 6


def test_dropped_files_are_handed_on_and_dropped_text_is_inserted(qtbot: QtBot, editor: CodeEditor) -> None:
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile("/some/where.py")])
    files.setText("file:///some/where.py")
    with qtbot.waitSignal(editor.pathsDropped) as dropped:
        drop(editor.viewport(), files, QPoint(100, 10))
    assert dropped.args == [["/some/where.py"]]
    assert editor.text() == ""
    text = QMimeData()
    text.setText("x = 1")
    drop(editor.viewport(), text, QPoint(100, 10))
    assert editor.text() == "x = 1"


def test_a_line_of_100_000_characters_can_be_edited(editor: CodeEditor) -> None:
    editor.set_text("x = [" + "1, " * 33_000 + "]\ny = 2\n")
    type_in(editor, "# ")
    assert editor.text().startswith("# x = [1, ")
    editor.grab()


def test_what_is_changed_keeps_the_cursor_where_it_was(editor: CodeEditor) -> None:
    put_cursor(editor, "a\nb\nc|c\nd")
    editor.replace_text("a\nB\ncc\nd\ne")
    assert marked(editor) == "a\nB\nc|c\nd\ne"
    editor.undo()
    assert editor.text() == "a\nb\ncc\nd"
