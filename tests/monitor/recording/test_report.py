"""The report of a recording: the samples of each GPU, and what is missing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from gpuplayground.model.samples import DriverInfo, GpuInfo, GpuSample, Inventory, MonitorEvent, Problem, ProblemCode
from gpuplayground.monitor.recording import recorder
from gpuplayground.monitor.recording.reader import Recording, RecordingError, RecordingWriter
from gpuplayground.monitor.recording.recorder import record
from gpuplayground.monitor.recording.report import RecordingReport
from tests.monitor.watch import quick_feed
from tests.support.command_line import wait_for
from tests.support.fakes import FakeNvml, gpu_uuid

S = 1_000_000_000
T0 = 1_795_420_734 * S
GPUS = (GpuInfo(0, "GPU-A", "NVIDIA H200"), GpuInfo(1, "GPU-B", "NVIDIA H200"))
FOUND = Inventory(T0, DriverInfo(), GPUS)


def ticks(start_s: float, end_s: float, uuids: Iterable[str] = ("GPU-A", "GPU-B")) -> list[MonitorEvent]:
    """Samples at 10 Hz."""
    numbers = range(round(start_s * 10), round(end_s * 10))
    return [tuple(GpuSample(T0 + number * S // 10, uuid) for uuid in uuids) for number in numbers]


class ScriptedFeed:
    """Reports what it was given, then waits to be stopped."""

    def __init__(self, events: Iterable[MonitorEvent], *, waits: bool = False) -> None:
        self._events, self._waits = events, waits
        self._stopped = threading.Event()

    def run(self, on_event: Callable[[MonitorEvent], None]) -> None:
        for event in self._events:
            if self._stopped.is_set():
                return
            on_event(event)
        if self._waits:
            self._stopped.wait()

    def stop(self) -> None:
        self._stopped.set()

    def set_rate(self, hz: float) -> None:
        pass


def reported(path: Path, *events: MonitorEvent, seconds: float | None = None) -> RecordingReport:
    return record(path, seconds, 10, ScriptedFeed([FOUND, *events]))


def test_a_whole_recording_is_one_sentence(tmp_path: Path) -> None:
    report = reported(tmp_path / "a.gpurec", *ticks(0, 3))
    assert report.is_whole
    assert report.sentences("a.gpurec") == ("a.gpurec: 2.90 s of 2 GPUs, 30 samples of each.",)


def test_a_gpu_that_was_gone_for_a_while_has_the_samples_that_are_in_the_file(tmp_path: Path) -> None:
    lost = Problem(ProblemCode.GPU_LOST, "It fell off the bus.", since_ns=T0 + S, gpu_uuid="GPU-B")
    gone = Inventory(T0 + S, DriverInfo(), GPUS, gpu_problems=(lost,))
    report = reported(tmp_path / "a.gpurec", *ticks(0, 1), gone, *ticks(1, 3, ["GPU-A"]), FOUND, *ticks(3, 4))
    assert [(gpu.label, gpu.samples, len(gpu.silences)) for gpu in report.gpus] == [("GPU 0", 40, 0), ("GPU 1", 20, 1)]
    (silence,) = report.gpus[1].silences
    assert (silence.start_ns, silence.end_ns) == (T0 + 9 * S // 10, T0 + 3 * S)
    first, whole, part = report.sentences("a.gpurec")
    assert first == "a.gpurec: 3.90 s of 2 GPUs."
    assert whole == "GPU 0: 40 samples."
    assert part.startswith("GPU 1: 20 samples; lost for 2.10 s, from ")
    with Recording.open(tmp_path / "a.gpurec") as recording:
        assert sum(sample.gpu_uuid == "GPU-B" for sample in recording.samples()) == 20


def test_a_gpu_that_comes_late_goes_early_or_never_comes_is_told_of(tmp_path: Path) -> None:
    report = reported(tmp_path / "a.gpurec", *ticks(0, 2, ["GPU-A"]), *ticks(2, 4), *ticks(4, 6, ["GPU-A"]))
    late, early = report.gpus[1].silences
    assert (late.start_ns, late.end_ns) == (T0, T0 + 2 * S)
    assert (early.start_ns, early.end_ns, early.reason) == (T0 + 39 * S // 10, None, "silent")
    assert str(early).endswith("to the end")
    never = reported(tmp_path / "b.gpurec", *ticks(0, 2, ["GPU-A"]))
    assert never.sentences("b")[-1] == "GPU 1: no samples."
    assert not never.is_whole


def test_many_losses_are_summed_up(tmp_path: Path) -> None:
    events = [tick for begin in range(0, 60, 4) for tick in ticks(begin, begin + 2)]
    report = reported(tmp_path / "a.gpurec", *events)
    assert len(report.gpus[0].silences) == 14
    assert report.sentences("a")[1].endswith("; 11 more, 23.1 s in total.")


def test_a_lower_rate_is_no_loss(tmp_path: Path) -> None:
    slow: list[MonitorEvent] = [tuple(GpuSample(T0 + n * 2 * S, gpu.uuid) for gpu in GPUS) for n in range(1, 10)]
    assert reported(tmp_path / "a.gpurec", *ticks(0, 2), *slow).is_whole


def test_a_restarted_agent_is_told_of(tmp_path: Path) -> None:
    ended = Problem(ProblemCode.AGENT_FAILED, "It ended.", since_ns=T0 + S)
    report = reported(tmp_path / "a.gpurec", *ticks(0, 1), ended, FOUND, *ticks(3, 4))
    assert report.restarts == 1
    assert [gpu.silences[0].reason for gpu in report.gpus] == ["not read", "not read"]
    assert report.sentences("a")[-1] == "The sampling process was restarted once."
    assert not report.is_whole


def test_a_sample_that_came_twice_is_counted_once(tmp_path: Path) -> None:
    report = reported(tmp_path / "a.gpurec", *ticks(0, 1), *ticks(0, 1))
    assert report.samples == 20


def test_the_seconds_are_counted_from_the_first_sample(tmp_path: Path) -> None:
    def late() -> Iterable[MonitorEvent]:
        time.sleep(0.3)  # longer than is recorded
        yield FOUND
        yield from ticks(0, 30)

    report = record(tmp_path / "a.gpurec", 0.2, 10, ScriptedFeed(late(), waits=True))
    assert [gpu.samples for gpu in report.gpus] == [2, 2]


def test_a_recording_of_so_many_seconds_ends_although_the_samples_stay_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_LATE_S", 0.0)
    report = record(tmp_path / "a.gpurec", 0.5, 10, ScriptedFeed([FOUND, *ticks(0, 0.2)], waits=True))
    assert [gpu.samples for gpu in report.gpus] == [2, 2]


def test_silence_up_to_the_end_is_told_of_even_if_no_gpu_has_samples_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_LATE_S", 0.0)
    report = record(tmp_path / "a.gpurec", 2.5, 10, ScriptedFeed([FOUND, *ticks(0, 0.5)], waits=True))
    for gpu in report.gpus:
        assert gpu.silences[-1].end_ns is None
        assert gpu.silences[-1].duration_ns > S


def test_progress_is_told_while_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_PROGRESS_S", 0.05)
    feed = ScriptedFeed([FOUND, *ticks(0, 1)], waits=True)

    def take(report: RecordingReport) -> None:
        if report.samples == 20:
            feed.stop()

    assert record(tmp_path / "a.gpurec", None, 10, feed, take).samples == 20


def test_a_disk_that_fills_up_leaves_a_report_of_what_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    writer = RecordingWriter(path)
    writer.add_event(FOUND)
    for event in ticks(0, 1):
        writer.add_event(event)
    wait_for(lambda: bool(writer.report().samples))
    writer._connection.execute("PRAGMA query_only = 1")
    for event in ticks(1, 2):
        writer.add_event(event)
    with pytest.raises(RecordingError, match="can no longer be written"):
        writer.close()
    report = writer.report()
    assert [gpu.samples for gpu in report.gpus] == [10, 10]
    assert "can no longer be written" in report.sentences("a")[-1]


def test_a_real_gpu_that_is_lost_is_in_the_report(nvml: FakeNvml, tmp_path: Path) -> None:
    path, feed, reports = tmp_path / "a.gpurec", quick_feed(nvml.env), []
    recording = threading.Thread(target=lambda: reports.append(record(path, None, 20, feed)))
    recording.start()
    try:
        wait_for_samples(path, gpu_uuid(1), 5)
        nvml.set(lost="1")
        wait_for_samples(path, gpu_uuid(0), count_of(path, gpu_uuid(1)) + 40)
    finally:
        feed.stop()
        recording.join()
    (report,) = reports
    first, second = report.gpus
    assert (first.samples, second.samples) == (count_of(path, gpu_uuid(0)), count_of(path, gpu_uuid(1)))
    assert second.samples < first.samples
    assert (second.silences[-1].reason, second.silences[-1].end_ns) == ("lost", None)


def count_of(path: Path, uuid: str) -> int:
    """The samples of a GPU that are in a file by now."""
    try:
        with Recording.open(path) as recording:
            return sum(sample.gpu_uuid == uuid for sample in recording.samples())
    except RecordingError:
        return 0


def wait_for_samples(path: Path, uuid: str, count: int) -> None:
    """Wait until so many samples of a GPU are in a file."""
    wait_for(lambda: count_of(path, uuid) >= count)
    assert count_of(path, uuid) >= count
