"""What the graphs are drawn from: the readings of one source, up to now or up to the moment of a pause."""

from __future__ import annotations

from gpuplayground.model.samples import GpuSample
from gpuplayground.monitor.timeseries.series import Series
from gpuplayground.monitor.timeseries.store import History


class Picture:
    """Reads a history. While it stands still it shows nothing of what the history has received since."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._until_ns: int | None = None
        self._newest: dict[str, GpuSample] = {}

    def show(self, history: History) -> None:
        """Draw from another history from now on, up to its newest readings."""
        self._history = history
        self.move_on()

    def stand_still(self, time_ns: int) -> None:
        """Stay at the readings of a moment until :meth:`move_on`."""
        self._until_ns = time_ns
        newest = {uuid: self._history.latest(uuid) for uuid in self._history.uuids}
        self._newest = {uuid: sample for uuid, sample in newest.items() if sample is not None}

    def move_on(self) -> None:
        """Follow the newest readings again."""
        self._until_ns, self._newest = None, {}

    def latest(self, uuid: str) -> GpuSample | None:
        """Return the newest sample of a GPU that is shown."""
        return self._history.latest(uuid) if self._until_ns is None else self._newest.get(uuid)

    def series(self, uuid: str, metric: str, start_ns: int, end_ns: int, max_points: int) -> Series:
        """Return what a plot needs; see :meth:`History.series`."""
        return self._history.series(uuid, metric, start_ns, end_ns, max_points, self._until_ns)
