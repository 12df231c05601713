"""Bytes in, lines out, as a terminal would show them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gpuplayground.terminal import styles
from gpuplayground.terminal.buffer import LIMIT_BYTES, OutputBuffer
from gpuplayground.terminal.lines import MAX_LINE
from gpuplayground.terminal.styles import STDERR

RED, GREEN = styles.with_foreground(0, 2), styles.with_foreground(0, 3)


def shown(*chunks: bytes, stream: str = "stdout") -> list[str]:
    """The lines a terminal would show after these chunks."""
    buffer = OutputBuffer()
    for chunk in chunks:
        buffer.append(stream, chunk)
    return lines(buffer)


def lines(buffer: OutputBuffer) -> list[str]:
    return [buffer.line(number).text for number in range(buffer.first_line, buffer.end_line)]


def parts(buffer: OutputBuffer, number: int) -> list[tuple[str, int]]:
    """A line cut where its style changes."""
    line = buffer.line(number)
    edges = [*line.runs, (len(line.text), 0)]
    head = [(line.text[: edges[0][0]], 0)] if edges[0][0] else []
    return head + [(line.text[a:b], style) for (a, style), (b, _) in pairwise(edges)]


def test_text_is_split_into_lines_and_an_unfinished_line_shows() -> None:
    assert shown(b"one\ntwo\n\nthr", b"ee") == ["one", "two", "", "three"]


def test_an_empty_output_has_no_lines() -> None:
    assert shown() == []
    assert shown(b"\n\n") == ["", ""]


def test_a_character_cut_between_two_chunks_arrives_whole() -> None:
    data = "µ█日🚀\n".encode()
    assert shown(*(data[i : i + 1] for i in range(len(data)))) == ["µ█日🚀"]


def test_bytes_that_are_not_utf8_become_replacement_characters() -> None:
    assert shown(b"a\xff\xfeb\n") == ["a\ufffd\ufffdb"]


def test_a_character_never_completed_shows_at_the_end_of_the_run() -> None:
    buffer = OutputBuffer()
    buffer.append("stdout", b"a\xe2\x96")
    buffer.finish()
    assert lines(buffer) == ["a\ufffd"]


def test_each_stream_completes_its_own_characters() -> None:
    buffer = OutputBuffer()
    buffer.append("stdout", "é".encode()[:1])
    buffer.append("stderr", b"x")
    buffer.append("stdout", "é".encode()[1:])
    assert lines(buffer) == ["xé"]


def test_windows_line_ends_are_line_ends_even_when_cut_in_two() -> None:
    assert shown(b"one\r\ntwo\r", b"\nthree") == ["one", "two", "three"]


def test_a_carriage_return_overwrites_the_line() -> None:
    assert shown(b"100 %\r 42") == [" 42 %"]


def test_a_progress_bar_stays_on_one_line() -> None:
    chunks = [f"\r{n:3d}%|{'█' * (n // 10):10s}| {n}/100".encode() for n in range(101)]
    assert shown(*chunks, b"\ndone\n", stream="stderr") == [f"100%|{'█' * 10}| 100/100", "done"]


def test_what_is_written_over_on_stderr_is_progress_and_no_error() -> None:
    buffer = OutputBuffer()
    buffer.append("stderr", b"a warning\n\r  0%|  |\r 50%|# |")
    buffer.append("stderr", b"\r100%|##| done\nTraceback\n")
    for piece in (b"\r1", b"2", b"\n", b"error again\n"):
        buffer.append("stderr", piece)
    marked = {line.text: bool(line.runs and line.runs[0][1] & STDERR) for line in map(buffer.line, range(5))}
    expected = {"a warning": True, "100%|##| done": False, "Traceback": True, "12": False, "error again": True}
    assert marked == expected


def test_nested_progress_bars_stay_on_their_lines() -> None:
    # What tqdm writes for position 1: down a line, the bar, up again.
    chunks = [f"\router {n}/3\n\rinner {n}/3\x1b[A".encode() for n in range(4)]
    assert shown(b"start\n", *chunks, b"\n\nend\n") == ["start", "outer 3/3", "inner 3/3", "end"]


def test_the_cursor_reaches_lines_that_were_already_put_away() -> None:
    assert shown(b"one\ntwo\nthree\n", b"\x1b[2A\rTWO\n", b"\nfour") == ["one", "TWO", "three", "four"]


def test_a_live_table_redraws_itself_in_place() -> None:
    frames = [b"\x1b[3A\x1b[J" + b"".join(b"row %d of %d\n" % (row, n) for row in range(3)) for n in range(50)]
    assert shown(b"\n\n\n", *frames) == ["row 0 of 49", "row 1 of 49", "row 2 of 49"]


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        (b"abc\b\bX", "aXc"),
        (b"abcdef\x1b[3D\x1b[K", "abc"),
        (b"abcdef\x1b[3D\x1b[1K", "    ef"),
        (b"abcdef\x1b[2K", ""),
        (b"abc\x1b[1Gx", "xbc"),
        (b"abc\x1b[2Cx", "abc  x"),
        (b"\x1b[5Aab", "ab"),
    ],
)
def test_the_cursor_moves_and_erases_within_a_line(written: bytes, seen: str) -> None:
    assert shown(b"", written, b"\n") == [seen]


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b]0;a title\x07",
        b"\x1b]8;;https://example.org\x1b\\",
        b"\x1b[?25l",
        b"\x1b[2J",
        b"\x1b[H",
        b"\x1b(B",
        b"\x1b7",
        b"\x1bP+q\x1b\\",
        b"\x07",
        b"\x00",
        b"\x1b[1;2;3q",
    ],
)
def test_what_means_nothing_on_paper_is_dropped_silently(sequence: bytes) -> None:
    assert shown(b"a" + sequence + b"b\n") == ["ab"]
    whole = b"a" + sequence + b"b\n"
    assert shown(*(whole[i : i + 1] for i in range(len(whole)))) == ["ab"]


def test_an_escape_sequence_without_end_does_not_swallow_what_follows_on_other_lines() -> None:
    assert shown(b"\x1b]0;never ended\nnext\n")[-1] == "next"


def test_a_title_of_a_million_characters_is_dropped_in_bounded_memory() -> None:
    buffer = OutputBuffer()
    buffer.append("stdout", b"\x1b]0;" + b"t" * 1_000_000)
    buffer.append("stdout", b"\x07visible\n")
    assert lines(buffer) == ["visible"]


def test_colours_hold_until_reset() -> None:
    buffer = OutputBuffer()
    buffer.append("stdout", b"a \x1b[31mred\x1b[0m b\n\x1b[32mgreen\nstill\x1b[m off\n")
    assert parts(buffer, 0) == [("a ", 0), ("red", RED), (" b", 0)]
    assert parts(buffer, 1) == [("green", GREEN)]
    assert parts(buffer, 2) == [("still", GREEN), (" off", 0)]


def test_a_colour_cut_between_two_chunks_holds() -> None:
    buffer = OutputBuffer()
    for chunk in (b"\x1b", b"[3", b"1", b"mred\n"):
        buffer.append("stdout", chunk)
    assert parts(buffer, 0) == [("red", RED)]


def test_plain_text_after_an_open_colour_is_coloured_on_the_fast_path_too() -> None:
    buffer = OutputBuffer()
    buffer.append("stdout", b"\x1b[31m")
    buffer.append("stdout", b"one\ntwo\nthree")
    assert [parts(buffer, n) for n in range(3)] == [[("one", RED)], [("two", RED)], [("three", RED)]]
    buffer.append("stdout", b"\x1b[0m\nfour\n")
    assert parts(buffer, 3) == [("four", 0)]


def test_stderr_is_told_apart_on_the_same_line_and_keeps_its_own_colours() -> None:
    buffer = OutputBuffer()
    buffer.append("stdout", b"out \x1b[31m")
    buffer.append("stderr", b"err ")
    buffer.append("stdout", b"red\n")
    assert parts(buffer, 0) == [("out ", 0), ("err ", styles.STDERR), ("red", RED)]


def test_overwriting_a_coloured_line_keeps_the_colours_of_what_remains() -> None:
    buffer = OutputBuffer()
    buffer.append("stdout", b"\x1b[31mredred\x1b[32mgreen\x1b[0m\rXY\n")
    assert parts(buffer, 0) == [("XY", 0), ("dred", RED), ("green", GREEN)]


def test_the_last_five_megabytes_are_kept_and_the_rest_is_counted() -> None:
    buffer = OutputBuffer()
    written = 0
    for start in range(0, 1_000_000, 10_000):
        data = "".join(f"{number}\n" for number in range(start, start + 10_000)).encode()
        written += len(data)
        buffer.append("stdout", data)
    kept = buffer.text(buffer.first_line, buffer.end_line) + "\n"
    assert LIMIT_BYTES - 200_000 < len(kept) <= LIMIT_BYTES
    assert buffer.size == len(kept)
    assert buffer.dropped_bytes == written - len(kept)
    assert buffer.end_line == 1_000_000
    assert buffer.line(999_999).text == "999999"
    assert buffer.line(buffer.first_line).text == str(buffer.first_line)
    with pytest.raises(IndexError):
        buffer.line(buffer.first_line - 1)


@pytest.mark.parametrize("piece", [b"\n" * 100_000, b"\x1b[31ma\x1b[32mb\n" * 20_000, "日本\n".encode() * 30_000])
def test_memory_is_bounded_whatever_is_printed(piece: bytes) -> None:
    buffer = OutputBuffer(limit_bytes=500_000)
    for _ in range(12):
        buffer.append("stdout", piece)
        assert buffer.size <= 500_000
    assert buffer.dropped_bytes > 0


def test_a_line_of_a_hundred_megabytes_is_cut_with_a_note() -> None:
    buffer = OutputBuffer()
    for _ in range(100):
        buffer.append("stdout", b"x" * 1_000_000)
    buffer.append("stdout", b"\nnext\n")
    text = buffer.line(0).text
    assert text.startswith("x" * MAX_LINE + " … ")
    assert "99,900,000 more characters" in text
    assert buffer.line(1).text == "next"
    assert buffer.size < 2 * MAX_LINE


def test_a_note_stands_on_a_line_of_its_own_between_what_the_snippet_wrote() -> None:
    buffer = OutputBuffer()
    buffer.append("stdout", b"no line end")
    buffer.note("exit 0")
    buffer.append("stdout", b"late\n")
    assert lines(buffer) == ["no line end", "exit 0", "late"]
    assert parts(buffer, 1) == [("exit 0", styles.NOTE)]


def test_an_entered_line_is_echoed_where_the_prompt_ended() -> None:
    buffer = OutputBuffer()
    buffer.append("stdout", b"name? ")
    buffer.echo("Ada")
    buffer.append("stdout", b"hello Ada\n")
    assert lines(buffer) == ["name? Ada", "hello Ada"]
    assert parts(buffer, 0) == [("name? ", 0), ("Ada", styles.ECHO)]


def test_text_of_some_lines_is_exact_across_blocks_and_the_tail() -> None:
    buffer = OutputBuffer()
    expected = [f"line {number}" for number in range(30_000)]
    buffer.append("stdout", "\n".join(expected).encode())
    assert buffer.text(0, 30_000) == "\n".join(expected)
    assert buffer.text(12_345, 25_000) == "\n".join(expected[12_345:25_000])
    assert buffer.text(29_999, 30_000) == "line 29999"


def test_clearing_forgets_lines_colours_and_counts() -> None:
    buffer = OutputBuffer(limit_bytes=1000)
    buffer.append("stdout", b"\x1b[31m" + b"x\n" * 100_000)
    buffer.clear()
    buffer.append("stdout", b"fresh\n")
    assert lines(buffer) == ["fresh"]
    assert parts(buffer, 0) == [("fresh", 0)]
    assert buffer.dropped_bytes == 0
