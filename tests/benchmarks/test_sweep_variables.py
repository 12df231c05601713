"""Which variables a sweep is offered for."""

from __future__ import annotations

import pytest

from gpuplayground.benchmarks.sweep_variables import Assignments, number_variables

SNIPPET = """\
import cupy as cp
n = 2**20
name = "add"
m: int = 4096
a, b = 1, 2
x = cp.ones(n)
scale = -0.5
n = 1024
# %%
k = 3
"""


def names(before_line: int | None = None, source: str = SNIPPET) -> list[str]:
    return [variable.name for variable in number_variables(source, before_line)]


def test_simple_assignments_of_a_number_are_offered() -> None:
    assert names() == ["m", "a", "b", "scale", "n", "k"]


def test_what_stands_in_the_body_or_below_is_not_offered() -> None:
    assert names(before_line=9) == ["m", "a", "b", "scale", "n"]
    assert names(before_line=3) == ["n"]


def test_of_a_name_the_last_assignment_counts() -> None:
    last = {variable.name: (variable.text, variable.line) for variable in number_variables(SNIPPET)}
    assert last["n"] == ("1024", 8)
    assert last["scale"] == ("-0.5", 7)


def test_a_snippet_that_does_not_parse_offers_nothing() -> None:
    assert names(source="n = = 2") == []
    assert names(source="") == []


CELLS = """k = 1
n = 100
# %% Fill
rows = [n for n in range(3)]
# %% Again
n = 5
# %% Loop
for n in range(3): pass
# %% Twice
total = n
"""


@pytest.mark.parametrize(
    ("lines", "variable", "refusal"),
    [
        ((3, 4), "n", ""),
        ((3, 4), "k", ""),
        ((3, 4), "rows", "rows is also set in the lines to measure: move that above them"),
        ((1, 2), "n", "n is also set in the lines to measure: move that above them"),
        ((7, 8), "n", "n is also set in the lines to measure: move that above them"),
        ((9, 10), "n", "n is set 3 times above (lines 2 and 6, …): keep one"),
        ((3, 4), "total", "total is not assigned above: set it there, as in total = 1024"),
        ((3, 4), "2n", ""),
    ],
)
def test_lines_that_cannot_be_measured_over_a_variable_say_why(
    lines: tuple[int, int], variable: str, refusal: str
) -> None:
    assert Assignments(CELLS).refusal(*lines, variable) == refusal


def test_of_a_snippet_that_does_not_parse_nothing_is_refused_yet() -> None:
    assert Assignments("n = (").refusal(1, 1, "n") == ""
