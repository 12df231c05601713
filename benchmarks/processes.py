"""What processes cost: CPU time and memory of a whole tree, read with psutil."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU in percent of one core, and resident memory in bytes, of a process and its children."""

    cpu_percent: float
    rss_bytes: int


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and everything below it that is alive."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid: int) -> float:
    """Return the CPU time a tree has used so far."""
    total = 0.0
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def rss_bytes(pid: int) -> int:
    """Return the resident memory of a tree. Pages shared between its processes are counted in each."""
    total = 0
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total


def cost_of(pid: int, seconds: float) -> Cost:
    """Watch a tree for so long."""
    began, used = time.perf_counter(), cpu_seconds(pid)
    time.sleep(seconds)
    share = (cpu_seconds(pid) - used) / (time.perf_counter() - began)
    return Cost(100 * share, rss_bytes(pid))


def end(pid: int) -> None:
    """Kill a tree and wait until it is gone."""
    processes = tree(pid)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=5)
