"""Select Graphic Rendition, packed into integers."""

from __future__ import annotations

import pytest

from gpuplayground.terminal.styles import (
    BOLD,
    DIM,
    INVERSE,
    ITALIC,
    RGB,
    STDERR,
    STRIKE,
    UNDERLINE,
    apply_sgr,
    background,
    foreground,
    rgb,
)


@pytest.mark.parametrize(
    ("parameters", "flags"),
    [("1", BOLD), ("2", DIM), ("3", ITALIC), ("4", UNDERLINE), ("4:3", UNDERLINE), ("7", INVERSE), ("9", STRIKE)],
)
def test_each_attribute_is_set_and_reset(parameters: str, flags: int) -> None:
    style = apply_sgr(0, parameters)
    assert style == flags
    assert apply_sgr(style, "") == apply_sgr(style, "0") == 0


def test_bold_and_dim_end_together() -> None:
    assert apply_sgr(apply_sgr(0, "1;2;4"), "22") == UNDERLINE


@pytest.mark.parametrize(
    ("parameters", "color"),
    [
        ("31", 2),
        ("97", 16),
        ("38;5;208", 209),
        ("38;2;200;80;255", RGB | 0xC850FF),
        ("38:2::200:80:255", RGB | 0xC850FF),
        ("38:5:208", 209),
    ],
)
def test_colours_of_16_of_256_and_true_colour(parameters: str, color: int) -> None:
    assert foreground(apply_sgr(0, parameters)) == color
    assert foreground(apply_sgr(apply_sgr(0, parameters), "39")) == 0


def test_background_and_foreground_are_apart() -> None:
    style = apply_sgr(0, "1;31;44")
    assert (foreground(style), background(style), style & BOLD) == (2, 5, BOLD)
    assert background(apply_sgr(style, "49")) == 0
    assert background(apply_sgr(0, "104")) == 13


@pytest.mark.parametrize("parameters", ["38", "38;5", "38;2;1;2", "999", "4;x", "?25", "58;5;9", "38;7;1"])
def test_nonsense_changes_no_colour(parameters: str) -> None:
    assert foreground(apply_sgr(0, parameters)) == 0


def test_a_reset_keeps_where_the_text_came_from() -> None:
    assert apply_sgr(STDERR | BOLD, "0") == STDERR


def test_the_palette_beyond_16_is_that_of_xterm() -> None:
    assert rgb(16 + 1) == 0x000000
    assert rgb(208 + 1) == 0xFF8700
    assert rgb(231 + 1) == 0xFFFFFF
    assert rgb(232 + 1) == 0x080808
    assert rgb(255 + 1) == 0xEEEEEE
    assert rgb(2) is None
