"""What the entries of a list say."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gpuplayground.model.results import RunState
from gpuplayground.past_runs.entries import EntryKind
from gpuplayground.ui.past_runs import entry_text
from tests.ui.past_runs.entries import benchmark, entry

NOW = datetime(2026, 3, 14, 15, 9, 26).astimezone()


def ns(moment: datetime) -> int:
    return round(moment.timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(minutes=5, seconds=59), "5 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=15), "15 h ago"),
        (timedelta(hours=16), "yesterday"),
        (timedelta(hours=39), "yesterday"),
        (timedelta(hours=40), "12 Mar"),
        (timedelta(days=72), "1 Jan"),
        (timedelta(days=74), "Dec 2025"),
    ],
)
def test_times_are_relative_today_and_dates_before(ago: timedelta, text: str) -> None:
    then = (NOW.replace(tzinfo=None) - ago).astimezone()  # by the clock on the wall, whatever the season
    assert entry_text.when(entry(1, start_ns=ns(then)), ns(NOW)) == text


def test_the_figure_is_the_median_the_number_of_values_or_the_time_it_took() -> None:
    assert entry_text.figure(entry(1)) == "3.41 s"
    assert entry_text.figure(benchmark(1)) == "184 µs"
    assert entry_text.half_width(benchmark(1)) == "± 0.54 %"
    sweep = entry(1, kind=EntryKind.SWEEP, measured=17)
    assert entry_text.figure(sweep) == "17 values"
    assert entry_text.half_width(sweep) == entry_text.half_width(entry(1)) == ""
    meaning = "From the first statement to the end of the process, without imports preloaded before the run"
    assert entry_text.figure_meaning(entry(1)) == meaning
    assert "95 % confidence interval 183 µs to 185 µs" in entry_text.figure_meaning(benchmark(1))
    unsure = benchmark(1, low_ns=None, high_ns=None)
    assert entry_text.half_width(unsure) == ""
    assert entry_text.figure_meaning(unsure) == "Median 184 µs, without a confidence interval"
    # A benchmark that measured nothing shows how long that took.
    assert entry_text.figure(benchmark(1, median_ns=None, low_ns=None, high_ns=None)) == "3.41 s"


@pytest.mark.parametrize(
    ("verdict", "state", "shown"),
    [
        ("", RunState.FINISHED, ("", "muted")),
        ("steady", RunState.FINISHED, ("steady", "good")),
        ("noisy", RunState.FINISHED, ("noisy", "warning")),
        ("noisy, launch-bound, capped", RunState.FINISHED, ("noisy, 2 more", "warning")),
        ("steady", RunState.FAILED, ("failed", "error")),
        ("", RunState.STOPPED, ("stopped", "warning")),
        ("", RunState.NOT_STARTED, ("not started", "error")),
    ],
)
def test_the_pill_says_how_it_ended_or_the_verdict(verdict: str, state: RunState, shown: tuple[str, str]) -> None:
    assert entry_text.verdict(benchmark(1, verdict, state=state)) == shown


def test_a_row_is_spoken_as_a_whole() -> None:
    row = benchmark(1, "noisy", pinned=True, note="the reference", start_ns=ns(NOW))
    assert entry_text.spoken(row, ns(NOW)) == (
        "snippet1.py, fused, just now, finished, 184 µs, ± 0.54 %, noisy, NVIDIA H200, pinned, the reference"
    )
