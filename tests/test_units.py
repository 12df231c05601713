from __future__ import annotations

import pytest

from gpuplayground import units


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (None, "—"),
        (0, "0 ns"),
        (999, "999 ns"),
        (14.83, "14.8 ns"),
        (14.0, "14 ns"),
        (999.7, "1.00 µs"),
        (1240, "1.24 µs"),
        (999_600, "1.00 ms"),
        (545_469_900, "545 ms"),
        (99_950_000, "100 ms"),
        (3_410_000_000, "3.41 s"),
        (125e9, "2 min 5 s"),
    ],
)
def test_a_duration_has_three_significant_digits(nanoseconds: float | None, text: str) -> None:
    assert units.duration(nanoseconds) == text


@pytest.mark.parametrize(("size", "text"), [(None, "—"), (0, "0 B"), (67_108_864, "67.1 MB"), (1.5e11, "150 GB")])
def test_sizes_are_decimal(size: float | None, text: str) -> None:
    assert units.data_size(size) == text


def test_what_is_unknown_is_a_dash_never_a_zero() -> None:
    assert {units.percent(None), units.gibibytes(None), units.whole(None)} == {"—"}
    assert (units.percent(93.4), units.gibibytes(150_754_820_096), units.whole(1979.6)) == ("93", "140.4", "1980")
