"""Turns a snippet's output into styled lines as a terminal shows them, in bounded memory."""

from __future__ import annotations

import codecs
import re

from gpuplayground.printable import visible
from gpuplayground.terminal import grid
from gpuplayground.terminal.lines import OutputLine, TailLine
from gpuplayground.terminal.scrollback import Scrollback
from gpuplayground.terminal.styles import ECHO, LINK, NOTE, STDERR, apply_sgr

#: Maximum output kept, in bytes.
LIMIT_BYTES = 5_000_000
#: Maximum number of bytes processed at once, which bounds the time of a step.
PIECE_BYTES = 32_768
#: Number of lines that the cursor can move up to (nested progress bars, live tables).
TAIL_LINES = 48
_LONGEST_SEQUENCE = 4_096
#: Control characters other than tab and line feed; a chunk without them is plain text.
_CONTROLS = bytes(code for code in (*range(32), 127) if code not in (9, 10))
_TOKEN = re.compile(
    r"\x1b\[(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])"  # CSI: colours, movements
    r"|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # OSC: titles, hyperlinks
    r"|\x1b[PX^_][^\x1b\n]*\x1b\\"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]+[0-~]|\x1b[0-OQ-WYZ\\`-~]"  # character sets, saved cursors and the like
    r"|[\x00-\x08\x0a-\x1f\x7f]"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\n]*\x1b?|[ -/]*)\Z")


class _Stream:
    """Decoder state of one stream."""

    __slots__ = ("decoder", "origin", "pending", "style")

    def __init__(self, style: int) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pending = ""
        self.style = self.origin = style


class OutputBuffer:
    """The output of one run. Lines are numbered from 0; those before ``first_line`` were dropped."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self.clear()

    def clear(self) -> None:
        """Remove everything."""
        self.scrollback = Scrollback(self._limit)
        self._tail = [TailLine()]
        self._row = 0
        self._column = 0
        self._streams = {"stdout": _Stream(0), "stderr": _Stream(STDERR)}
        self._missed = 0

    @property
    def first_line(self) -> int:
        """Number of the first line kept."""
        return self.scrollback.first_line

    @property
    def end_line(self) -> int:
        """Number after the last line; an empty line after the last line feed does not count."""
        return self.scrollback.end_line + len(self._tail) - (0 if self._tail[-1].text else 1)

    @property
    def dropped_bytes(self) -> int:
        """Number of bytes written but not kept, without escape sequences."""
        return self.scrollback.dropped_bytes + self._missed

    @property
    def size(self) -> int:
        """Number of bytes kept, including styles."""
        return self.scrollback.size + sum(len(line.text) for line in self._tail)

    @property
    def width(self) -> int:
        """Width of the longest line in cells; an upper bound."""
        return max(self.scrollback.width, *(grid.width(_finished(line).text) for line in self._tail))

    def append(self, stream: str, data: bytes) -> None:
        """Add output from ``stdout`` or ``stderr``; chunks may be split anywhere."""
        for start in range(0, len(data), PIECE_BYTES):
            self._feed(self._streams[stream], data[start : start + PIECE_BYTES])

    def finish(self) -> None:
        """Show incomplete characters and drop incomplete escape sequences at the end of the output."""
        for stream in self._streams.values():
            text = stream.decoder.decode(b"", final=True)
            stream.pending = ""
            if text:
                self._put(text, stream.style)

    def note(self, text: str, *, link: bool = False) -> None:
        """Add a note of the application on a separate line; a link can be clicked."""
        self._to_fresh_line()
        self._interpret(visible(text), NOTE | (LINK if link else 0))
        self._line_feed()

    def echo(self, text: str) -> None:
        """Add the line that the user typed, after the prompt."""
        self._to_end()
        self._put("".join(character for character in text if character >= " "), ECHO)
        self._line_feed()

    def missed(self, count: int) -> None:
        """Count bytes that were dropped before they were appended."""
        self._missed += count

    def line(self, number: int) -> OutputLine:
        """Return a line.

        Raises:
            IndexError: the line does not exist or was dropped.
        """
        row = number - self.scrollback.end_line
        if row < 0:
            return self.scrollback.line(number)
        if row >= len(self._tail):
            raise IndexError(number)
        return _finished(self._tail[row])

    def text(self, start: int, end: int) -> str:
        """Return the lines from ``start`` to ``end``, exclusive, without a final line feed."""
        boundary = self.scrollback.end_line
        parts = [self.scrollback.text(start, min(end, boundary))] if start < boundary else []
        parts += [f"{self.line(number).text}\n" for number in range(max(start, boundary), min(end, self.end_line))]
        return "".join(parts).removesuffix("\n")

    def _feed(self, stream: _Stream, data: bytes) -> None:
        text = stream.decoder.decode(data)
        if b"\r" in data:
            text = text.replace("\r\n", "\n")
        simple = (
            not stream.pending
            and "\r" not in text
            and len(data.translate(None, _CONTROLS)) == len(data.replace(b"\r", b""))
        )
        if simple and stream.origin & ~stream.style and "\n" in text:
            simple = False
        if simple and self._row == len(self._tail) - 1 and self._column >= len(self._tail[-1].text):
            self._append_plain(text, stream.style)
            return
        text, stream.pending = stream.pending + text, ""
        unfinished = _UNFINISHED.search(text)
        if unfinished:
            # If a sequence is too long, only its introducer is kept, because the rest would be dropped anyway.
            stream.pending = unfinished[0] if len(unfinished[0]) < _LONGEST_SEQUENCE else unfinished[0][:2]
            text = text[: unfinished.start()]
        stream.style = self._interpret(text, stream.style, stream.origin)

    def _append_plain(self, text: str, style: int) -> None:
        """Add text without control characters at the end: the fast path for large output."""
        head, feed, rest = text.rpartition("\n")
        if feed:
            first, more, body = head.partition("\n")
            self._tail[-1].write(self._column, first, style)
            self._seal(len(self._tail))
            if more:
                self.scrollback.add(f"{body}\n", [(0, style)] if style else [])
            self._tail, self._row, self._column = [TailLine()], 0, 0
        self._put(rest, style)

    def _interpret(self, text: str, style: int, origin: int = 0) -> int:
        """Add any text and return the style after it."""
        position = 0
        for token in _TOKEN.finditer(text):
            if token.start() > position:
                self._put(text[position : token.start()], style)
            position = token.end()
            if token[0] == "\r":
                style &= ~STDERR  # a line that is overwritten is a progress bar, not an error
            elif token[0] == "\n":
                style |= origin
            final = token["final"]
            if final == "m":
                style = apply_sgr(style, token["parameters"])
            elif final:
                self._control(final, token["parameters"])
            else:
                self._character(token[0])
        self._put(text[position:], style)
        return style

    def _put(self, text: str, style: int) -> None:
        """Write text without control characters at the cursor."""
        if text:
            self._tail[self._row].write(self._column, text, style)
            self._column += len(text)

    def _character(self, character: str) -> None:
        """Apply a control character that moves the cursor; others are dropped."""
        if character in "\n\x0b\x0c":
            self._line_feed()
        elif character == "\r":
            self._column = 0
        elif character == "\b":
            self._column = max(self._column - 1, 0)

    def _control(self, final: str, parameters: str) -> None:
        """Apply a control sequence that moves the cursor or erases; others are dropped."""
        first = parameters.split(";")[0]
        given = int(first) if first.isdigit() and len(first) < 6 else 0
        count = max(given, 1)
        if final in "AF":
            self._up(count)
        elif final in "BE":
            self._row = min(self._row + count, len(self._tail) - 1)
        elif final == "C":
            self._column += count
        elif final == "D":
            self._column = max(self._column - count, 0)
        elif final == "G":
            self._column = count - 1
        elif final in "KJ":
            self._erase(given, below=final == "J")
        if final in "EF":
            self._column = 0

    def _erase(self, part: int, *, below: bool) -> None:
        """Erase from the cursor (0), to the cursor (1), or the whole line (2); ``below`` also erases later lines."""
        if below and part != 0:
            return  # clearing the screen would remove earlier output
        line = self._tail[self._row]
        line.erase(0 if part else self._column, self._column + 1 if part == 1 else len(line.text))
        if below:
            for following in self._tail[self._row + 1 :]:
                following.erase(0, len(following.text))

    def _up(self, count: int) -> None:
        """Move the cursor up, taking lines back from the scrollback if needed."""
        missing = min(count - self._row, TAIL_LINES - len(self._tail))
        if missing > 0:
            lines = self.scrollback.take_back(missing)
            self._tail[:0] = [TailLine(line.text, list(line.runs)) for line in lines]
            self._row += len(lines)
        self._row = max(self._row - count, 0)

    def _line_feed(self) -> None:
        """Move the cursor to the start of the next line."""
        self._row += 1
        self._column = 0
        if self._row == len(self._tail):
            self._tail.append(TailLine())
            if self._row >= TAIL_LINES:
                self._seal(1)
                self._row -= 1

    def _to_end(self) -> None:
        """Move the cursor to the end."""
        self._row = len(self._tail) - 1
        self._column = len(self._tail[-1].text)

    def _to_fresh_line(self) -> None:
        """Move the cursor to an empty line at the end."""
        self._to_end()
        if self._column:
            self._line_feed()

    def _seal(self, count: int) -> None:
        """Move the first lines of the tail to the scrollback."""
        for tail_line in self._tail[:count]:
            line = _finished(tail_line)
            self.scrollback.add(f"{line.text}\n", list(line.runs))
        del self._tail[:count]


def _finished(line: TailLine) -> OutputLine:
    """Return a line as shown, with a note about dropped characters."""
    if not line.lost:
        return OutputLine(line.text, tuple(line.runs))
    note = f" … {line.lost:,} more characters of this line were dropped"
    return OutputLine(line.text + note, (*line.runs, (len(line.text), NOTE)))
