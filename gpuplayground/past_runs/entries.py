"""Records of the history: list entries, filters, and the texts they are searched by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gpuplayground.model.benchmarks import Benchmark, Flag, FlagKind
from gpuplayground.model.results import Run, RunRequest, RunState
from gpuplayground.model.samples import DriverInfo, GpuInfo
from gpuplayground.runtime.bench import medians

_MAX_TEXT, _MAX_WORDS = 200, 600
#: Maximum number of search terms; each is searched in every entry.
_MAX_TERMS = 8


class HistoryError(Exception):
    """The history cannot be read or written; the message is a sentence for the user."""


class EntryKind(StrEnum):
    """Kinds of runs in the history."""

    RUN = "run"
    BENCHMARK = "benchmark"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One entry of the history. Times are nanoseconds, ``start_ns`` is ``clock.now_ns()``.

    ``median_ns``, ``low_ns`` and ``high_ns`` are the median of a benchmark and its 95 % confidence interval; None for
    plain runs and sweeps, and the ends also without an interval. ``measured`` is the number of values that a sweep
    measured. ``verdict`` has the kinds of flags, separated by commas; it is empty until the benchmark was judged.
    ``device`` is the GPU's name, if there is one.
    """

    id: int
    run_id: str
    kind: EntryKind
    name: str
    label: str
    start_ns: int
    duration_ns: int
    state: RunState
    summary: str
    device: str = ""
    median_ns: float | None = None
    low_ns: float | None = None
    high_ns: float | None = None
    measured: int = 0
    verdict: str = ""
    pinned: bool = False
    note: str = ""

    @property
    def order(self) -> tuple[bool, int, int]:
        """Sort key, in descending order: pinned entries first, then the newest."""
        return self.pinned, self.start_ns, self.id

    @property
    def verdicts(self) -> tuple[str, ...]:
        """The kinds of flags."""
        return tuple(self.verdict.split(", ")) if self.verdict else ()


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Filter of a list: every word of ``text`` must occur, and the kind must be one of ``kinds``, if there are any."""

    text: str = ""
    kinds: tuple[EntryKind, ...] = ()
    pinned_only: bool = False

    @property
    def terms(self) -> tuple[str, ...]:
        """The words to search."""
        return tuple(clean(self.text).casefold().split()[:_MAX_TERMS])

    @property
    def is_empty(self) -> bool:
        """Whether every entry passes."""
        return not (self.terms or self.kinds or self.pinned_only)


def kind_of(request: RunRequest) -> EntryKind:
    """Return the kind of a request."""
    if request.benchmark is None:
        return EntryKind.RUN
    return EntryKind.BENCHMARK if request.benchmark.sweep is None else EntryKind.SWEEP


def label_of(request: RunRequest) -> str:
    """Return the label shown beside the name: that of the benchmark, with the variable of a sweep."""
    plan = request.benchmark
    if plan is None:
        return ""
    return plan.label if plan.sweep is None else f"{plan.label} · {plan.sweep.variable}"


def device_of(request: RunRequest, gpus: Sequence[GpuInfo]) -> str:
    """Return the name of the first GPU visible to a run: the first in CUDA_VISIBLE_DEVICES, else the machine's."""
    chosen = request.cuda_visible_devices
    if chosen is None:
        return gpus[0].name if gpus else ""
    first = chosen.split(",")[0].strip()
    named = (gpu.name for gpu in gpus if first and (gpu.uuid.startswith(first) or str(gpu.index) == first))
    return next(named, "")


def verdict_of(verdicts: Sequence[Sequence[Flag]]) -> str:
    """Return the distinct kinds of flags of some benchmarks; ``steady`` only if there is no other."""
    kinds = dict.fromkeys(flag.kind.value for flags in verdicts for flag in flags)
    if len(kinds) > 1:
        kinds.pop(FlagKind.STEADY.value, None)
    return ", ".join(kinds)


@dataclass(frozen=True, slots=True)
class Figures:
    """Median and interval of one benchmark; all None without samples, the ends also None without an interval."""

    median_ns: float | None = None
    low_ns: float | None = None
    high_ns: float | None = None


def figures_of(benchmark: Benchmark | None) -> Figures:
    """Return the median of a benchmark and its 95 % confidence interval, if there is one."""
    if benchmark is None or not benchmark.samples_ns:
        return Figures()
    by_size = sorted(benchmark.samples_ns)
    inflated = medians.inflation(benchmark.samples_ns, by_size)
    if not medians.has_interval(len(by_size), inflated):
        return Figures(medians.median(by_size))
    return Figures(medians.median(by_size), *medians.interval(by_size, inflated))


def words_of(request: RunRequest, run: Run, device: str, driver: DriverInfo) -> str:
    """Return the searchable text of a run."""
    versions = (f"{key} {value}" for key, value in run.environment.items() if key not in ("executable", "platform"))
    driver_version = f"driver {driver.driver_version}" if driver.driver_version else ""
    parts = (run.name, label_of(request), run.summary[:_MAX_TEXT], run.state.value, kind_of(request).value, device,
             *versions, driver_version, request.path or "")  # fmt: skip
    return _folded(*parts)


def remarks_of(verdict: str, note: str) -> str:
    """Return the searchable text that can change later: the verdict and the user's note."""
    return _folded(verdict, note)


def clean(text: str) -> str:
    """Return text that SQLite can store: a lone surrogate becomes a question mark, NUL a space."""
    return text.encode("utf-8", "replace").decode().replace("\0", " ")


def short(text: str) -> str:
    """Return text shortened to one line for a list."""
    line = " ".join(clean(text).split())
    return line if len(line) <= _MAX_TEXT else f"{line[: _MAX_TEXT - 1]}…"


def _folded(*parts: str) -> str:
    return clean("\n".join(part for part in parts if part)).casefold()[:_MAX_WORDS]
