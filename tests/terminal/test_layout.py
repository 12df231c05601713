"""Cells, rows and search: where things stand in the buffer."""

from __future__ import annotations

import pytest

from gpuplayground.terminal import grid
from gpuplayground.terminal.buffer import OutputBuffer
from gpuplayground.terminal.rows import RowMap, row_starts
from gpuplayground.terminal.search import find


def filled(text: str) -> OutputBuffer:
    buffer = OutputBuffer()
    buffer.append("stdout", text.encode())
    return buffer


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("abc", 3),
        ("73%|███▎|", 9),
        ("日本", 4),
        ("a\tb", 9),
        ("日\tb", 9),
        ("e\u0301", 1),
        ("🚀", 2),
        ("", 0),
        ("\t\t", 16),
    ],
)
def test_the_width_of_a_line_is_counted_in_cells(text: str, width: int) -> None:
    assert grid.width(text) == width


def test_a_cell_finds_its_character() -> None:
    assert [grid.index_at("日本x", cell) for cell in range(6)] == [0, 0, 1, 1, 2, 3]
    assert [grid.index_at("a\tb", cell) for cell in (0, 1, 7, 8, 9)] == [0, 1, 1, 2, 3]
    assert grid.index_at("abc", 99) == 3
    assert grid.index_at("abc", -1) == 0


def test_without_wrapping_every_line_is_a_row() -> None:
    rows = RowMap(filled("x" * 500 + "\nshort\n"))
    assert rows.total() == 2
    assert rows.locate(1) == (1, 0)
    assert rows.row_of(1) == 1
    assert rows.locate(9) == (2, 0)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("one two three", ["one two ", "three"]),
        ("exactly 10 more", ["exactly 10 ", "more"]),
        ("abcdefghijklmno p", ["abcdefghij", "klmno p"]),
        ("    indented_word_that_is_long", ["    indent", "ed_word_th", "at_is_long"]),
        ("a  b", ["a  b"]),
        ("", [""]),
        ("日本日本日 本日本", ["日本日本日 ", "本日本"]),
        ("x\tab cd", ["x\tab ", "cd"]),
        ("word " * 3 + " " * 30, None),
    ],
)
def test_lines_are_wrapped_at_words(text: str, rows: list[str] | None) -> None:
    starts = [grid.index_at(text, cell) for cell in row_starts(text, 10)]
    parts = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    assert "".join(parts) == text
    assert all(grid.width(part.rstrip()) <= 10 for part in parts)
    if rows is not None:
        assert parts == rows


def test_a_cell_is_found_in_the_row_of_its_word() -> None:
    rows = RowMap(filled("one two three"))
    rows.wrap_at(10)
    assert [rows.part_of(0, cell) for cell in (0, 7, 8, 12)] == [0, 0, 1, 1]


def test_wrapped_lines_take_the_rows_they_need() -> None:
    rows = RowMap(filled("a" * 25 + "\n\n" + "b" * 10 + "\n" + "c" * 11))
    rows.wrap_at(10)
    assert rows.total() == 3 + 1 + 1 + 2
    assert [rows.locate(row) for row in range(8)] == [
        (0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (3, 0), (3, 1), (4, 0),
    ]  # fmt: skip
    assert [rows.row_of(number) for number in range(4)] == [0, 3, 4, 5]


def test_wrapping_agrees_with_itself_over_many_blocks() -> None:
    buffer = OutputBuffer(limit_bytes=400_000)
    for number in range(40_000):
        buffer.append("stdout", (f"{number} " * (1 + number % 7) + "\n").encode())
    rows = RowMap(buffer)
    rows.wrap_at(12)
    assert buffer.first_line > 0
    for number in range(buffer.first_line, buffer.end_line, 997):
        assert rows.locate(rows.row_of(number)) == (number, 0)
    last = buffer.end_line - 1
    assert rows.total() == rows.row_of(last) + rows.rows_of_line(last)


def test_find_goes_down_and_round_the_end_without_regard_to_case() -> None:
    buffer = filled("Loss 1\nother\nloss 2\nLOSS 3")
    assert find(buffer, "loss", (0, 0)) == (0, 0)
    assert find(buffer, "loss", (0, 4)) == (2, 0)
    assert find(buffer, "loss", (2, 4)) == (3, 0)
    assert find(buffer, "loss", (3, 4)) == (0, 0)
    assert find(buffer, "nothing", (0, 0)) is None
    assert find(buffer, "", (0, 0)) is None


def test_find_goes_up_and_round_the_start() -> None:
    buffer = filled("loss 1\nother\nloss 2\nloss 3")
    assert find(buffer, "loss", (3, 4), backwards=True) == (3, 0)
    assert find(buffer, "loss", (3, 0), backwards=True) == (2, 0)
    assert find(buffer, "loss", (0, 0), backwards=True) == (3, 0)


def test_find_reaches_every_block() -> None:
    buffer = OutputBuffer()
    buffer.append("stdout", "".join(f"{number}.\n" for number in range(60_000)).encode())
    assert find(buffer, "54321.", (10, 0)) == (54_321, 0)
    assert find(buffer, "321.", (54_321, 3)) == (55_321, 2)
    assert find(buffer, "12.", (12, 0), backwards=True) == (59_912, 3)
