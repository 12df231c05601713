"""A history of 100,000 runs: opening its file, listing and searching runs, and adding one."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure, report
from gpuplayground.past_runs.store import EntryKind, HistoryFilter, HistoryStore, KeptRun
from tests.past_runs.runs_to_keep import benchmark, plain, sweep

RUNS = 100_000
ROUNDS = 7
#: Target of each query, in milliseconds.
LIMIT_MS = 100.0
_NAMES = ("saxpy.py", "bias_gelu.py", "matmul.py", "softmax.py", "layer_norm.py", "fft.py", "reduce.py", "scan.py")


def fill(path: Path) -> None:
    """Add runs of some files, most of them plain runs, one at a time as the window does."""
    chance = random.Random(7)
    patterns = (plain(1), benchmark(2), sweep(3))
    with HistoryStore(path) as store:
        for number in range(RUNS):
            pattern = chance.choices(patterns, (6, 3, 1))[0]
            store.add(_numbered(pattern, number, chance.choice(_NAMES)))


def measure() -> list[Figure]:
    """Fill a file and report medians."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        fill(path)
        size_kb = path.stat().st_size / RUNS / 1e3
        rare, common = HistoryFilter(f"run{RUNS // 2}"), HistoryFilter("matmul h200")
        last = HistoryFilter("matmul", (EntryKind.BENCHMARK,))
        with HistoryStore(path) as store:
            entries = store.entries(limit=RUNS)
            middle = entries[RUNS // 2]
            return [
                Figure("history of 100,000 runs: open it and show the first page", _open_ms(path), "ms", LIMIT_MS),
                _figure("a word that all but one lack, and their number", lambda: _look(store, rare)),
                _figure("two words that every eighth has, and their number", lambda: _look(store, common)),
                _figure("a word and a kind, and their number", lambda: _look(store, last)),
                _figure("a page from the middle", lambda: store.entries(after=middle)),
                _figure("open one again", lambda: store.get(middle.id)),
                Figure("keep one more run", _add_ms(store), "ms"),
                Figure("size of a run on the disk", size_kb, "kB"),
            ]


def _numbered(kept: KeptRun, number: int, name: str) -> KeptRun:
    run_id = f"run{number}"
    start_ns = kept.run.start_ns + number * 60_000_000_000
    run = replace(kept.run, run_id=run_id, name=name, start_ns=start_ns, summary=f"exit 0 · {run_id}")
    return replace(kept, run=run, request=replace(kept.request, run_id=run_id, name=name))


def _look(store: HistoryStore, wanted: HistoryFilter) -> None:
    store.entries(wanted)
    store.count(wanted)


def _open_ms(path: Path) -> float:
    def once() -> None:
        with HistoryStore(path) as store:
            store.entries()
            store.count()

    return _median_ms(once)


def _add_ms(store: HistoryStore) -> float:
    numbers = iter(range(RUNS, RUNS + 1000))
    return _median_ms(lambda: store.add(_numbered(plain(1), next(numbers), "new.py")), rounds=101)


def _figure(name: str, work: Callable[[], object]) -> Figure:
    return Figure(f"history: {name}", _median_ms(work), "ms", LIMIT_MS)


def _median_ms(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter_ns()
        work()
        times.append(time.perf_counter_ns() - began)
    return statistics.median(times) / 1e6


if __name__ == "__main__":
    report(measure())
