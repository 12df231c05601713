"""What can be clicked in a line of output: places in the snippet, and remarks of the application."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gpuplayground.terminal.lines import OutputLine
from gpuplayground.terminal.styles import LINK

_PLACE = re.compile(r'File "(?P<path>[^"]+)", line (?P<line>\d+)')


@dataclass(frozen=True, slots=True)
class Link:
    """Some characters of a line that lead somewhere. Without ``path`` it is a remark that asks for more."""

    start: int
    end: int
    path: str = ""
    line: int = 0


def links_of(line: OutputLine, paths: Mapping[str, str]) -> tuple[Link, ...]:
    """Return the links of a line. ``paths`` are those of the snippet's file: frames of other files lead nowhere."""
    places: tuple[Link, ...] = ()
    if 'File "' in line.text and paths:
        places = tuple(
            Link(match.start(), match.end(), match["path"], int(match["line"]))
            for match in _PLACE.finditer(line.text)
            if match["path"] in paths
        )
    if line.runs and line.runs[0][1] & LINK:
        return (*places, Link(0, len(line.text)))
    return places
