"""One source of readings, this machine or a recording: what it has told so far, whether it is shown or not."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from gpuplayground.model.samples import GpuInfo, GpuSample, Inventory, Problem, ProcessPass
from gpuplayground.monitor.timeseries.store import History

#: A source that was silent this long has stalled: time goes on without it, and the gap shows.
SILENT_AFTER_S = 1.5


class Source(QObject):
    """Keeps readings as they arrive and says what has changed."""

    gpusChanged = Signal()
    sampled = Signal()
    processesChanged = Signal()

    def __init__(self, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history = history
        self.clear()

    @property
    def has_samples(self) -> bool:
        """Whether anything was read yet."""
        return bool(self._latest_ns)

    @property
    def is_silent(self) -> bool:
        """Whether readings have been coming and now stay away."""
        return self.has_samples and self._silent_s >= SILENT_AFTER_S

    @property
    def now_ns(self) -> int:
        """The newest sample's time, running on when the samples stay away; 0 before the first."""
        return self._latest_ns + (int(self._silent_s * 1e9) if self.is_silent else 0)

    @property
    def _silent_s(self) -> float:
        return time.monotonic() - self._arrived_s

    def clear(self) -> None:
        """Forget everything."""
        self.history.clear()
        #: What the last inventory said; None before the first.
        self.inventory: Inventory | None = None
        self.gpus: dict[str, GpuInfo] = {}
        self.problems: dict[str, Problem] = {}
        self.processes: ProcessPass | None = None
        self._latest_ns, self._arrived_s = 0, 0.0

    def set_inventory(self, inventory: Inventory) -> None:
        """Take the GPUs found at start or after a change, or why there are none."""
        self.inventory = inventory
        self.gpus = {info.uuid: info for info in inventory.gpus}
        self.problems = {item.gpu_uuid: item for item in inventory.gpu_problems if item.gpu_uuid}
        self.gpusChanged.emit()

    def add_samples(self, samples: Sequence[GpuSample]) -> None:
        """Keep the samples of one tick or more."""
        if not samples:
            return
        self.history.add(samples)
        self._latest_ns, self._arrived_s = max(sample.time_ns for sample in samples), time.monotonic()
        self.sampled.emit()

    def set_processes(self, found: ProcessPass) -> None:
        """Keep one pass over the processes of all GPUs."""
        self.processes = found
        self.processesChanged.emit()
