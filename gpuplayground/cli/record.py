"""``gpuplayground record``: records the GPUs into a file."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys

from gpuplayground.cli.arguments import Parser, Subparsers, positive, rate
from gpuplayground.cli.usage import UsageError, writable_file
from gpuplayground.monitor.recording import recorder
from gpuplayground.monitor.recording.reader import RecordingError
from gpuplayground.monitor.recording.report import RecordingReport
from gpuplayground.monitor.sampling.feed import Feed
from gpuplayground.standard_streams import CommandFailedError, say, tell
from gpuplayground.units import duration

#: Return to the start of the line and erase it (ECMA-48).
_ERASE = "\r\033[K"


def add_parser(subparsers: Subparsers) -> Parser:
    """Add the parser of ``gpuplayground record``."""
    parser = subparsers.add_parser(
        "record",
        description="Record the GPUs until Ctrl+C, or for some seconds.",
        allow_abbrev=False,
    )
    parser.add_argument("out", metavar="OUT", help="the recording to write")
    parser.add_argument("--seconds", type=positive, metavar="N", help="how long (default: until Ctrl+C)")
    parser.add_argument(
        "--hz", type=rate, metavar="H", default=10.0, help="samples per second, 0.1 to 50 (default: 10)"
    )
    parser.set_defaults(execute=record)
    return parser


def record(options: argparse.Namespace) -> int:
    """Record the GPUs of this machine for a time or until Ctrl+C, and return 0 for either.

    Raises:
        UsageError: the file exists or cannot be written.
        CommandFailedError: there is no GPU to record, or the file cannot be written.
    """
    out = writable_file(options.out)
    if out.exists():
        raise UsageError(f"{out} already exists: choose another name or remove it first.")
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            # SIGTERM and SIGHUP end a recording as Ctrl+C does.
            signal.signal(getattr(signal, name), signal.default_int_handler)
    progress = _Progress() if sys.stderr.isatty() else None
    is_endless = options.seconds is None
    stop_hint = "Press Ctrl+C to stop." if is_endless else f"Stops after {options.seconds:g} s, or on Ctrl+C."
    tell(f"Recording to {out} at {options.hz:g} Hz. {stop_hint}\n")
    try:
        report = recorder.record(out, options.seconds, options.hz, Feed(hz=options.hz), progress)
    except RecordingError as error:
        raise CommandFailedError(str(error)) from error
    finally:
        if progress is not None:
            progress.clear()
    *sentences, last = report.sentences(str(out))
    if report.problem is not None:
        say("".join(f"{sentence}\n" for sentence in sentences))
        raise CommandFailedError(last)
    say("".join(f"{sentence}\n" for sentence in (*sentences, last)))
    return 0


class _Progress:
    """A line on the terminal with what has been recorded so far."""

    def __call__(self, report: RecordingReport) -> None:
        """Update the line."""
        parts = [duration(report.duration_ns), f"{report.samples:,} samples"]
        for gpu in report.gpus:
            if not gpu.samples:
                parts.append(f"{gpu.label}: no samples yet")
            elif gpu.silences and gpu.silences[-1].end_ns is None:
                parts.append(f"{gpu.label}: {gpu.silences[-1].reason} for {duration(gpu.silences[-1].duration_ns)}")
        tell(f"{_ERASE}{' · '.join(parts)[: shutil.get_terminal_size().columns - 1]}")

    def clear(self) -> None:
        """Erase the line."""
        tell(_ERASE)
