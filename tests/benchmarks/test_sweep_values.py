"""The values of a sweep as people write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuplayground.benchmarks.sweep_values import MAX_VALUES, SweepError, parse_sweep
from gpuplayground.model.benchmarks import SweepPlan


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("n = 2**3 .. 2**6", (8, 16, 32, 64)),
        ("n=2**3..2**6 x4", (8, 32)),
        ("n = 10 .. 1000 ×10", (10, 100, 1000)),
        ("n = 3 .. 25", (3, 6, 12, 24)),
        ("n = 1 .. 5 x1.3", (1, 2, 3, 4, 5)),
        ("n = 0x10 .. 0x40", (16, 32, 64)),
        ("n = 1000 .. 5000 step 2000", (1000, 3000, 5000)),
        ("n = -1 .. 1 step 1", (-1, 0, 1)),
        ("x = 0.1 .. 0.5 step 0.1", (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("n = 1e3, 1<<4, 1_000 * 2, 7 // 2", (1000, 16, 2000, 3)),
        ("x = 1.0, 0.5,", (1.0, 0.5)),
        ("n = 4096", (4096,)),
    ],
)
def test_ranges_and_lists_are_understood(text: str, values: tuple[int | float, ...]) -> None:
    sweep = parse_sweep(text)
    assert sweep == SweepPlan(text[0], values)
    assert [type(value) for value in sweep.values] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("n", "“n” is not a sweep"),
        ("n =", "is not a sweep"),
        ("n = ,", "“n = ,” is not a sweep"),
        ("n = , ,,", "is not a sweep"),
        ("n = 1 | 2", "“1 | 2” is not a number"),
        ("n = 1 .. 2**62 step 5e-324", "more than 1000 values"),
        ("2n = 1, 2", "“2n” is not a variable name"),
        ("for = 1, 2", "“for” is not a variable name"),
        ("n = one, two", "“one” is not a number"),
        ("n = f(2) .. 8", "“f(2)” is not a number"),
        ("n = 1 / 0", "“1 / 0” is not a number"),
        ("n = 1.5 << 2", "is not a number"),
        ("n = 'a', 'b'", "is not a number"),
        ("n = True, False", "is not a number"),
        ("n = 8 .. 2", "below its start 8"),
        ("n = 0 .. 8", "must start above zero"),
        ("n = 1 .. 8 x1", "The factor is 1, but it must be above 1"),
        ("n = 1 .. 8 step 0", "The step is 0, but it must be above zero"),
        ("n = 1 .. 5000 step 1", "more than 1000 values"),
        ("n = 1 .. 2**62 x1.01", "more than 1000 values"),
        (f"n = {', '.join(['1'] * 1001)}", "more than 1000 values"),
        ("n = 2**64", "is too large"),
        ("n = 9**9**9**9", "is too large"),
        ("n = 1 << 10**12", "is too large"),
        (f"n = {'(' * 500}1{')' * 500}", "is not a number"),
    ],
)
def test_what_is_no_sweep_is_refused_in_one_sentence(text: str, words: str) -> None:
    with pytest.raises(SweepError) as refusal:
        parse_sweep(text)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).endswith(".")


NUMBERS = st.sampled_from(["0", "1", "7", "2**62", "2**63", "5e-324", "1e308", "0.1", "-3", "n", "", "1e400", "1 / 0"])
PARTS = st.lists(NUMBERS | st.sampled_from([" .. ", " step ", " x", ",", "+", "|", "(", " "]), max_size=8)


@given(PARTS.map("".join) | st.text(max_size=12))
def test_whatever_is_typed_is_a_sweep_with_values_or_refused(text: str) -> None:
    with suppress(SweepError):
        assert 1 <= len(parse_sweep(f"n = {text}").values) <= MAX_VALUES
