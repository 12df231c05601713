"""``gpuplayground record`` and ``gpuplayground export``: what the GPUs did, kept in a file and written as a table."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from pathlib import Path

from gpuplayground.cli.usage import STDOUT, UsageError, readable_file, writable_file
from gpuplayground.monitor.recording import recorder
from gpuplayground.monitor.recording.csv_export import export_csv, export_csv_to
from gpuplayground.monitor.recording.reader import RecordingError
from gpuplayground.monitor.recording.report import RecordingReport
from gpuplayground.monitor.sampling.feed import Feed
from gpuplayground.standard_streams import CommandFailedError, say, tell, unwritable
from gpuplayground.units import duration

#: Back to the beginning of the line, and erase it (ECMA-48).
_ERASE = "\r\033[K"


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
    progress = _Progress() if sys.stderr.isatty() else None
    until = "Ctrl+C ends it." if options.seconds is None else f"It takes {options.seconds:g} s; Ctrl+C ends it early."
    tell(f"Recording into {out} at {options.hz:g} Hz. {until}\n")
    try:
        report = recorder.record(out, options.seconds, options.hz, Feed(hz=options.hz), progress)
    except RecordingError as error:
        raise CommandFailedError(str(error)) from error
    finally:
        if progress is not None:
            progress.clear()
    *told, last = report.sentences(str(out))
    if report.problem is not None:
        say("".join(f"{sentence}\n" for sentence in told))
        raise CommandFailedError(last)
    say("".join(f"{sentence}\n" for sentence in (*told, last)))
    return 0


class _Progress:
    """What has been recorded so far, in one line of a terminal that is written over."""

    def __call__(self, report: RecordingReport) -> None:
        """Show a report."""
        parts = [duration(report.duration_ns), f"{report.samples:,} samples"]
        for gpu in report.gpus:
            if not gpu.samples:
                parts.append(f"{gpu.label}: no samples yet")
            elif gpu.silences and gpu.silences[-1].end_ns is None:
                parts.append(f"{gpu.label}: {gpu.silences[-1].reason} for {duration(gpu.silences[-1].duration_ns)}")
        tell(f"{_ERASE}{' · '.join(parts)[: shutil.get_terminal_size().columns - 1]}")

    def clear(self) -> None:
        """Take the line away."""
        tell(_ERASE)


def export(options: argparse.Namespace) -> int:
    """Write a recording as CSV.

    Raises:
        UsageError: the recording cannot be read, or the table cannot be written.
        CommandFailedError: standard output cannot be written.
        BrokenPipeError: nobody reads it.
    """
    recording = readable_file(options.recording, "recording")
    out = STDOUT if options.out == str(STDOUT) else writable_file(options.out)
    if out != STDOUT and out.exists() and Path.samefile(recording, out):
        raise UsageError(f"{out} is the recording itself: name another file to write.")
    try:
        if out == STDOUT:
            tell(f"{_export_to_stdout(recording):,} rows.\n")
        else:
            say(f"{out}: {export_csv(recording, out):,} rows.\n")
    except RecordingError as error:
        raise UsageError(str(error)) from error
    return 0


class _Terminal:
    """Takes a text for a terminal, which must not obey what is in it."""

    def write(self, text: str) -> None:
        say(text)


def _export_to_stdout(recording: Path) -> int:
    if sys.stdout.isatty():
        return export_csv_to(recording, _Terminal())
    try:
        # As in a file, whatever the encoding of the terminal.
        with open(1, "w", encoding="utf-8", newline="", closefd=False) as file:
            return export_csv_to(recording, file)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(error) from error
