"""Whether a GPU was shared while something was measured: other processes that worked on it."""

from __future__ import annotations

from collections.abc import Sequence

from gpuplayground.model.samples import ProcessSample
from gpuplayground.receipts.used_gpus import Window, during


def others(processes: Sequence[ProcessSample], window: Window) -> list[ProcessSample]:
    """Return what was seen of processes that are not the window's own and have worked on its GPU.

    Holding memory is no work: a desktop, or a notebook left open, does so all day. A process has worked if the driver
    counted SM time for it, or, where the driver does not count that, if it computes.

    Only the passes within the window count and, since there are usually none while something is measured, the last
    one before and the first one after. In a container the driver may know the window's process by a number of its
    own: where none of the window's was seen, another counts only if it was there before and after as well.

    Args:
        processes: of one GPU, by time, with some seconds before and after.
        window: what was measured, and the pids that are its own.
    """
    before = [each for each in processes if each.time_ns < window.start_ns]
    after = [each for each in processes if each.time_ns > window.end_ns]
    # The processes of a pass have its time.
    last = [each for each in before if each.time_ns == before[-1].time_ns]
    first = [each for each in after if each.time_ns == after[0].time_ns]
    passes = [*last, *during(processes, window.start_ns, window.end_ns), *first]
    strangers = [each for each in passes if each.pid not in window.pids]
    if not any(each.pid in window.pids for each in passes):
        stayed = {each.pid for each in last} & {each.pid for each in first}
        strangers = [each for each in strangers if each.pid in stayed]
    return [each for each in strangers if _has_worked(each)]


def _has_worked(process: ProcessSample) -> bool:
    if process.sm_util_percent is None:
        return process.kind == "compute"
    return process.sm_util_percent > 0
