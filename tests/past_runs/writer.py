"""A process that keeps runs: ``python -m tests.past_runs.writer FILE FIRST COUNT``.

It says the number of each run once that is kept, a line each; a COUNT of 0 goes on until it is killed.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from gpuplayground.past_runs.store import HistoryStore
from tests.past_runs.runs_to_keep import plain, trace


def main() -> None:
    """Keep runs, each with a trace of its own."""
    path, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    store = HistoryStore(path, busy_s=60.0)
    operations = trace(2000)
    for number in itertools.islice(itertools.count(first), count or None):
        store.add(plain(number, trace=operations))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
