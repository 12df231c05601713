"""Character styles packed into one integer, so that a million styled runs stay small.

Bits 0 to 9 are the flags below, then 26 bits of foreground and 26 of background. A colour is 0 for the default, an
index of the 256-colour palette plus 1, or :data:`RGB` plus 24 bits of red, green and blue. Codes are those of ECMA-48
(SGR) and xterm's 256 and direct colours.
"""

from __future__ import annotations

from functools import lru_cache

BOLD, DIM, ITALIC, UNDERLINE, INVERSE, STRIKE = (1 << bit for bit in range(6))
#: Text from stderr.
STDERR = 1 << 6
#: A note of the application.
NOTE = 1 << 7
#: A note that can be clicked.
LINK = 1 << 8
#: A line the user typed for ``input()``.
ECHO = 1 << 9

#: Marks a colour given directly as red, green and blue.
RGB = 1 << 25
_FLAGS = (1 << 10) - 1
_COLOR = (1 << 26) - 1
_FOREGROUND, _BACKGROUND = 10, 36
#: Flags that survive a reset, because they describe the origin of the text.
_ORIGIN = STDERR | NOTE | LINK | ECHO

_SET = {1: BOLD, 2: DIM, 3: ITALIC, 4: UNDERLINE, 7: INVERSE, 9: STRIKE, 21: UNDERLINE}
_CLEAR = {22: BOLD | DIM, 23: ITALIC, 24: UNDERLINE, 27: INVERSE, 29: STRIKE}
_CUBE = (0, 95, 135, 175, 215, 255)


def foreground(style: int) -> int:
    """Return the packed text colour, 0 for the default."""
    return style >> _FOREGROUND & _COLOR


def background(style: int) -> int:
    """Return the packed background colour, 0 for none."""
    return style >> _BACKGROUND & _COLOR


def with_foreground(style: int, color: int) -> int:
    """Return the style with another packed text colour."""
    return style & ~(_COLOR << _FOREGROUND) | color << _FOREGROUND


def with_background(style: int, color: int) -> int:
    """Return the style with another packed background."""
    return style & ~(_COLOR << _BACKGROUND) | color << _BACKGROUND


def rgb(color: int) -> int | None:
    """Return a packed colour as 24 bits, or None for the default and the 16 colours a theme defines.

    The palette from 16 on is xterm's: a 6 x 6 x 6 cube, then 24 greys.
    """
    if color & RGB:
        return color & 0xFFFFFF
    index = color - 1
    if index < 16:
        return None
    if index < 232:
        red, green, blue = _CUBE[(index - 16) // 36], _CUBE[(index - 16) // 6 % 6], _CUBE[(index - 16) % 6]
        return red << 16 | green << 8 | blue
    return (8 + 10 * (index - 232)) * 0x010101


@lru_cache(maxsize=4096)
def apply_sgr(style: int, parameters: str) -> int:
    """Return the style after ``ESC [ parameters m``; unknown codes are ignored."""
    fields = parameters.split(";")
    position = 0
    while position < len(fields):
        field = fields[position]
        position += 1
        if ":" in field:
            style = _apply_colons(style, field.split(":"))
            continue
        code = _number(field)
        if code in (38, 48, 58):
            color, used = _extended(fields[position:])
            position += used
            style = _with_color(style, code, color)
        else:
            style = _apply_code(style, code)
    return style


def _apply_code(style: int, code: int) -> int:
    """Return the style after one plain code."""
    if code == 0:
        return style & _ORIGIN
    if code in _SET:
        return style | _SET[code]
    if code in _CLEAR:
        return style & ~_CLEAR[code]
    if 30 <= code <= 37 or code == 39:
        return with_foreground(style, 0 if code == 39 else code - 29)
    if 40 <= code <= 47 or code == 49:
        return with_background(style, 0 if code == 49 else code - 39)
    if 90 <= code <= 97:
        return with_foreground(style, code - 81)
    if 100 <= code <= 107:
        return with_background(style, code - 91)
    return style


def _apply_colons(style: int, parts: list[str]) -> int:
    """Return the style after a code whose arguments are joined by colons: ``38:2::r:g:b`` or ``4:3``."""
    code = _number(parts[0])
    if code == 4:
        return style & ~UNDERLINE if _number(parts[1]) == 0 else style | UNDERLINE
    if code in (38, 48) and len(parts) > 2:
        direct = parts[1] == "2"
        color, _ = _extended(["2", *parts[-3:]] if direct else ["5", parts[-1]])
        return _with_color(style, code, color)
    return style


def _extended(fields: list[str]) -> tuple[int | None, int]:
    """Parse ``5;n`` or ``2;r;g;b``; return the packed colour, None if invalid, and the number of fields used."""
    if fields and fields[0] == "5" and len(fields) > 1:
        return min(_number(fields[1]), 255) + 1, 2
    if fields and fields[0] == "2" and len(fields) > 3:
        red, green, blue = (min(_number(field), 255) for field in fields[1:4])
        return RGB | red << 16 | green << 8 | blue, 4
    return None, len(fields)


def _with_color(style: int, code: int, color: int | None) -> int:
    """Return the style with the colour set by code 38 or 48; underline colours (58) are ignored."""
    if color is None or code == 58:
        return style
    return with_foreground(style, color) if code == 38 else with_background(style, color)


def _number(field: str) -> int:
    """Return a parameter as a number: 0 if it is empty, as in the standard, -1 if it is invalid."""
    if not field:
        return 0
    return int(field) if field.isascii() and field.isdigit() and len(field) < 6 else -1
