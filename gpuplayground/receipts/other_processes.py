"""Finds other processes that used a GPU during a measurement."""

from __future__ import annotations

from collections.abc import Sequence

from gpuplayground.model.samples import ProcessSample
from gpuplayground.receipts.used_gpus import Window, during


def others(processes: Sequence[ProcessSample], window: Window) -> list[ProcessSample]:
    """Return the samples of processes that do not belong to the window and were active on its GPU.

    Holding memory is not activity: a desktop or an idle notebook does that all day. A process is active if the driver
    reports SM utilization for it, or, without such reports, if it is a compute process.

    Considered are the passes within the window, the last one before and the first one after it, because the processes
    are usually not listed during a measurement. In a container the driver may report the window's process under a
    different PID: if none of the window's PIDs was seen, another process counts only if it was there before and after.

    Args:
        processes: of one GPU, by time, from some seconds before to some seconds after.
        window: the measurement and its PIDs.
    """
    before = [each for each in processes if each.time_ns < window.start_ns]
    after = [each for each in processes if each.time_ns > window.end_ns]
    # All processes of a pass have the same time.
    last = [each for each in before if each.time_ns == before[-1].time_ns]
    first = [each for each in after if each.time_ns == after[0].time_ns]
    passes = [*last, *during(processes, window.start_ns, window.end_ns), *first]
    strangers = [each for each in passes if each.pid not in window.pids]
    if not any(each.pid in window.pids for each in passes):
        stayed = {each.pid for each in last} & {each.pid for each in first}
        strangers = [each for each in strangers if each.pid in stayed]
    return [each for each in strangers if _is_active(each)]


def _is_active(process: ProcessSample) -> bool:
    if process.sm_util_percent is None:
        return process.kind == "compute"
    return process.sm_util_percent > 0
