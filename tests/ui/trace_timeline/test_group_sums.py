"""Sums by group over stretches of a row, and what the pointer costs over very many operations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gpuplayground.ui.trace_timeline.density import Intervals
from gpuplayground.ui.trace_timeline.facts import facts_of
from gpuplayground.ui.trace_timeline.group_sums import GroupSums
from gpuplayground.ui.trace_timeline.hits import hit
from gpuplayground.ui.trace_timeline.rows import Picture, picture_of
from tests.ui.trace_timeline.runs import crowded_run


@pytest.mark.parametrize("groups", [1, 7, 6000])
@pytest.mark.parametrize("count", [0, 1, 4095, 4096, 20_000])
def test_the_sums_of_a_stretch_are_those_of_its_parts(groups: int, count: int) -> None:
    generator = np.random.default_rng(count + groups)
    group = generator.integers(0, groups, count)
    weights = generator.integers(0, 10**11, count).astype(np.float64)
    sums = GroupSums(group, weights, groups)
    for start, stop in (np.sort(generator.integers(0, count + 1, 2)).tolist() for _ in range(20)):
        counts, totals = sums.within(slice(start, stop))
        assert counts.tolist() == np.bincount(group[start:stop], minlength=groups).tolist()
        assert totals.tolist() == np.bincount(group[start:stop], weights[start:stop], groups).tolist()


def test_groups_that_no_operation_is_of_are_counted_too() -> None:
    counts, sums = GroupSums(np.zeros(3, np.int64), np.ones(3), 4).within(slice(0, 2))
    assert (counts.tolist(), sums.tolist()) == ([2, 0, 0, 0], [2.0, 0.0, 0.0, 0.0])


class Watched(np.ndarray[Any, Any]):
    """Counts the elements that are taken out of it."""

    taken = 0

    def __getitem__(self, key: Any) -> Any:
        found: Any = super().__getitem__(key)
        if not isinstance(key, slice):
            type(self).taken += np.size(found)
        return found


def watched(column: NDArray[Any]) -> Watched:
    return column.view(Watched)


def test_a_column_of_a_hundred_thousand_kernels_is_told_of_without_looking_at_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The column is all of the row."""
    picture: Picture = picture_of(crowded_run(100_000, 1))
    number = next(number for number, row in enumerate(picture.rows) if row.name.endswith("stream 7"))
    intervals: Intervals = picture.rows[number].intervals
    monkeypatch.setattr(Watched, "taken", 0)
    for name in ("starts", "ends", "refs", "owners", "_busy"):
        setattr(intervals, name, watched(getattr(intervals, name)))
    found = hit(picture, number, picture.start, picture.end - picture.start)
    assert found is not None
    told = facts_of(picture, found)
    assert told.title.startswith("100,000 kernels, ")
    assert len(told.lines) == 5
    assert found.owner == 0
    assert Watched.taken < 50
