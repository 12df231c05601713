"""CPU time and memory of a process tree, read with psutil."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and memory of a process and its descendants.

    Attributes:
        cpu_percent: CPU time as a percentage of one core.
        rss_bytes: resident memory; a page that several processes share counts in each of them.
        pss_bytes: proportional set size: a shared page is divided among all processes that map it.
    """

    cpu_percent: float
    rss_bytes: int
    pss_bytes: int


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and its living descendants."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a tree has used so far, in seconds."""
    total = 0.0
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def cost_of(pid: int, seconds: float) -> Cost:
    """Measure a tree for ``seconds``."""
    began, used = time.perf_counter(), cpu_seconds(pid)
    time.sleep(seconds)
    share = (cpu_seconds(pid) - used) / (time.perf_counter() - began)
    rss = pss = 0
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            memory = process.memory_full_info()
            rss += memory.rss
            pss += memory.pss
    return Cost(100 * share, rss, pss)


def end(pid: int) -> None:
    """Kill a tree and wait until it is gone."""
    processes = tree(pid)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=5)
