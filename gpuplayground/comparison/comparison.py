"""Runs and benchmarks beside one another: who is faster, by how much, and whether that can be told at all.

The interval of a speed-up is that from the ends of both medians' 95 % intervals, see
:func:`gpuplayground.benchmarks.statistics.speed_up`.
It is the widest ratio that both allow, so that it is on the safe side, and it holds 1 exactly where the intervals
overlap: then there is no difference that these samples could show.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from gpuplayground.benchmarks.figures import title
from gpuplayground.benchmarks.statistics import Summary, speed_up, summary
from gpuplayground.comparison.agreement import Agreement, ResultCheck, check_results
from gpuplayground.model.benchmarks import Benchmark, Flag
from gpuplayground.model.result_value import ResultValue
from gpuplayground.model.results import Run, RunState

NOT_CHECKED = ResultCheck(Agreement.NONE)


class SubjectKind(StrEnum):
    """Where the time of a subject comes from."""

    BENCHMARK = "benchmark"
    RUN = "run"


class Difference(StrEnum):
    """How a subject's time stands to the baseline's."""

    BASELINE = "baseline"
    FASTER = "faster"
    SLOWER = "slower"
    NONE = "no difference"
    UNKNOWN = "unknown"  # one of them has no interval, or no time at all


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to compare. Times are nanoseconds: samples in the order they were taken, or one single cold time.

    ``error`` says why there is no time, or that it ended before its work was done: samples that were taken until then
    count all the same, a single time does not. ``start_ns`` is when it was run, in ``clock.now_ns()``, 0 where that is
    not known. ``verdict`` is what was found about a benchmark, ``note`` what a person wrote beside it.
    """

    label: str
    kind: SubjectKind
    samples_ns: tuple[float, ...] = ()
    single_ns: float | None = None
    gpu_busy_ns: float | None = None
    result: ResultValue | None = None
    error: str = ""
    start_ns: int = 0
    #: No part of its identity: a benchmark is the same before and after it was judged, or got a note.
    verdict: tuple[Flag, ...] = field(default=(), compare=False)
    note: str = field(default="", compare=False)

    @classmethod
    def of_benchmark(cls, benchmark: Benchmark, label: str = "") -> Subject:
        """Return a benchmark as a subject."""
        return cls(
            label=title(replace(benchmark, label=label or benchmark.label)),
            kind=SubjectKind.BENCHMARK,
            samples_ns=benchmark.samples_ns,
            gpu_busy_ns=benchmark.gpu_busy_ns,
            result=benchmark.result,
            error=benchmark.error,
            start_ns=benchmark.start_ns,
            verdict=benchmark.verdict,
        )

    @classmethod
    def of_run(cls, run: Run, label: str = "", note: str = "") -> list[Subject]:
        """Return the benchmarks of a run or, where it has none, what its statements cost once.

        Imports are left out: what they cost says nothing about the snippet. A run that did not finish has how it ended
        as its error: its time is that of a part of the work.
        """
        if run.benchmarks:
            found = [cls.of_benchmark(benchmark, label) for benchmark in run.benchmarks]
            # What failed before its first sample has no time of its own.
            return [replace(each, start_ns=each.start_ns or run.start_ns, note=note) for each in found]
        work = [timing for timing in run.timings if not timing.is_import]
        times = [max(timing.wall_ns, timing.synced_ns or 0) for timing in work]
        traced = [timing.gpu.busy_ns for timing in work if timing.gpu is not None]
        plain = cls(
            label=label or run.name,
            kind=SubjectKind.RUN,
            single_ns=float(sum(times)) if times else None,
            gpu_busy_ns=float(sum(traced)) if traced else None,
            result=run.result,
            error="" if run.state is RunState.FINISHED else run.summary or run.state.value,
            start_ns=run.start_ns,
            note=note,
        )
        if not times and not plain.error:
            plain = replace(plain, error="No statement was timed in this run.")
        return [plain]


@dataclass(frozen=True, slots=True)
class Row:
    """A subject with its times, and how it stands to the baseline.

    ``name`` is its label or, where others have the same one, what tells it from these. ``times`` is None for a single
    run and where there is no time. ``speed_up`` is above 1 where the subject is faster
    than the baseline.
    """

    subject: Subject
    name: str
    times: Summary | None = None
    difference: Difference = Difference.UNKNOWN
    speed_up: float | None = None
    speed_up_low: float | None = None
    speed_up_high: float | None = None
    result: ResultCheck = NOT_CHECKED

    @property
    def is_baseline(self) -> bool:
        """Whether the others are compared with this one."""
        return self.difference is Difference.BASELINE

    @property
    def median_ns(self) -> float | None:
        """The median, the single time of a run, or None where there is neither."""
        return self.subject.single_ns if self.times is None else self.times.median

    @property
    def is_comparable(self) -> bool:
        """Whether the time is one of the whole work: there is one, and a single run finished."""
        return bool(self.median_ns) and (self.times is not None or not self.subject.error)

    @property
    def interval_ns(self) -> tuple[float, float] | None:
        """The 95 % interval of the median, or None where there is none: of a single run and of too few samples."""
        return (self.times.low, self.times.high) if self.times is not None and self.times.has_interval else None

    @property
    def half_width(self) -> float | None:
        """Half the interval relative to the median, or None where there is none."""
        return self.times.half_width if self.times is not None and self.times.has_interval else None

    @property
    def remark(self) -> str:
        """What must be known about the time, or an empty text."""
        if self.subject.error or self.median_ns is None:
            return self.subject.error or "no time"
        if self.times is None:
            return "single run, no interval"
        if self.times.lacks_samples:
            return f"{self.times.count:,} samples are too few for an interval"
        if not self.times.has_interval:
            return f"{self.times.count:,} samples that may depend on each other, no interval"
        return ""


def compare(subjects: Sequence[Subject], baseline_index: int = 0) -> tuple[Row, ...]:
    """Return a row for each subject, in their order.

    Raises:
        IndexError: there are subjects, but none at ``baseline_index``.
    """
    if not subjects:
        return ()
    rows = [
        Row(subject, name, summary(subject.samples_ns) if subject.samples_ns else None)
        for subject, name in zip(subjects, distinct_names(subjects), strict=True)
    ]
    baseline = rows[baseline_index]
    return tuple(
        replace(
            replace(row, difference=Difference.BASELINE) if number == baseline_index else _beside(row, baseline),
            result=check_results(baseline.subject.result, row.subject.result),
        )
        for number, row in enumerate(rows)
    )


def _beside(row: Row, baseline: Row) -> Row:
    """Return the row with its speed-up, as far as both can be compared, and what can be said about the difference."""
    if not (row.is_comparable and baseline.is_comparable and row.median_ns and baseline.median_ns):
        return row
    factor = baseline.median_ns / row.median_ns
    if row.times is None or baseline.times is None or row.interval_ns is None or baseline.interval_ns is None:
        return replace(row, speed_up=factor)
    found = speed_up(baseline.times, row.times)
    differs = Difference.FASTER if found.ratio > 1 else Difference.SLOWER
    return replace(
        row,
        speed_up=found.ratio,
        speed_up_low=found.low,
        speed_up_high=found.high,
        difference=differs if found.is_difference else Difference.NONE,
    )


def distinct_names(subjects: Sequence[Subject]) -> tuple[str, ...]:
    """Return a name for each subject: its label and, where several have the same one, what tells them apart.

    That is a note that no other of them has, else when it was run; a number where that is the same too.
    """
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for number, subject in enumerate(subjects):
        alike[subject.label].append(number)
    names = [subject.label for subject in subjects]
    for label, numbers in alike.items():
        if len(numbers) > 1:
            for number, words in zip(
                numbers, _distinguishing_words([subjects[number] for number in numbers]), strict=True
            ):
                names[number] = f"{label} · {words}" if words else label
    return _with_numbers(names)


def _distinguishing_words(subjects: Sequence[Subject]) -> list[str]:
    """Return the words that tell subjects of one label apart, as far as there are any."""
    notes = Counter(subject.note for subject in subjects)
    times = _moments({subject.start_ns for subject in subjects if subject.start_ns})
    return [
        subject.note if subject.note and notes[subject.note] == 1 else times.get(subject.start_ns, "")
        for subject in subjects
    ]


def _moments(starts_ns: set[int]) -> dict[int, str]:
    """Return dates where they are of different days, else times of day; finer ones where those are the same."""
    moments = {start_ns: datetime.fromtimestamp(start_ns / 1e9).astimezone() for start_ns in starts_ns}
    day = "%d %b %Y" if len({moment.year for moment in moments.values()}) > 1 else "%d %b"
    dated = [day, f"{day}, %H:%M", f"{day}, %H:%M:%S"]
    has_days = len({moment.date() for moment in moments.values()}) > 1
    words: dict[int, str] = {}
    for pattern in dated if has_days else ["%H:%M", "%H:%M:%S"]:
        texts = {start_ns: moment.strftime(pattern) for start_ns, moment in moments.items()}
        words = {start_ns: text.lstrip("0") if has_days else text for start_ns, text in texts.items()}
        if len(set(words.values())) == len(words):
            break
    return words


def _with_numbers(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names with a number behind each that was there before."""
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(numbered)
