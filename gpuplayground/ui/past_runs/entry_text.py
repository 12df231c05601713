"""The texts and colour roles of a history entry: time, figure, state and verdict."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from gpuplayground.model.benchmarks import FlagKind
from gpuplayground.model.results import RunState
from gpuplayground.past_runs.entries import EntryKind, HistoryEntry
from gpuplayground.units import duration, significant

_ROLES = {RunState.FINISHED: "good", RunState.STOPPED: "warning"}
_MINUTE_S, _HOUR_S = 60, 3600


def state_role(entry: HistoryEntry) -> str:
    """Return the colour role of how a run ended."""
    return _ROLES.get(entry.state, "error")


def when(entry: HistoryEntry, now_ns: int) -> str:
    """Return when a run started: relative if today, ``yesterday``, else the day, or month and year."""
    age_s = (now_ns - entry.start_ns) // 1_000_000_000
    start, now = _local(entry.start_ns), _local(now_ns)
    if start.date() == now.date():
        if age_s < _MINUTE_S:
            return _tr("just now")
        if age_s < _HOUR_S:
            return _tr("{0} min ago").format(age_s // _MINUTE_S)
        return _tr("{0} h ago").format(age_s // _HOUR_S)
    if start.date() == (now - timedelta(days=1)).date():
        return _tr("yesterday")
    pattern = "d MMM" if start.year == now.year else "MMM yyyy"
    return QLocale().toString(_qt(entry.start_ns), pattern)


def full_time(entry: HistoryEntry) -> str:
    """Return the start date and time to the second."""
    return QLocale().toString(_qt(entry.start_ns), "d MMM yyyy, HH:mm:ss")


def full_time_and_state(entry: HistoryEntry) -> str:
    """Return the start to the second and the state: ``14 Mar 2026, 15:09:26 · failed``."""
    return f"{full_time(entry)} · {_state(entry.state)}"


def figure(entry: HistoryEntry) -> str:
    """Return the main figure: the median of a benchmark, the number of values of a sweep, else the duration."""
    if entry.median_ns is not None:
        return duration(entry.median_ns)
    if entry.kind is EntryKind.SWEEP:
        return _tr("1 value") if entry.measured == 1 else _tr("{0} values").format(entry.measured)
    return duration(entry.duration_ns)


def half_width(entry: HistoryEntry) -> str:
    """Return the half-width of a median's confidence interval as ``± 0.41 %``; empty if there is none."""
    if not entry.median_ns or entry.low_ns is None or entry.high_ns is None:
        return ""
    percent = (entry.high_ns - entry.low_ns) / 2 / entry.median_ns * 100
    return f"± {significant(percent)} %" if percent < 1000 else ""


def figure_meaning(entry: HistoryEntry) -> str:
    """Return an explanation of the figure."""
    if entry.median_ns is not None:
        if entry.low_ns is None or entry.high_ns is None:
            return _tr("Median {0}, without a confidence interval").format(duration(entry.median_ns))
        text = _tr("Median {0}, 95 % confidence interval {1} to {2}")
        return text.format(duration(entry.median_ns), duration(entry.low_ns), duration(entry.high_ns))
    if entry.kind is EntryKind.SWEEP:
        return _tr("Number of values measured in the sweep, which took {0}").format(duration(entry.duration_ns))
    return _tr("From the first statement to the end of the process, without imports preloaded before the run")


def verdict(entry: HistoryEntry) -> tuple[str, str]:
    """Return text and colour role of the pill: the state of a run that did not finish, else its verdict."""
    if entry.state is not RunState.FINISHED:
        return _state(entry.state), state_role(entry)
    first, *others = entry.verdicts or ("",)
    if not first:
        return "", "muted"
    text = _tr("{0}, {1} more").format(first, len(others)) if others else first
    return text, "good" if first == FlagKind.STEADY else "warning"


def verdict_meaning(entry: HistoryEntry) -> str:
    """Return how the run ended and its full verdict."""
    full = _tr("Verdict: {0}").format(", ".join(entry.verdicts)) if entry.verdicts else ""
    return "\n".join(part for part in (entry.summary, full) if part)


def spoken(entry: HistoryEntry, now_ns: int) -> str:
    """Return a row's text for a screen reader."""
    pinned = _tr("pinned") if entry.pinned else ""
    state = _state(entry.state)
    parts = (entry.name, entry.label, when(entry, now_ns), state, figure(entry), half_width(entry), entry.verdict,
             entry.device, pinned, entry.note)  # fmt: skip
    return ", ".join(part for part in parts if part)


def runs(count: int) -> str:
    """Return ``1 run`` or ``1,204 runs``."""
    return _tr("1 run") if count == 1 else _tr("{0} runs").format(f"{count:,}")


def _state(state: RunState) -> str:
    return {
        RunState.FINISHED: _tr("finished"),
        RunState.FAILED: _tr("failed"),
        RunState.STOPPED: _tr("stopped"),
        RunState.NOT_STARTED: _tr("not started"),
    }.get(state, state.value)


def _local(time_ns: int) -> datetime:
    return datetime.fromtimestamp(time_ns / 1e9).astimezone()


def _qt(time_ns: int) -> QDateTime:
    return QDateTime.fromMSecsSinceEpoch(time_ns // 1_000_000)


def _tr(text: str) -> str:
    return QCoreApplication.translate("HistoryPanel", text)
