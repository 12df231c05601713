"""What is in view, and the ticks along it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuplayground.ui.trace_timeline.axis import LEAST_SPAN_NS, View, exact, ticks


def view(length: float = 3e9) -> View:
    made = View()
    made.set_whole(0.0, length)
    return made


@given(st.floats(0.2, 0.99), st.floats(0.2, 0.8))
def test_zooming_in_keeps_the_time_under_the_pointer(factor: float, share: float) -> None:
    shown = view()
    for _ in range(20):
        under = shown.start + share * shown.span
        shown.zoom(factor, share)
        assert shown.start + share * shown.span == pytest.approx(under, abs=1e-3)


@given(st.lists(st.tuples(st.floats(0.01, 100), st.floats(0, 1), st.floats(-2, 2)), max_size=30))
def test_no_zoom_or_pan_leaves_the_run_or_goes_below_ten_nanoseconds(steps: list[tuple[float, float, float]]) -> None:
    shown = view()
    low, high = shown.whole
    for factor, share, by in steps:
        shown.zoom(factor, share)
        shown.pan(by)
        assert LEAST_SPAN_NS <= shown.span <= (high - low) * (1 + 1e-12)
        assert low - 1e-3 <= shown.start
        assert shown.end <= high + 1e-3


@given(st.floats(1e-9, 1), st.floats(0, 1), st.integers(60, 3000))
def test_ticks_lie_in_sight_in_ascending_order_and_are_told_apart(factor: float, share: float, width: int) -> None:
    shown = view()
    shown.zoom(factor, share)
    marks = ticks(shown, width)
    assert len(marks.times) == len(marks.labels) <= width / 60 + 2
    assert list(marks.times) == sorted(set(marks.times))
    assert len(set(marks.labels)) == len(marks.labels)
    assert all(shown.start - 1 <= moment <= shown.end + 1 for moment in marks.times)


def test_ticks_are_named_in_the_unit_that_suits_them() -> None:
    shown = view(3e9)
    assert ticks(shown, 700).labels[:3] == ("0", "0.5 s", "1.0 s")
    shown.show(1.5265e9, 1.5285e9)
    assert "1.5270 s" in ticks(shown, 700).labels


def test_far_in_the_ticks_count_from_a_moment_that_is_named_once() -> None:
    shown = view(3e9)
    shown.zoom(1e-7, 0.4)
    marks = ticks(shown, 1200)
    assert marks.base.endswith(" s")
    assert all(label.startswith("+") and label.endswith(" ns") for label in marks.labels)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0 ns"), (845, "845 ns"), (245_312, "245.312 µs"), (22e6, "22.000000 ms"), (1_234_567_890, "1.234567890 s")],
)
def test_a_time_is_given_to_the_nanosecond(nanoseconds: float, text: str) -> None:
    assert exact(nanoseconds) == text
