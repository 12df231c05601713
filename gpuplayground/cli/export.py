"""``gpuplayground export``: writes a recording as CSV."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gpuplayground.cli.arguments import Parser, Subparsers
from gpuplayground.cli.usage import STDOUT, UsageError, readable_file, writable_file
from gpuplayground.monitor.recording.csv_export import export_csv, export_csv_to
from gpuplayground.monitor.recording.reader import RecordingError
from gpuplayground.standard_streams import say, tell, unwritable


def add_parser(subparsers: Subparsers) -> Parser:
    """Add the parser of ``gpuplayground export``."""
    parser = subparsers.add_parser(
        "export", description="Write a recording as CSV, one line per sample.", allow_abbrev=False
    )
    parser.add_argument("recording", metavar="REC", help="the recording to read")
    parser.add_argument("out", metavar="OUT.csv", help='the file to write, or "-" for standard output')
    parser.set_defaults(execute=export)
    return parser


def export(options: argparse.Namespace) -> int:
    """Write a recording as CSV and return 0.

    Raises:
        UsageError: the recording cannot be read, or the CSV file cannot be written.
        CommandFailedError: standard output cannot be written.
        BrokenPipeError: the reader has gone.
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
    """Writes text to a terminal with its control characters made visible."""

    def write(self, text: str) -> None:
        say(text)


def _export_to_stdout(recording: Path) -> int:
    if sys.stdout.isatty():
        return export_csv_to(recording, _Terminal())
    try:
        # UTF-8 as in a file, whatever the encoding of the terminal.
        with open(1, "w", encoding="utf-8", newline="", closefd=False) as file:
            return export_csv_to(recording, file)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(error) from error
