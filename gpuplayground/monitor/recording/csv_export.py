"""Exports a recording as a CSV table."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gpuplayground.metrics import FIELDS
from gpuplayground.monitor.recording.reader import Recording, RecordingError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

COLUMNS = ("time_ns", "gpu_index", "gpu_uuid", *FIELDS)

_metrics = attrgetter(*FIELDS)


def export_csv(recording_path: Path, out_path: Path) -> int:
    """Write a recording's samples as CSV and return their number. Unsupported or unread values are empty fields.

    An existing file is replaced only once the table is complete.

    Raises:
        RecordingError: the recording cannot be read, or the table cannot be written.
    """
    with Recording.open(recording_path) as recording:
        recording.require_samples()
        try:
            with _whole_file(out_path) as file:
                return _write(recording, file)
        except OSError as error:
            raise RecordingError(
                f"“{out_path}” cannot be written ({error.strerror}): choose another folder."
            ) from error


def export_csv_to(recording_path: Path, file: SupportsWrite[str]) -> int:
    """Do the same with a stream, line by line.

    Raises:
        RecordingError: the recording cannot be read.
        OSError: the stream cannot be written.
    """
    with Recording.open(recording_path) as recording:
        recording.require_samples()
        return _write(recording, file)


def _write(recording: Recording, file: SupportsWrite[str]) -> int:
    indexes = {gpu.uuid: gpu.index for gpu in recording.gpus}
    table = csv.writer(file, lineterminator="\n")
    table.writerow(COLUMNS)
    count = 0
    for sample in recording.samples():
        uuid = sample.gpu_uuid
        table.writerow((sample.time_ns, indexes[uuid], uuid, *_metrics(sample)))
        count += 1
    return count


@contextmanager
def _whole_file(path: Path) -> Iterator[TextIO]:
    """Open a temporary file that replaces ``path`` at the end of the block, and is removed on failure.

    Anything other than a regular file, such as a pipe, is written directly.
    """
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    path = path.resolve()  # keep a symbolic link
    part = path.with_name(f".{path.name[:200]}.{os.getpid()}.part")
    try:
        with part.open("x", encoding="utf-8", newline="") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
