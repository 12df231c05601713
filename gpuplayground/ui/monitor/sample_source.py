"""What one source has reported, this machine or a recording, and the part of it that the graphs show."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from gpuplayground.model.samples import GpuInfo, GpuSample, Inventory, Problem, ProcessPass
from gpuplayground.monitor.timeseries.series import Series
from gpuplayground.monitor.timeseries.store import SeriesStore

#: After this long without samples a source has stalled: the time axis moves on and shows the gap.
SILENT_AFTER_S = 1.5


class SampleSource(QObject):
    """Keeps what a source reports, on screen or not, and signals changes."""

    gpusChanged = Signal()
    sampled = Signal()
    processesChanged = Signal()

    def __init__(self, store: SeriesStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store = store
        self.clear()

    @property
    def has_samples(self) -> bool:
        """Whether any sample has arrived."""
        return bool(self._latest_ns)

    @property
    def is_silent(self) -> bool:
        """Whether samples have arrived before and have stopped."""
        return self.has_samples and self._silent_s >= SILENT_AFTER_S

    @property
    def now_ns(self) -> int:
        """The time of the newest sample, running on when samples stop; 0 before the first."""
        return self._latest_ns + (int(self._silent_s * 1e9) if self.is_silent else 0)

    @property
    def _silent_s(self) -> float:
        return time.monotonic() - self._arrived_s

    def clear(self) -> None:
        """Discard everything."""
        self.store.clear()
        #: The last inventory; None before the first.
        self.inventory: Inventory | None = None
        self.gpus: dict[str, GpuInfo] = {}
        self.problems: dict[str, Problem] = {}
        self.processes: ProcessPass | None = None
        self._latest_ns, self._arrived_s = 0, 0.0

    def set_inventory(self, inventory: Inventory) -> None:
        """Set the GPUs found at the start or after a change, or the reason for none."""
        self.inventory = inventory
        self.gpus = {info.uuid: info for info in inventory.gpus}
        self.problems = {item.gpu_uuid: item for item in inventory.gpu_problems if item.gpu_uuid}
        self.gpusChanged.emit()

    def add_samples(self, samples: Sequence[GpuSample]) -> None:
        """Add the samples of one or more ticks."""
        if not samples:
            return
        self.store.add(samples)
        self._latest_ns, self._arrived_s = max(sample.time_ns for sample in samples), time.monotonic()
        self.sampled.emit()

    def set_processes(self, found: ProcessPass) -> None:
        """Set the processes found on all GPUs."""
        self.processes = found
        self.processesChanged.emit()


class SampleView:
    """What the graphs draw: the samples in a store, up to now or up to the time of a pause."""

    def __init__(self, store: SeriesStore) -> None:
        self._store = store
        self._until_ns: int | None = None
        self._newest: dict[str, GpuSample] = {}

    def show(self, store: SeriesStore) -> None:
        """Switch to another store, up to its newest samples."""
        self._store = store
        self.resume()

    def pause_at(self, time_ns: int) -> None:
        """Hide samples after a time until :meth:`resume`."""
        self._until_ns = time_ns
        newest = {uuid: self._store.latest(uuid) for uuid in self._store.uuids}
        self._newest = {uuid: sample for uuid, sample in newest.items() if sample is not None}

    def resume(self) -> None:
        """Follow the newest samples again."""
        self._until_ns, self._newest = None, {}

    def latest(self, uuid: str) -> GpuSample | None:
        """Return the newest visible sample of a GPU."""
        return self._store.latest(uuid) if self._until_ns is None else self._newest.get(uuid)

    def series(self, uuid: str, metric: str, start_ns: int, end_ns: int, max_points: int) -> Series:
        """Return the series of a plot; see :meth:`SeriesStore.series`."""
        return self._store.series(uuid, metric, start_ns, end_ns, max_points, self._until_ns)
