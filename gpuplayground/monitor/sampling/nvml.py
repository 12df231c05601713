"""Reads the GPUs through NVML. The only module that imports ``pynvml`` (the package nvidia-ml-py)."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

import pynvml

from gpuplayground.model.samples import (
    DriverInfo,
    GpuInfo,
    GpuSample,
    Inventory,
    Problem,
    ProcessPass,
    ProcessSample,
    UnlistedProcesses,
)
from gpuplayground.monitor.sampling.device_facts import Facts
from gpuplayground.monitor.sampling.nvml_errors import CLOSED, Code, NvmlCallError, gpu_problem, machine_problem
from gpuplayground.monitor.sampling.probes import GpuProbes
from gpuplayground.monitor.sampling.processes import PID_NAMESPACE, ProcessReader, sees_whole_machine
from gpuplayground.monitor.sampling.slow_tier import RETRY_S, SlowTier, Touch
from gpuplayground.runtime.clock import now_ns

#: One folder per GPU bound to the driver: the cheapest way to notice added and removed GPUs (Linux).
GPU_FOLDERS = Path("/proc/driver/nvidia/gpus")
#: Delays in seconds before NVML is reopened to look for a lost GPU: the first, doubled each time, and the maximum.
RETRY_LOST_S = (2.0, 60.0)
#: Period of a GPU's medium tier.
MEDIUM_NS = 1_000_000_000


class _Gpu:
    """One GPU with its prepared calls, or the problem that prevents them."""

    def __init__(self, info: GpuInfo, probes: GpuProbes | None, reader: ProcessReader | None) -> None:
        self.info = info
        self.probes = probes
        self.reader = reader
        self.problem: Problem | None = None
        #: When the medium tier is due, in ``time.monotonic_ns()``.
        self.medium_at = 0

    @property
    def uuid(self) -> str:
        """The GPU's UUID."""
        return self.info.uuid

    def read_slowly(self, touch: Touch) -> list[ProcessSample | UnlistedProcesses]:
        """Read fan and power limit for later samples, and return the processes. Called in the slow tier's thread."""
        probes, reader = self.probes, self.reader
        if probes is None or reader is None:
            return []
        with suppress(NvmlCallError):  # the fast tier gets the same error and handles it
            probes.refresh_slow(touch)
        return reader.read(touch, probes.is_in_use)

    def medium_is_due(self) -> bool:
        """Return whether the medium tier is due, and if so schedule the next time."""
        late = time.monotonic_ns() - self.medium_at
        if late < 0:
            return False
        # Keep the phase, so that several GPUs are not read in the same tick.
        self.medium_at += (late // MEDIUM_NS + 1) * MEDIUM_NS
        return True

    def lose(self, code: int) -> None:
        self.probes = self.reader = None
        self.problem = gpu_problem(code, self.info.index, self.info.uuid, now_ns())


class Nvml:
    """The GPUs of this machine. Driver errors are not raised; they are problems in the inventory.

    ``revision`` increases whenever :meth:`inventory` changes.

    Args:
        gpu_folders: see :data:`GPU_FOLDERS`.
        touch: called after each driver call in the calling thread.
        on_pass: called in another thread when :meth:`finished_pass` has a result.
        namespace: see :func:`.processes.sees_whole_machine`.
    """

    def __init__(
        self,
        gpu_folders: Path = GPU_FOLDERS,
        touch: Touch = lambda: None,
        on_pass: Callable[[], None] = lambda: None,
        namespace: Path = PID_NAMESPACE,
    ) -> None:
        self.revision = 0
        self._touch = touch
        self._on_pass = on_pass
        self._slow = SlowTier(on_pass)
        self._retry_stuck_s = RETRY_S
        self._gpu_folders = gpu_folders
        self._sees_all = sees_whole_machine(namespace)
        self._gpus: list[_Gpu] = []
        self._driver = DriverInfo()
        self._problem: Problem | None = None
        self._is_open = False
        self._must_reopen = False
        self._folders: frozenset[str] = frozenset()
        self._retry_lost_s = RETRY_LOST_S[0]
        self._retry_lost_at = 0.0

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Load the driver library and enumerate the GPUs. Known properties of lost GPUs are kept."""
        before = self._state()
        self._must_reopen = False
        self._folders = self._read_folders()
        try:
            pynvml.nvmlInit()
            self._is_open = True
            self._touch()
            self._driver = Facts(pynvml, self._touch).driver()
            self._gpus = self._enumerate()
            self._problem = None if self._gpus else machine_problem(Code.GPU_NOT_FOUND, "no device", now_ns())
        except pynvml.NVMLError as error:
            self._gpus = []
            self._problem = machine_problem(error.value, str(error), now_ns())
        self._slow.watch(self._gpus)
        if any(gpu.problem for gpu in self._gpus):
            self._retry_lost_at = time.monotonic() + self._retry_lost_s
            self._retry_lost_s = min(2 * self._retry_lost_s, RETRY_LOST_S[1])
        else:
            self._retry_lost_s = RETRY_LOST_S[0]
        if self._state() != before:
            self.revision += 1

    def close(self) -> None:
        """Close the driver library. The next :meth:`open` still knows the GPUs."""
        if self._is_open:
            self._slow.watch(())
            with self._slow.held() as is_held, suppress(pynvml.NVMLError):
                # If a call does not return, the library stays open; it may be opened twice.
                if is_held:
                    self._is_open = False
                    pynvml.nvmlShutdown()

    def inventory(self) -> Inventory:
        """Return the GPUs of the last :meth:`open` with the problems since."""
        problems = tuple(gpu.problem for gpu in self._gpus if gpu.problem is not None)
        infos = tuple(gpu.info for gpu in self._gpus)
        return Inventory(now_ns(), self._driver, infos, self._problem, problems)

    def must_reopen(self) -> bool:
        """Return whether the GPUs must be enumerated again. Cheap enough for every two seconds."""
        if self._problem is not None or self._must_reopen or self._folders != self._read_folders():
            return True
        if any(gpu.problem for gpu in self._gpus) and time.monotonic() >= self._retry_lost_at:
            return True
        try:
            return bool(pynvml.nvmlDeviceGetCount() != len(self._gpus))
        except pynvml.NVMLError:
            return True

    def fast(self, medium: bool = False) -> tuple[GpuSample, ...]:
        """Return a sample of each GPU that responds; ``medium`` includes the medium tier where it is due."""
        with self._slow.tick():
            return tuple(sample for gpu in self._gpus if (sample := self._sample(gpu, medium)) is not None)

    def begin_pass(self) -> bool:
        """Start reading the slow tier (fan, power limit, processes) in another thread; False while it is running."""
        if self._slow.stuck_s >= self._retry_stuck_s:
            self._slow.cancel()
            self._retry_stuck_s *= 2
            self._slow = SlowTier(self._on_pass)
            self._slow.watch(self._gpus)
        return self._slow.begin()

    def cancel_pass(self) -> None:
        """Cancel the current pass."""
        self._slow.cancel()

    def finished_pass(self) -> ProcessPass | None:
        """Return the processes found by a finished pass, once; compute and graphics are merged."""
        found = self._slow.finished()
        if found is not None and not self._slow.stuck_s:
            self._retry_stuck_s = RETRY_S
        return found

    def _sample(self, gpu: _Gpu, medium: bool) -> GpuSample | None:
        if gpu.probes is None:
            return None
        try:
            return gpu.probes.sample(medium and gpu.medium_is_due(), self._touch)
        except NvmlCallError as failure:
            if failure.code in CLOSED:
                self._must_reopen = True
            else:
                gpu.lose(failure.code)
                self._retry_lost_at = time.monotonic() + self._retry_lost_s
                self.revision += 1
            return None

    def _enumerate(self) -> list[_Gpu]:
        gpus = [self._gpu(index) for index in range(pynvml.nvmlDeviceGetCount())]
        for number, gpu in enumerate(gpus):
            gpu.medium_at = time.monotonic_ns() + number * MEDIUM_NS // len(gpus)
        return gpus

    def _gpu(self, index: int) -> _Gpu:
        try:
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            info = Facts(pynvml, self._touch).gpu(index, handle)
            probes = GpuProbes(pynvml.nvmlLib, handle, info.uuid)
            reader = ProcessReader(pynvml, handle, info.uuid, self._sees_all)
            with suppress(NvmlCallError):  # the first sample gets the same error
                probes.refresh_slow(self._touch)
            return _Gpu(info, probes, reader)
        except pynvml.NVMLError as error:
            if error.value in CLOSED:
                raise
            known = next((gpu.info for gpu in self._gpus if gpu.info.index == index), None)
            gpu = _Gpu(known or GpuInfo(index, f"GPU-index-{index}", f"GPU {index}"), None, None)
            gpu.lose(error.value)
            return gpu

    def _state(self) -> object:
        return _code(self._problem), [(gpu.info, _code(gpu.problem)) for gpu in self._gpus]

    def _read_folders(self) -> frozenset[str]:
        try:
            return frozenset(entry.name for entry in self._gpu_folders.iterdir())
        except OSError:
            return frozenset()


def _code(problem: Problem | None) -> str | None:
    return None if problem is None else problem.code
