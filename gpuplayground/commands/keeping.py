"""Keeping what a command ran in the history that the window shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gpuplayground import paths
from gpuplayground.commands.streams import tell
from gpuplayground.commands.watch import Watch
from gpuplayground.playground.receipt import Receipt
from gpuplayground.playground.results import Run, RunRequest, RunState

#: How long a window may be writing before this run goes without.
_BUSY_S = 2.0


def keep(request: RunRequest, run: Run, receipts: Sequence[Receipt], watch: Watch) -> None:
    """Write a run that is over into the history. Where that fails or it was damaged, one sentence on stderr says so."""
    if run.state is RunState.NOT_STARTED:
        return
    # sqlite3 and numpy: a run that is not kept does without them.
    from gpuplayground.playground.store import HistoryError, HistoryStore, KeptRun

    inventory = watch.inventory
    kept = KeptRun(request, run, tuple(receipts), samples=watch.samples(run))
    if inventory is not None:
        kept = replace(kept, driver=inventory.driver, gpus=inventory.gpus)
    try:
        with HistoryStore(paths.data() / paths.HISTORY_FILE, _BUSY_S) as store:
            store.add(kept)
            if store.notice:
                tell(f"{store.notice}\n")
    except HistoryError as error:
        tell(f"{error} Or use --no-history.\n")
    except (OSError, RuntimeError) as error:
        reason = paths.reason_of(error)
        tell(f"The run is not kept in the history ({reason}): set XDG_DATA_HOME or use --no-history.\n")
