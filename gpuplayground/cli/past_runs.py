"""Keeping what a command ran in the history that the window shows."""

from __future__ import annotations

from dataclasses import replace

from gpuplayground.model.results import RunRequest, RunState
from gpuplayground.model.samples import Inventory
from gpuplayground.receipts.run_observer import ObservedRun
from gpuplayground.standard_streams import tell
from gpuplayground.storage import paths

#: How long a window may be writing before this run goes without.
_BUSY_S = 2.0


def keep(request: RunRequest, observed: ObservedRun, inventory: Inventory | None) -> None:
    """Write a run that is over into the history. Where that fails or it was damaged, one sentence on stderr says so.

    Args:
        request: what was asked for.
        observed: the run, and what was sampled of it.
        inventory: the driver and the GPUs, None where there are none.
    """
    run = observed.run
    if run.state is RunState.NOT_STARTED:
        return
    # sqlite3 and numpy: a run that is not kept does without them.
    from gpuplayground.past_runs.store import HistoryError, HistoryStore, KeptRun

    kept = KeptRun(request, run, observed.receipts, samples=observed.samples)
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
