"""Where the axis of the values has its marks."""

from __future__ import annotations

from gpuplayground.ui.sweep.chart_frame import value_marks
from gpuplayground.ui.widgets.chart_axis import Axis, padded


def test_few_values_are_marked_themselves_and_many_by_round_numbers() -> None:
    three = Axis(*padded(1, 3, 0.03, log=True), 0, 600, log=True)
    assert [text for _, text in value_marks(three, (3, 1, 2, 3), 600)] == ["1", "2", "3"]
    powers = [float(2**power) for power in range(10, 27)]
    many = Axis(*padded(powers[0], powers[-1], 0.03, log=True), 0, 600, log=True)
    assert [value for value, _ in value_marks(many, powers, 600)] == powers[::2]
