"""Where axes have their marks and what these say."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gpuplayground.ui.widgets.chart_axis import Axis, padded
from gpuplayground.ui.widgets.ticks import (
    about_text,
    duration_tick,
    linear_ticks,
    natural_base,
    power_text,
    power_ticks,
    value_text,
)


def test_linear_marks_are_round() -> None:
    assert linear_ticks(0, 100, 6) == [0, 20, 40, 60, 80, 100]
    assert linear_ticks(7.43e3, 7.71e3, 4) == pytest.approx([7.5e3, 7.6e3, 7.7e3])
    assert linear_ticks(5, 5, 4) == [5]


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e12), st.integers(2, 12))
def test_linear_marks_are_never_too_many_nor_outside(low: float, length: float, most: int) -> None:
    found = linear_ticks(low, low + length, most)
    assert len(found) <= most
    assert all(low - length * 1e-3 <= value <= low + length * 1.001 for value in found)


def test_powers_that_do_not_fit_are_thinned_out_evenly() -> None:
    assert power_ticks(1024, 2.0**26, 5, 2) == [2.0**12, 2.0**16, 2.0**20, 2.0**24]
    assert power_ticks(1, 1000, 10) == [1, 10, 100, 1000]


@given(st.floats(1e-6, 1e6), st.floats(1.01, 1e9), st.integers(2, 12), st.sampled_from([2, 10]))
def test_powers_are_never_too_many_nor_outside(low: float, factor: float, most: int, base: int) -> None:
    found = power_ticks(low, low * factor, most, base)
    assert len(found) <= most
    assert all(low * 0.999 <= value <= low * factor * 1.001 for value in found)


def test_sizes_in_powers_of_two_get_an_axis_of_them() -> None:
    assert natural_base([1024, 2048, 4096]) == 2
    assert natural_base([10, 100, 1000]) == 10
    assert natural_base([]) == natural_base([1]) == 10


def test_powers_are_written_as_by_hand() -> None:
    assert power_text(2.0**17, 2) == "2¹⁷"
    assert power_text(1e6, 10) == "10⁶"
    assert power_text(0.01, 10) == "10⁻²"
    assert (power_text(64, 2), power_text(100, 10)) == ("64", "100")


def test_values_are_powers_of_two_or_numbers_with_separators() -> None:
    assert value_text(2**20) == "2²⁰"
    assert value_text(1_000_000) == "1,000,000"
    assert value_text(0.5) == "0.5"


def test_a_crossing_claims_two_digits_at_most() -> None:
    assert about_text(131_234.0) == "130,000"
    assert about_text(3.14159) == "3.1"
    assert about_text(14.9) == "15"


def test_durations_on_an_axis_have_no_needless_digits() -> None:
    assert [duration_tick(value) for value in (10, 1e4, 2.5e6, 1e9)] == ["10 ns", "10 µs", "2.5 ms", "1 s"]


def test_an_axis_maps_its_ends_to_its_pixels() -> None:
    axis = Axis(1, 100, 0, 200, log=True)
    assert [axis.pixel(value) for value in (0.1, 1, 10, 100, 1e9)] == pytest.approx([0, 0, 100, 200, 200])
    assert Axis(0, 10, 100, 0, log=False).pixel(5) == 50


def test_a_short_logarithmic_axis_has_marks_in_between() -> None:
    assert Axis(900, 6000, 0, 200, log=True).ticks(5) == [1000, 2000, 5000]
    assert len(Axis(7400, 7600, 0, 200, log=True).ticks(5)) >= 2


def test_an_axis_without_extent_is_an_error() -> None:
    with pytest.raises(ValueError, match="No axis"):
        Axis(1, 1, 0, 10, log=False)
    with pytest.raises(ValueError, match="No axis"):
        Axis(0, 1, 0, 10, log=True)


@given(st.floats(1e-6, 1e15), st.floats(1, 1e6), st.booleans())
@example(1.0, 1.0000000000000002, False)
def test_a_padded_range_always_makes_an_axis(low: float, factor: float, log: bool) -> None:
    start, end = padded(low, low * factor, 0.05, log=log)
    assert start < low <= low * factor < end
    Axis(start, end, 0, 1, log=log)
