"""Saves a run of the command line to the history, where the window shows it."""

from __future__ import annotations

from dataclasses import replace

from gpuplayground.model.results import RunRequest, RunState
from gpuplayground.model.samples import Inventory
from gpuplayground.receipts.run_observer import ObservedRun
from gpuplayground.standard_streams import tell
from gpuplayground.storage import paths

#: Maximum wait for a window that is writing to the history, in seconds.
_BUSY_S = 2.0


def save_to_history(request: RunRequest, observed: ObservedRun, inventory: Inventory | None) -> None:
    """Save a finished run to the history; if that fails or the history was damaged, say so on stderr.

    Args:
        request: what was run.
        observed: the run, and what was sampled of it.
        inventory: the driver and the GPUs; None if there are none.
    """
    run = observed.run
    if run.state is RunState.NOT_STARTED:
        return
    # Imported here because they load sqlite3 and numpy, which a run that is not saved does not need.
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
