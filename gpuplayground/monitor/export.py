"""A recording as a CSV table."""

from __future__ import annotations

import csv
from operator import attrgetter
from pathlib import Path

from gpuplayground.monitor.recording import Recording, RecordingError
from gpuplayground.monitor.samples import METRICS

COLUMNS = ("time_ns", "gpu_index", "gpu_uuid", *METRICS)

_metrics = attrgetter(*METRICS)


def export_csv(recording_path: Path, out_path: Path) -> int:
    """Write a recording's samples as CSV and return their number. Not supported, or not read, is an empty field.

    Raises:
        RecordingError: the recording cannot be read, or the table cannot be written.
    """
    with Recording.open(recording_path) as recording:
        indexes = {gpu.uuid: gpu.index for gpu in recording.gpus}
        try:
            with out_path.open("w", encoding="utf-8", newline="") as file:
                table = csv.writer(file, lineterminator="\n")
                table.writerow(COLUMNS)
                count = 0
                for sample in recording.samples():
                    uuid = sample.gpu_uuid
                    table.writerow((sample.time_ns, indexes[uuid], uuid, *_metrics(sample)))
                    count += 1
        except OSError as error:
            raise RecordingError(
                f"“{out_path}” cannot be written ({error.strerror}): choose another folder."
            ) from error
    return count
