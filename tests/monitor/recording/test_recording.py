"""Recordings on disk: written, killed, damaged, and exported."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gpuplayground.metrics import FIELDS
from gpuplayground.model.samples import (
    DriverInfo,
    GpuInfo,
    GpuSample,
    Inventory,
    ProcessSample,
    RunSpan,
    UnlistedProcesses,
)
from gpuplayground.monitor.recording.csv_export import export_csv
from gpuplayground.monitor.recording.reader import Recording, RecordingError, RecordingWriter
from gpuplayground.monitor.recording.recorder import record
from gpuplayground.monitor.recording.schema import VERSION
from gpuplayground.monitor.recording.writer import COMMIT_S
from tests.monitor.watch import PATIENCE_S, quick_feed
from tests.support.command_line import wait_for
from tests.support.fakes import FakeNvml, fake_nvml_env, gpu_uuid, no_nvml_env

S = 1_000_000_000
T0 = 1_795_420_734 * S
GPU = GpuInfo(0, "GPU-1", "NVIDIA H200", 150 << 30, (9, 0), 700.0, 1980, 3201, 5, 16)
OTHER = GpuInfo(1, "GPU-2", "NVIDIA H200")
SAMPLE = GpuSample(T0, "GPU-1", *range(1, 16))
RUN = RunSpan("run-1", "matmul", T0 + S, T0 + 2 * S, ("GPU-1",))


def written(path: Path, seconds: int = 3) -> Path:
    """A recording of two GPUs at 10 Hz."""
    with RecordingWriter(path, datetime(2026, 11, 23, 7, 58, tzinfo=UTC)) as writer:
        writer.inventory(Inventory(T0, DriverInfo("580.1", "13.0", "13.580"), (GPU, OTHER)))
        for number in range(10 * seconds):
            time_ns = T0 + number * S // 10
            writer.add((GpuSample(time_ns, "GPU-1", gpu_util_percent=number), GpuSample(time_ns + 5000, "GPU-2")))
        writer.add_run(RUN)
    return path


def test_what_was_written_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    running = RunSpan("run-2", "still running", T0 + S)
    process = ProcessSample(T0 + 7, "GPU-1", 42, "python", "graphics", 1 << 30, 12.5)
    bare = ProcessSample(T0 + 7, "GPU-2", 43)
    with RecordingWriter(path, datetime(2026, 11, 23, 7, 58, tzinfo=UTC)) as writer:
        writer.inventory(Inventory(T0, DriverInfo("580.1", "13.0", "13.580"), (GPU, OTHER)))
        writer.add((SAMPLE, GpuSample(T0 + 1, "GPU-2")))
        writer.add_processes((process, bare))
        writer.add_processes(())
        writer.add_run(RunSpan(RUN.run_id, RUN.label, RUN.start_ns))
        writer.add_run(RUN)
        writer.add_run(running)
    with Recording.open(path) as recording:
        assert recording.gpus == (GPU, OTHER)
        assert recording.driver == DriverInfo("580.1", "13.0", "13.580")
        assert list(recording.samples()) == [SAMPLE, GpuSample(T0 + 1, "GPU-2")]
        passes = recording.passes(0, time.time_ns() + S)
        assert [found for _, found in passes] == [(process, bare), ()] or [f for _, f in passes] == [
            (),
            (process, bare),
        ]
        assert set(recording.runs) == {RUN, running}
        assert (recording.first_ns, recording.last_ns) == (T0, T0 + 1)
        assert recording.title == "2 × NVIDIA H200, 2026-11-23"


def test_samples_are_found_by_time(tmp_path: Path) -> None:
    with Recording.open(written(tmp_path / "a.gpurec", 30)) as recording:
        times = [each.time_ns for each in recording.samples(T0 + 12 * S, T0 + 24 * S)]
        assert len(times) == 240
        assert times == sorted(times)
        assert (times[0], times[-1]) == (T0 + 12 * S, T0 + 24 * S - S // 10 + 5000)
        assert len(list(recording.samples())) == 600


def test_an_event_of_a_feed_finds_its_table(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    with RecordingWriter(path) as writer:
        writer.add_event(Inventory(T0, DriverInfo(), (GPU,)))
        writer.add_event((SAMPLE,))
        writer.add_event((ProcessSample(T0, "GPU-1", 1),))
        writer.add_event(())
    with Recording.open(path) as recording:
        assert list(recording.samples()) == [SAMPLE]
        assert [len(found) for _, found in recording.passes(0, time.time_ns() + S)] == [1, 0]


def test_processes_that_could_not_be_listed_stay_unknown(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    refused = UnlistedProcesses(T0 + 1, "GPU-2", "This account may not.")
    with RecordingWriter(path) as writer:
        writer.add_event(Inventory(T0, DriverInfo(), (GPU, OTHER)))
        writer.add_event((SAMPLE,))
        writer.add_event((ProcessSample(T0 + 1, "GPU-1", 1), refused))
    with Recording.open(path) as recording:
        assert recording.passes(0, T0 + S) == [(T0 + 1, (ProcessSample(T0 + 1, "GPU-1", 1), refused))]


def test_a_recording_from_before_unknown_processes_were_kept_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    with RecordingWriter(path) as writer:
        writer.add_event(Inventory(T0, DriverInfo(), (GPU,)))
        writer.add_event((SAMPLE,))
        writer.add_event((ProcessSample(T0 + 1, "GPU-1", 1),))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE unlisted")
    with Recording.open(path) as recording:
        assert recording.passes(0, T0 + S) == [(T0 + 1, (ProcessSample(T0 + 1, "GPU-1", 1),))]


def test_a_gpu_no_inventory_told_of_keeps_its_figures(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    with RecordingWriter(path) as writer:
        writer.add((SAMPLE, GpuSample(T0, "GPU-2")))
        writer.inventory(Inventory(T0, DriverInfo(), (GPU,)))
        writer.add((GpuSample(T0 + 1, "GPU-2"),))
    with Recording.open(path) as recording:
        assert GPU in recording.gpus
        assert len(list(recording.samples())) == 3


def test_the_file_is_an_ordinary_sqlite_database_with_documented_tables(tmp_path: Path) -> None:
    path = written(tmp_path / "a.gpurec")
    connection = sqlite3.connect(path)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert tables == {"meta", "devices", "samples", "passes", "processes", "unlisted", "runs"}
    columns = [row[1] for row in connection.execute("PRAGMA table_info(samples)")]
    assert columns == ["time_ns", "device_id", *FIELDS]
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_closed_recording_is_one_file_that_read_only_media_can_hold(tmp_path: Path) -> None:
    path = written(tmp_path / "a.gpurec")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.gpurec"]
    # Version 1 of the file format: no write-ahead log, which would need to be made beside it even for reading.
    assert path.read_bytes()[18:20] == b"\1\1"
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        with Recording.open(path) as recording:
            assert len(list(recording.samples())) == 60
        assert [entry.name for entry in tmp_path.iterdir()] == ["a.gpurec"]
    finally:
        tmp_path.chmod(0o755)


def test_nothing_in_it_names_the_machine_or_the_account(tmp_path: Path) -> None:
    content = written(tmp_path / "a.gpurec").read_bytes()
    for name in (os.uname().nodename, os.fspath(tmp_path), os.environ.get("USER") or "/home/"):
        assert len(name) < 4 or name.encode() not in content


_WRITER = """
import sys, time
from pathlib import Path
from gpuplayground.monitor.recording.reader import RecordingWriter
from gpuplayground.model.samples import GpuSample
writer = RecordingWriter(Path(sys.argv[1]))
while True:
    now_ns = time.time_ns()
    writer.add((GpuSample(now_ns, "GPU-1", gpu_util_percent=50),))
    print(now_ns, flush=True)
    time.sleep(0.005)
"""


@pytest.mark.parametrize("after_s", [0.6, 1.03, 1.5])
def test_a_killed_writer_loses_at_most_the_last_second_and_never_the_file(tmp_path: Path, after_s: float) -> None:
    path = tmp_path / "a.gpurec"
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE)
    with writer:
        assert writer.stdout is not None
        first = last = int(writer.stdout.readline())
        while last < first + after_s * S:
            last = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        last = [last, *(int(line) for line in writer.stdout if line.endswith(b"\n"))][-1]
    with Recording.open(path) as recording:
        samples = list(recording.samples())
    assert samples
    # Twice what is promised, because a busy machine may hold up the writer itself.
    assert last - samples[-1].time_ns < 2 * S
    assert COMMIT_S <= 0.5
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_what_a_killed_writer_left_half_written_is_taken_back(tmp_path: Path) -> None:
    path = written(tmp_path / "a.gpurec")
    killed = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("DELETE FROM samples")
connection.execute("CREATE TABLE filler (x)")
connection.executemany("INSERT INTO filler VALUES (?)", [("x" * 3000,)] * 500)
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", killed, str(path)], check=False)
    assert Path(f"{path}-journal").exists()
    with Recording.open(path) as recording:
        assert len(list(recording.samples())) == 60


def test_a_recording_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    with RecordingWriter(path) as writer:
        writer.add((SAMPLE,))

        def count() -> int:
            with Recording.open(path) as recording:
                return len(list(recording.samples()))

        wait_for(lambda: count() == 1)
        writer.add((GpuSample(T0 + 1, "GPU-1"),))
    with Recording.open(path) as recording:
        assert len(list(recording.samples())) == 2


def truncated(path: Path) -> None:
    written(path, 30)
    os.truncate(path, path.stat().st_size // 2)


def cut_to_the_header(path: Path) -> None:
    written(path)
    os.truncate(path, 60)


def overwritten(path: Path) -> None:
    written(path, 30)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))


def newer(path: Path) -> None:
    connection = sqlite3.connect(written(path))
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()


def other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE samples (time_ns)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(lambda _: None, "There is no file", id="missing"),
        pytest.param(Path.mkdir, "cannot be read", id="a folder"),
        pytest.param(Path.touch, "is empty", id="empty"),
        pytest.param(lambda path: path.write_bytes(b"SQLite fo"), "truncated", id="cut off at once"),
        pytest.param(cut_to_the_header, "truncated", id="cut off in the header"),
        pytest.param(truncated, "truncated", id="cut off"),
        pytest.param(overwritten, "damaged", id="damaged"),
        pytest.param(lambda path: path.write_text("time_ns,gpu_index\n" * 99), "not a recording", id="a table"),
        pytest.param(other_database, "not a recording", id="another database"),
        pytest.param(newer, "newer version", id="newer"),
    ],
)
def test_a_file_that_cannot_be_used_gets_a_clear_sentence(
    tmp_path: Path, make: Callable[[Path], object], says: str
) -> None:
    path = tmp_path / "a.gpurec"
    make(path)
    with pytest.raises(RecordingError, match=says) as caught:
        Recording.open(path)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert sentence.count("a.gpurec") == 1


def test_an_existing_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    path.write_text("mine")
    with pytest.raises(RecordingError, match="already exists"):
        RecordingWriter(path)
    assert path.read_text() == "mine"


def test_a_folder_that_does_not_exist_gets_a_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be written"):
        RecordingWriter(tmp_path / "missing" / "a.gpurec")


def test_a_disk_that_is_full_is_told_of_and_what_was_written_stays(tmp_path: Path) -> None:
    path = written(tmp_path / "first.gpurec")
    target = tmp_path / "a.gpurec"
    writer = RecordingWriter(target)
    writer._connection.execute("PRAGMA max_page_count = 20")
    writer.add(tuple(GpuSample(T0 + number, "GPU-1", *range(15)) for number in range(5000)))
    with pytest.raises(RecordingError, match="can no longer be written"):
        writer.close()
    with pytest.raises(RecordingError, match="can no longer be written"):
        writer.add((SAMPLE,))
    with Recording.open(target) as recording:
        assert recording.gpus == () or len(recording.gpus) == 1
    assert path.exists()


def test_a_file_from_before_a_metric_was_added_opens_without_it(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    with RecordingWriter(path) as writer:
        writer.add((GpuSample(T0, "GPU-1", power_w=70.5, energy_j=1234.5),))
    with Recording.open(path) as recording:
        assert [(sample.power_w, sample.energy_j) for sample in recording.samples()] == [(70.5, 1234.5)]
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE samples DROP COLUMN energy_j")
    connection.close()
    with Recording.open(path) as recording:
        assert [(sample.power_w, sample.energy_j) for sample in recording.samples()] == [(70.5, None)]


def test_the_table_has_a_column_per_metric_and_empty_fields_for_what_is_not_supported(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    assert export_csv(written(tmp_path / "a.gpurec"), out) == 60
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:5] == ["time_ns", "gpu_index", "gpu_uuid", "gpu_util_percent", "memory_util_percent"]
    assert rows[0][3:] == list(FIELDS)
    assert rows[1] == [str(T0), "0", "GPU-1", "0", *[""] * 15]
    assert rows[4] == [str(T0 + S // 10 + 5000), "1", "GPU-2", *[""] * 16]
    assert len(rows) == 61


def test_a_table_that_cannot_be_written_gets_a_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be written"):
        export_csv(written(tmp_path / "a.gpurec"), tmp_path / "missing" / "a.csv")


def test_recording_live_gpus_gives_a_file_of_what_they_did(nvml: FakeNvml, tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    report = record(path, 1.5, 20, quick_feed(nvml.env))
    assert [gpu.label for gpu in report.gpus] == ["GPU 0", "GPU 1"]
    assert report.samples > 6
    assert 0 < report.duration_ns < 1.5 * S
    with Recording.open(path) as recording:
        assert [gpu.uuid for gpu in recording.gpus] == [gpu_uuid(0), gpu_uuid(1)]
        assert len(list(recording.samples())) == report.samples
        assert any(found for _, found in recording.passes(0, time.time_ns()))
        assert recording.driver.cuda_version == "13.0"


@pytest.mark.parametrize("env", [no_nvml_env, lambda: fake_nvml_env(gpus=0)], ids=["no driver", "no GPU"])
def test_recording_without_a_gpu_says_why_and_leaves_no_file(tmp_path: Path, env: Callable[[], dict[str, str]]) -> None:
    path = tmp_path / "a.gpurec"
    with pytest.raises(RecordingError, match=r"driver"):
        record(path, None, 10, quick_feed(env()))
    assert not path.exists()


def test_recording_ends_on_ctrl_c_with_what_there_is(nvml: FakeNvml, tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    script = (
        "import sys; from pathlib import Path; from gpuplayground.monitor.sampling.feed import Feed;"
        "from gpuplayground.monitor.recording.recorder import record;"
        "print(record(Path(sys.argv[1]), None, 20, Feed()).samples)"
    )
    command = [sys.executable, "-c", script, str(path)]
    recorder = subprocess.Popen(command, env={**os.environ, **nvml.env}, stdout=subprocess.PIPE, text=True)
    with recorder:
        wait_for(lambda: _has_samples(path))
        recorder.send_signal(signal.SIGINT)
        output, _ = recorder.communicate(timeout=PATIENCE_S)
    assert recorder.returncode == 0
    with Recording.open(path) as recording:
        assert len(list(recording.samples())) == int(output)


def _has_samples(path: Path) -> bool:
    try:
        with Recording.open(path) as recording:
            return recording.last_ns > 0
    except RecordingError:
        return False


def test_a_recording_copied_from_elsewhere_opens(tmp_path: Path) -> None:
    copy = tmp_path / "with space & umlaut ü #1?.gpurec"
    shutil.copy(written(tmp_path / "a.gpurec"), copy)
    with Recording.open(copy) as recording:
        assert len(list(recording.samples())) == 60
