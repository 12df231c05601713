"""``gpuplayground record`` and ``gpuplayground export``: what the GPUs did, kept in a file and written as a table."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path

from gpuplayground.commands.streams import say, tell
from gpuplayground.commands.usage import CommandFailedError, UsageError, readable_file, writable_file
from gpuplayground.monitor import recorder
from gpuplayground.monitor.export import export_csv
from gpuplayground.monitor.feed import Feed
from gpuplayground.monitor.recording import RecordingError
from gpuplayground.units import duration


def record(options: argparse.Namespace) -> int:
    """Record the GPUs of this machine for some seconds or until Ctrl+C, which is no error.

    Raises:
        UsageError: the file exists or cannot be written.
        CommandFailedError: there is no GPU to record, or the disk is full.
    """
    out = writable_file(options.out)
    if out.exists():
        raise UsageError(f"{out} already exists: choose another name or remove it first.")
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            # A polite kill ends a recording as Ctrl+C does.
            signal.signal(getattr(signal, name), signal.default_int_handler)
    until = "Ctrl+C ends it." if options.seconds is None else f"It takes {options.seconds:g} s; Ctrl+C ends it early."
    tell(f"Recording into {out} at {options.hz:g} Hz. {until}\n")
    try:
        summary = recorder.record(out, options.seconds, options.hz, Feed(hz=options.hz))
    except RecordingError as error:
        raise CommandFailedError(str(error)) from error
    gpus = "1 GPU" if summary.gpus == 1 else f"{summary.gpus} GPUs"
    say(f"{out}: {duration(summary.duration_ns)} of {gpus}, {summary.ticks:,} samples of each.\n")
    return 0


def export(options: argparse.Namespace) -> int:
    """Write a recording as CSV.

    Raises:
        UsageError: the recording cannot be read, or the table cannot be written.
    """
    recording = readable_file(options.recording, "recording")
    out = writable_file(options.out)
    if out.exists() and Path.samefile(recording, out):
        raise UsageError(f"{out} is the recording itself: name another file to write.")
    try:
        rows = export_csv(recording, out)
    except RecordingError as error:
        raise UsageError(str(error)) from error
    say(f"{out}: {rows:,} rows.\n")
    return 0
