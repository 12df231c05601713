"""Reads the processes on a GPU. Part of the slow tier, because it takes milliseconds and the driver's lock."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from gpuplayground.model.samples import ProcessSample, UnlistedProcesses
from gpuplayground.monitor.sampling.device_facts import text
from gpuplayground.monitor.sampling.nvml_errors import NOT_AVAILABLE, OUTSIDE_CONTAINER, Code, why_unlisted
from gpuplayground.monitor.sampling.probes import MAX_MEMORY_BYTES, MAX_PERCENT
from gpuplayground.runtime.clock import now_ns

#: How far back the first pass reads the driver's buffer of process utilization.
_FIRST_LOOK_BACK_US = 2_000_000
#: A timestamp further in the future is invalid and must not hide later samples.
_CLOCK_DIFFERENCE_US = 10_000_000
#: The PID namespace, and the name of the initial one on Linux: PROC_PID_INIT_INO in include/linux/proc_ns.h.
PID_NAMESPACE = Path("/proc/self/ns/pid")
_WHOLE_MACHINE = "pid:[4026531836]"

Touch = Callable[[], None]


class ProcessReader:
    """Reads the processes of one GPU.

    Args:
        nvml: the module ``pynvml``.
        handle: the GPU's ``nvmlDevice_t``.
        uuid: the GPU's UUID.
        sees_all: whether the driver lists the processes of the whole machine, see :func:`sees_whole_machine`.
    """

    def __init__(self, nvml: Any, handle: Any, uuid: str, sees_all: bool = True) -> None:
        self._nvml = nvml
        self._handle = handle
        self._uuid = uuid
        self._sees_all = sees_all
        self._names: dict[int, str | None] = {}
        self._has_utilization = True
        #: Wall-clock times, like the driver's timestamps: of the last pass, and of the newest sample seen.
        self._passed_us = time.time_ns() // 1000
        self._seen_us = self._passed_us - _FIRST_LOOK_BACK_US

    def read(self, touch: Touch, is_in_use: bool = False) -> list[ProcessSample | UnlistedProcesses]:
        """Return the processes on the GPU, and an :class:`UnlistedProcesses` if a list was refused.

        A process that uses both compute and graphics is returned once, as ``compute``.

        Args:
            touch: called after each driver call.
            is_in_use: whether the GPU is in use, so that an empty list must be wrong.
        """
        time_ns = now_ns()
        memory: dict[int, int | None] = {}
        kinds: dict[int, str] = {}
        reason = ""
        for kind, calls, is_optional in _LISTS:
            listed: dict[int, int | None] = {}
            found, code = self._list(calls, touch)
            if code and not (is_optional and code in _NO_SUCH_LIST):
                reason = reason or why_unlisted(code)
            for process in found:
                # A process with several MIG instances is listed once per instance.
                used = process.usedGpuMemory if (process.usedGpuMemory or 0) <= MAX_MEMORY_BYTES else None
                listed[process.pid] = _sum(listed.get(process.pid), used)
            for pid, used in listed.items():
                kinds.setdefault(pid, kind)
                memory[pid] = max((value for value in (memory.get(pid), used) if value is not None), default=None)
        utilization = self._utilization(touch) if memory else {}
        self._names = {pid: self._names[pid] if pid in self._names else self._name(pid, touch) for pid in memory}
        if not memory and not reason and is_in_use and not self._sees_all:
            reason = OUTSIDE_CONTAINER
        rows: list[ProcessSample | UnlistedProcesses] = [
            ProcessSample(
                time_ns=time_ns,
                gpu_uuid=self._uuid,
                pid=pid,
                name=self._names[pid],
                kind=kinds[pid],
                memory_used_bytes=used,
                # A process without samples was idle since the last pass.
                sm_util_percent=None if utilization is None else utilization.get(pid, 0),
            )
            for pid, used in memory.items()
        ]
        return [*rows, UnlistedProcesses(time_ns, self._uuid, reason)] if reason else rows

    def _list(self, calls: tuple[str, ...], touch: Touch) -> tuple[list[Any], int]:
        """Return the list from the first available call, or an empty list and the return code."""
        code = int(Code.FUNCTION_NOT_FOUND)
        for call in calls:
            try:
                return getattr(self._nvml, call)(self._handle), Code.SUCCESS
            except self._nvml.NVMLError as error:
                code = error.value
                if code != Code.FUNCTION_NOT_FOUND:
                    break
            finally:
                touch()
        return [], code

    def _utilization(self, touch: Touch) -> dict[int, float | None] | None:
        """Return the newest SM utilization by PID since the last pass, or None if it is not supported."""
        if not self._has_utilization:
            return None
        now_us = time.time_ns() // 1000
        if now_us < self._passed_us:
            # The clock was set back: the driver has no samples newer than the last one seen for a while.
            self._seen_us = now_us - _FIRST_LOOK_BACK_US
        self._passed_us = now_us
        try:
            samples = self._nvml.nvmlDeviceGetProcessUtilization(self._handle, self._seen_us)
        except self._nvml.NVMLError as error:
            self._has_utilization = error.value not in NOT_AVAILABLE
            # NOT_FOUND and an empty result both mean that nothing ran.
            return {} if error.value in (Code.SUCCESS, Code.NOT_FOUND) else None
        finally:
            touch()
        newest: dict[int, float | None] = {}
        since_us, now_us = self._seen_us, time.time_ns() // 1000
        for sample in sorted(samples, key=lambda sample: int(sample.timeStamp)):
            if since_us < sample.timeStamp <= now_us + _CLOCK_DIFFERENCE_US:
                newest[sample.pid] = sample.smUtil if sample.smUtil <= MAX_PERCENT else None
                self._seen_us = int(sample.timeStamp)
        return newest

    def _name(self, pid: int, touch: Touch) -> str | None:
        name = ""
        with suppress(self._nvml.NVMLError):
            name = _last_part(text(self._nvml.nvmlSystemGetProcessName, pid))
        touch()
        if name:
            return name
        with suppress(OSError):
            return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip() or None
        return None


def sees_whole_machine(namespace: Path = PID_NAMESPACE) -> bool:
    """Return whether this process is in the PID namespace of the whole machine, not of a container."""
    try:
        return namespace.readlink().name == _WHOLE_MACHINE
    except OSError:
        return True


#: The kinds of processes, the calls that list them, and whether a missing list is no error: a GPU without a display has
#: no graphics processes.
_LISTS = (
    ("compute", ("nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2"), False),
    ("graphics", ("nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2"), True),
)
_NO_SUCH_LIST = (Code.NOT_SUPPORTED, Code.FUNCTION_NOT_FOUND)


def _sum(one: int | None, other: int | None) -> int | None:
    return one if other is None else other + (one or 0)


def _last_part(command: str) -> str:
    path = PureWindowsPath(command) if "\\" in command else PurePosixPath(command)
    return path.name
