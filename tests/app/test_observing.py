"""What the receipt of a run that was not alone, or that was long, says of its memory: by what Observing followed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gpuplayground.app import observing
from gpuplayground.app.observing import Observing
from gpuplayground.model.events import RunFinished, StateChanged
from gpuplayground.model.results import Run, RunRequest, RunState, StatementTiming
from gpuplayground.model.samples import DriverInfo, GpuInfo, GpuSample, Inventory
from gpuplayground.monitor.sampling.feed import Feed
from gpuplayground.receipts.receipt import Receipt
from gpuplayground.receipts.sample_log import SampleLog
from gpuplayground.workers.monitor_controller import MonitorController

S = 1_000_000_000
MIB = 1 << 20
GPU = "GPU-1"
INVENTORY = Inventory(1, DriverInfo(), (GpuInfo(0, GPU, "NVIDIA H200"),))


class Kept:
    """Stands in for the history and takes the receipts of each run."""

    def __init__(self) -> None:
        self.receipts: dict[str, tuple[Receipt, ...]] = {}

    def keep(self, *_: object) -> None:
        """Take an entry."""

    def complete(self, run_id: str, receipts: tuple[Receipt, ...], *_: object) -> None:
        """Take what was made for it."""
        self.receipts[run_id] = receipts


class Machine:
    """Observing beside a monitor and runs that report what a test says."""

    def __init__(self, parent: QObject) -> None:
        self.monitor = MonitorController(Feed(), Path("none"), parent)
        self.kept = Kept()
        playground: Any = SimpleNamespace(
            tabs=SimpleNamespace(page=lambda _: None), set_has_gpus=lambda _: None, pages=lambda _: None
        )
        keeper: Any = self.kept
        self.observing = Observing(self.monitor, playground, keeper, parent)
        self.monitor.inventoried.emit(INVENTORY)

    def use(self, amounts: list[tuple[float, int]], until_s: float) -> None:
        """Have MiB in use, each from a second on."""
        for tick in range(70, round(until_s * 10)):
            used = [amount for since_s, amount in amounts if since_s * 10 <= tick][-1]
            self.monitor.sampled.emit((GpuSample(tick * S // 10, GPU, memory_used_bytes=used * MIB),))

    def begin(self, run_id: str, start_s: float, gpu: str | None = None) -> None:
        """Start a run."""
        self.observing.begin(RunRequest(run_id, "", cuda_visible_devices=gpu))
        self.observing.follow("tab", StateChanged(run_id, RunState.RUNNING, round(start_s * S)))

    def end(self, run_id: str, start_s: float, end_s: float) -> None:
        """End a run that has used CUDA."""
        timings = (StatementTiming(0, 1, 1, "x", S, S),)
        run = Run(run_id, "a.py", RunState.FINISHED, round(start_s * S), round(end_s * S), timings=timings)
        self.observing.follow("tab", RunFinished(run_id, run))

    def memory_of(self, run_id: str, qtbot: QtBot) -> tuple[bool | None, str]:
        """Wait for a receipt, and return what it says of the memory."""
        qtbot.waitUntil(lambda: run_id in self.kept.receipts)
        (receipt,) = self.kept.receipts[run_id]
        return receipt.came_back, receipt.came_back_sentence


@pytest.fixture
def machine(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setattr(observing, "SETTLED_AFTER_MS", 50)
    parent = QObject()
    machine = Machine(parent)
    yield machine
    # Its threads report what is ready before they end; Qt aborts if they outlive the objects that wait for them.
    assert machine.observing.wait(60)
    parent.deleteLater()


def test_a_run_that_gave_all_back_before_the_next_one_began_is_not_blamed(machine: Machine, qtbot: QtBot) -> None:
    machine.begin("one", 10)
    machine.end("one", 10, 12)
    machine.begin("two", 12.5)
    machine.use([(0, 500), (10, 3000), (12.2, 500), (12.5, 4500)], 15)
    assert machine.memory_of("one", qtbot) == (True, "all of it was freed: 500 MiB before, 500 MiB after")
    machine.end("two", 12.5, 15)
    machine.use([(0, 500), (10, 3000), (12.2, 500), (12.5, 4500), (15, 500)], 19)
    assert machine.memory_of("two", qtbot)[0] is True


def test_a_run_whose_memory_was_still_in_use_as_the_next_one_began_is_not_blamed(
    machine: Machine, qtbot: QtBot
) -> None:
    machine.begin("one", 10)
    machine.end("one", 10, 12)
    machine.begin("two", 12.5)
    machine.use([(0, 500), (10, 3000), (12.5, 4500)], 15)
    said = "unknown whether it was freed, because another run overlapped: 500 MiB before, 2.9 GiB after"
    assert machine.memory_of("one", qtbot) == (None, said)


def test_a_run_beside_one_that_goes_on_in_another_tab_is_not_blamed(machine: Machine, qtbot: QtBot) -> None:
    machine.begin("one", 10)
    machine.begin("long", 11)
    machine.end("one", 10, 12)
    machine.use([(0, 500), (10, 3000), (11, 5000), (12, 2500)], 15)
    said = "unknown whether it was freed, because another run overlapped: 500 MiB before, 2.4 GiB after"
    assert machine.memory_of("one", qtbot) == (None, said)


def test_a_run_on_another_gpu_excuses_nothing(machine: Machine, qtbot: QtBot) -> None:
    machine.begin("one", 10, GPU)
    machine.begin("other", 11, "GPU-2")
    machine.end("one", 10, 12)
    machine.use([(0, 500), (10, 3000), (12, 2500)], 15)
    assert machine.memory_of("one", qtbot) == (False, "2.0 GiB not freed: 500 MiB before, 2.4 GiB after")


def test_a_run_longer_than_all_samples_reach_back_is_accounted_for_from_its_start(
    machine: Machine, qtbot: QtBot
) -> None:
    machine.observing.observer.log = SampleLog(seconds=5)
    machine.begin("long", 10)
    machine.use([(0, 500), (10, 3000), (20, 700), (40, 500)], 43)
    machine.monitor.inventoried.emit(INVENTORY)
    machine.end("long", 10, 40)
    assert machine.memory_of("long", qtbot) == (True, "all of it was freed: 500 MiB before, 500 MiB after")
    (receipt,) = machine.kept.receipts["long"]
    assert (receipt.device_peak_bytes, receipt.unwatched_ns) == (3000 * MIB, 0)
