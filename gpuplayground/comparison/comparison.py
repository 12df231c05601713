"""Compares runs and benchmarks: which is faster, by how much, and whether the difference is significant.

The interval of a speed-up follows from the ends of both medians' 95 % intervals, see
:func:`gpuplayground.benchmarks.statistics.speed_up`. It is the widest ratio they allow, which is conservative. It
contains 1 exactly when the intervals overlap; then these samples show no difference.
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
    """Source of a subject's time."""

    BENCHMARK = "benchmark"
    RUN = "run"


class Difference(StrEnum):
    """How a subject's time compares with the baseline's."""

    BASELINE = "baseline"
    FASTER = "faster"
    SLOWER = "slower"
    NONE = "no difference"
    UNKNOWN = "unknown"  # one of the two has no interval or no time


@dataclass(frozen=True, slots=True)
class Subject:
    """One run or benchmark to compare. Times are nanoseconds: samples in sampling order, or a single cold time.

    ``error`` says why there is no time, or that the run ended early; samples taken until then still count, a single
    time does not. ``start_ns`` is ``clock.now_ns()`` at its start, 0 if unknown. ``verdict`` has the findings about a
    benchmark, ``note`` is the user's note.
    """

    label: str
    kind: SubjectKind
    samples_ns: tuple[float, ...] = ()
    single_ns: float | None = None
    gpu_busy_ns: float | None = None
    result: ResultValue | None = None
    error: str = ""
    start_ns: int = 0
    #: Not part of its identity: a benchmark stays the same when it gets a verdict or a note.
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
        """Return the benchmarks of a run, or the total time of its statements if it has none.

        Imports are left out because their cost says nothing about the snippet. The error of an unfinished run says
        how it ended, because its time covers only part of the work.
        """
        if run.benchmarks:
            found = [cls.of_benchmark(benchmark, label) for benchmark in run.benchmarks]
            # A benchmark that failed before its first sample has no start time.
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
    """A subject with its times and its comparison with the baseline.

    ``name`` is its label, made unique among the rows. ``times`` is None for a single run and without a time.
    ``speed_up`` is above 1 if the subject is faster than the baseline.
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
        """Whether this row is the baseline."""
        return self.difference is Difference.BASELINE

    @property
    def median_ns(self) -> float | None:
        """The median, or the single time of a run; None without a time."""
        return self.subject.single_ns if self.times is None else self.times.median

    @property
    def is_comparable(self) -> bool:
        """Whether there is a time that covers the whole work: a single run must have finished."""
        return bool(self.median_ns) and (self.times is not None or not self.subject.error)

    @property
    def interval_ns(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of the median; None for a single run or too few samples."""
        return (self.times.low, self.times.high) if self.times is not None and self.times.has_interval else None

    @property
    def half_width(self) -> float | None:
        """Half the interval relative to the median; None without an interval."""
        return self.times.half_width if self.times is not None and self.times.has_interval else None

    @property
    def remark(self) -> str:
        """A caveat about the time, or an empty string."""
        if self.subject.error or self.median_ns is None:
            return self.subject.error or "no time"
        if self.times is None:
            return "single run, no interval"
        if self.times.lacks_samples:
            return f"{self.times.count:,} samples are too few for an interval"
        if not self.times.has_interval:
            return f"{self.times.count:,} possibly correlated samples, no interval"
        return ""


def compare(subjects: Sequence[Subject], baseline_index: int = 0) -> tuple[Row, ...]:
    """Return one row per subject, in order.

    Raises:
        IndexError: ``baseline_index`` is out of range.
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
    """Return the row with its speed-up and difference, as far as both rows are comparable."""
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
    """Return a unique name for each subject: its label, with a distinguishing suffix if several share it.

    The suffix is a unique note, else the time of the run, else a number.
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
    """Return the note or time that distinguishes each of several subjects with the same label, or an empty string."""
    notes = Counter(subject.note for subject in subjects)
    times = _moments({subject.start_ns for subject in subjects if subject.start_ns})
    return [
        subject.note if subject.note and notes[subject.note] == 1 else times.get(subject.start_ns, "")
        for subject in subjects
    ]


def _moments(starts_ns: set[int]) -> dict[int, str]:
    """Return a text for each time: dates if the days differ, else times of day, as fine as needed to differ."""
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
    """Return the names with a number appended to repeated ones."""
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(numbered)
