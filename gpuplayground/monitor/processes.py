"""Which processes use a GPU: part of the slow tier, because it costs milliseconds and takes the driver's lock."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from gpuplayground.monitor.nvml_errors import CLOSED, LOST, NOT_AVAILABLE, Code, NvmlCallError
from gpuplayground.monitor.probes import MAX_MEMORY_BYTES, MAX_PERCENT
from gpuplayground.monitor.samples import ProcessSample

#: Of the first pass: the driver's buffer of process utilization goes back further than what is worth showing.
_FIRST_LOOK_BACK_US = 2_000_000
#: A time stamp further ahead than this is nonsense and must not hide the samples to come.
_CLOCK_DIFFERENCE_US = 10_000_000


class ProcessReader:
    """Reads the processes of one GPU.

    Args:
        nvml: the module ``pynvml``.
        handle: the GPU's ``nvmlDevice_t``.
        uuid: goes into each sample.
    """

    def __init__(self, nvml: Any, handle: Any, uuid: str) -> None:
        self._nvml = nvml
        self._handle = handle
        self._uuid = uuid
        self._names: dict[int, str | None] = {}
        self._has_utilization = True
        self._seen_us = time.time_ns() // 1000 - _FIRST_LOOK_BACK_US

    def read(self) -> list[ProcessSample]:
        """Return the processes on the GPU; one that computes and draws is there once, as ``compute``.

        Raises:
            NvmlCallError: the GPU is lost, or NVML has to be opened again.
        """
        time_ns = time.time_ns()
        memory: dict[int, int | None] = {}
        kinds: dict[int, str] = {}
        for kind, calls in _LISTS:
            listed: dict[int, int | None] = {}
            for process in self._list(calls):
                # A process with several MIG instances is listed once for each.
                used = process.usedGpuMemory if (process.usedGpuMemory or 0) <= MAX_MEMORY_BYTES else None
                listed[process.pid] = _sum(listed.get(process.pid), used)
            for pid, used in listed.items():
                kinds.setdefault(pid, kind)
                memory[pid] = max((value for value in (memory.get(pid), used) if value is not None), default=None)
        utilization = self._utilization() if memory else {}
        self._names = {pid: self._names[pid] if pid in self._names else self._name(pid) for pid in memory}
        return [
            ProcessSample(
                time_ns=time_ns,
                gpu_uuid=self._uuid,
                pid=pid,
                name=self._names[pid],
                kind=kinds[pid],
                memory_used_bytes=used,
                # A process the driver has no samples of did nothing since the last pass.
                sm_util_percent=None if utilization is None else utilization.get(pid, 0),
            )
            for pid, used in memory.items()
        ]

    def _list(self, calls: tuple[str, ...]) -> list[Any]:
        for call in calls:
            try:
                processes: list[Any] = getattr(self._nvml, call)(self._handle)
                return processes
            except self._nvml.NVMLError as error:
                _raise_if_grave(error.value, call)
                if error.value != Code.FUNCTION_NOT_FOUND:
                    return []
        return []

    def _utilization(self) -> dict[int, float | None] | None:
        """Return the newest SM utilization by pid since the last pass, or None where it is not supported."""
        if not self._has_utilization:
            return None
        try:
            samples = self._nvml.nvmlDeviceGetProcessUtilization(self._handle, self._seen_us)
        except self._nvml.NVMLError as error:
            _raise_if_grave(error.value, "nvmlDeviceGetProcessUtilization")
            self._has_utilization = error.value not in NOT_AVAILABLE
            # NOT_FOUND and an empty success both mean that nothing ran.
            return {} if error.value in (Code.SUCCESS, Code.NOT_FOUND) else None
        newest: dict[int, float | None] = {}
        since_us, now_us = self._seen_us, time.time_ns() // 1000
        for sample in sorted(samples, key=lambda sample: int(sample.timeStamp)):
            if since_us < sample.timeStamp <= now_us + _CLOCK_DIFFERENCE_US:
                newest[sample.pid] = sample.smUtil if sample.smUtil <= MAX_PERCENT else None
                self._seen_us = int(sample.timeStamp)
        return newest

    def _name(self, pid: int) -> str | None:
        with suppress(self._nvml.NVMLError, UnicodeDecodeError):
            if name := _last_part(self._nvml.nvmlSystemGetProcessName(pid)):
                return name
        with suppress(OSError):
            return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip() or None
        return None


_LISTS = (
    ("compute", ("nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2")),
    ("graphics", ("nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2")),
)


def _sum(one: int | None, other: int | None) -> int | None:
    return one if other is None else other + (one or 0)


def _last_part(command: str) -> str:
    path = PureWindowsPath(command) if "\\" in command else PurePosixPath(command)
    return path.name


def _raise_if_grave(code: int, call: str) -> None:
    if code in LOST or code in CLOSED:
        raise NvmlCallError(code, call)
