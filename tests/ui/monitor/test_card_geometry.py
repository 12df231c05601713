"""The layout of cards at every width has no overlaps."""

from __future__ import annotations

import itertools

import pytest

from gpuplayground.ui.monitor.card_geometry import COMPACT_HEIGHT, LEAST_FULL_HEIGHT, geometry


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("width", [260, 300, 340, 400, 470, 700, 1400])
def test_figures_and_chart_do_not_overlap(width: int, compact: bool) -> None:
    place = geometry(width, COMPACT_HEIGHT if compact else LEAST_FULL_HEIGHT, compact=compact)
    areas = [column.area for column in place.columns]
    assert {"utilization", "memory"} <= {column.key for column in place.columns}
    for left, right in itertools.pairwise(areas):
        assert left.right() < right.left()
    assert areas[-1].right() < (place.plot.left() if compact else width)
    assert not any(area.intersects(place.chart) for area in areas)
    assert place.plot.right() < width
    assert place.plot.bottom() < place.height


def test_a_card_of_the_default_width_shows_all_five_figures() -> None:
    for compact in (False, True):
        columns = geometry(470, 150, compact=compact).columns
        assert [column.key for column in columns] == ["utilization", "memory", "temperature", "power", "clock"]
