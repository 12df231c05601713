"""Names of the subjects of a comparison."""

from __future__ import annotations

from datetime import datetime

from gpuplayground.comparison.comparison import Subject, SubjectKind, distinct_names


def at(*when: int, label: str = "sum", note: str = "") -> Subject:
    """A subject that was run at year, month, day, hour, minute and second of the local time; at no time known."""
    start_ns = int(datetime(*when).timestamp() * 1e9) if when else 0  # type: ignore[arg-type]  # noqa: DTZ001
    return Subject(label, SubjectKind.BENCHMARK, (1.0,), start_ns=start_ns, note=note)


def test_a_label_of_its_own_is_the_name() -> None:
    assert distinct_names([at(2026, 3, 5, 9, 4, label="sum"), at(2026, 3, 5, 9, 5, label="prod")]) == ("sum", "prod")


def test_labels_that_are_the_same_are_told_apart_by_the_time_of_day() -> None:
    names = distinct_names([at(2026, 3, 5, 9, 4), at(2026, 3, 5, 14, 20), at(2026, 3, 5, 9, 4, label="prod")])
    assert names == ("sum · 09:04", "sum · 14:20", "prod")


def test_seconds_are_added_where_the_minute_is_the_same() -> None:
    names = distinct_names([at(2026, 3, 5, 9, 4, 1), at(2026, 3, 5, 9, 4, 31)])
    assert names == ("sum · 09:04:01", "sum · 09:04:31")


def test_the_date_tells_different_days_apart_and_the_time_those_of_one_day() -> None:
    assert distinct_names([at(2026, 3, 5, 9), at(2026, 3, 14, 9)]) == ("sum · 5 Mar", "sum · 14 Mar")
    assert distinct_names([at(2025, 3, 5, 9), at(2026, 3, 5, 9)]) == ("sum · 5 Mar 2025", "sum · 5 Mar 2026")
    names = distinct_names([at(2026, 3, 5, 9), at(2026, 3, 14, 9), at(2026, 3, 14, 10)])
    assert names == ("sum · 5 Mar, 09:00", "sum · 14 Mar, 09:00", "sum · 14 Mar, 10:00")


def test_a_note_of_its_own_stands_in_place_of_the_time() -> None:
    names = distinct_names([at(2026, 3, 5, 9, note="float16"), at(2026, 3, 5, 10), at(2026, 3, 5, 11)])
    assert names == ("sum · float16", "sum · 10:00", "sum · 11:00")
    assert distinct_names([at(2026, 3, 5, 9, note="x"), at(2026, 3, 5, 10, note="x")]) == ("sum · 09:00", "sum · 10:00")


def test_what_nothing_tells_apart_is_numbered() -> None:
    assert distinct_names([at(), at(), at(2026, 3, 5, 9)]) == ("sum", "sum (2)", "sum · 09:00")
