"""Damaged recordings are refused with one sentence, wherever they are opened."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gpuplayground.model.samples import DriverInfo, GpuInfo, GpuSample, Inventory
from gpuplayground.monitor.recording.csv_export import export_csv
from gpuplayground.monitor.recording.reader import Recording, RecordingError, RecordingWriter
from gpuplayground.monitor.recording.replay import ReplayFeed
from tests.monitor.recording import damaged
from tests.monitor.recording.damaged import T0, S
from tests.monitor.watch import Watch, is_tick


@pytest.mark.parametrize("name", damaged.NAMES)
def test_what_is_wrong_is_named_in_one_sentence_and_no_table_is_written(tmp_path: Path, name: str) -> None:
    path, out = tmp_path / "a.gpurec", tmp_path / "a.csv"
    words = damaged.make(path, name)
    out.write_text("an older table")
    with pytest.raises(RecordingError) as by_export:
        export_csv(path, out)
    with pytest.raises(RecordingError) as by_replay:
        ReplayFeed(path)
    sentence = str(by_export.value)
    assert sentence == str(by_replay.value)
    assert [word for word in words if word not in sentence] == []
    assert sentence.endswith(".")
    assert sentence.isprintable()
    assert len(sentence) < 500
    assert out.read_text() == "an older table"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.csv", "a.gpurec"]


def test_a_whole_recording_is_refused_for_nothing(tmp_path: Path) -> None:
    damaged.whole(tmp_path / "a.gpurec")
    assert export_csv(tmp_path / "a.gpurec", tmp_path / "a.csv") == 80
    ReplayFeed(tmp_path / "a.gpurec")


def test_columns_and_tables_of_a_later_version_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    damaged.by_sql(path, "ALTER TABLE samples ADD COLUMN later; CREATE TABLE more (x); UPDATE samples SET later = 'x'")
    assert export_csv(path, tmp_path / "a.csv") == 80


def test_the_row_that_fails_is_named_by_its_day_its_time_and_its_gpu(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    damaged.by_sql(path, f"UPDATE samples SET power_w = 'n/a' WHERE time_ns = {T0 + S} AND device_id = 2")
    day = datetime.fromtimestamp(T0 // S + 1, UTC)
    with pytest.raises(RecordingError, match=f"{day:%Y-%m-%d %H:%M:%S} UTC with time_ns {T0 + S}, device_id 2"):
        Recording.open(path)


def test_a_disk_that_is_full_leaves_no_half_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, out = tmp_path / "a.gpurec", tmp_path / "a.csv"
    damaged.whole(path)

    def fill_up(_recording: Recording) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Recording, "samples", fill_up)
    with pytest.raises(RecordingError, match=f"cannot be written \\({os.strerror(28)}\\)"):
        export_csv(path, out)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.gpurec"]


def test_a_table_goes_into_a_pipe_and_through_a_link(tmp_path: Path) -> None:
    path, pipe, link = tmp_path / "a.gpurec", tmp_path / "pipe", tmp_path / "link.csv"
    damaged.whole(path)
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    assert export_csv(path, pipe) == 80
    reader.join()
    assert read[0].count("\n") == 81
    assert pipe.is_fifo()
    link.symlink_to(tmp_path / "table.csv")
    export_csv(path, link)
    assert link.is_symlink()
    assert (tmp_path / "table.csv").read_text(encoding="utf-8") == read[0]


def test_a_hole_of_months_is_passed_over_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    with RecordingWriter(path) as writer:
        writer.inventory(Inventory(T0, DriverInfo(), (GpuInfo(0, "GPU-1", "NVIDIA H200"),)))
        for day in (0, 300):
            writer.add((GpuSample(T0 + day * 86400 * S, "GPU-1", power_w=day),))
    assert export_csv(path, tmp_path / "a.csv") == 2
    with Watch(ReplayFeed(path, loop=False, speed=1e9)) as watch:
        watch.samples(lambda samples: samples[0].power_w == 300)


def test_a_recording_of_a_single_moment_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    with RecordingWriter(path) as writer:
        writer.add((GpuSample(T0, "GPU-1", power_w=5.0),))
    with Watch(ReplayFeed(path)) as watch:
        watch.samples()
    assert sum(is_tick(event) for event in watch.events) >= 1
