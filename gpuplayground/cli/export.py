"""``gpuplayground export``: writes a recording as CSV."""

from __future__ import annotations

import argparse
from pathlib import Path

from gpuplayground.cli.arguments import Parser, Subparsers
from gpuplayground.cli.usage import UsageError, readable_file, writable_file
from gpuplayground.monitor.recording.csv_export import export_csv
from gpuplayground.monitor.recording.reader import RecordingError
from gpuplayground.standard_streams import say


def add_parser(subparsers: Subparsers) -> Parser:
    """Add the parser of ``gpuplayground export``."""
    parser = subparsers.add_parser(
        "export", description="Write a recording as CSV, one line per sample.", allow_abbrev=False
    )
    parser.add_argument("recording", metavar="REC", help="the recording to read")
    parser.add_argument("out", metavar="OUT.csv", help="the file to write")
    parser.set_defaults(execute=export)
    return parser


def export(options: argparse.Namespace) -> int:
    """Write a recording as CSV and return 0.

    Raises:
        UsageError: the recording cannot be read, or the CSV file cannot be written.
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
