"""What the command line may say: one parser for the window and one for each subcommand."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any, NoReturn

from gpuplayground.cli.usage import EXIT_USAGE
from gpuplayground.model.benchmarks import DEFAULT_MAX_TIME_S
from gpuplayground.printable import visible_line
from gpuplayground.standard_streams import say, tell

PROGRAM = "gpuplayground"
COMMANDS = ("run", "bench", "record", "export", "doctor")
#: How long a file may take to end after a signal that asks it to, in seconds.
DEFAULT_GRACE_S = 5.0
_HELP = """\
without a window:
  gpuplayground run FILE         run a Python file ("-": standard input) and print what each statement cost
  gpuplayground bench FILE       repeat some of its lines until their time is known, and say how far to trust it
  gpuplayground record OUT       record what the GPUs do into a file
  gpuplayground export REC OUT   write a recording as CSV
  gpuplayground doctor           check the driver, the GPUs and the frameworks

Each has its own --help.
"""


class Parser(argparse.ArgumentParser):
    """Refuses arguments in one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Print the message and where to read more, and exit with code 2."""
        self.exit(EXIT_USAGE, f"{self.prog}: {visible_line(message)} (see {self.prog} --help)\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        (tell if file is sys.stderr else say)(message)


def window_parser() -> Parser:
    """Return the parser of ``gpuplayground``."""
    parser = Parser(
        PROGRAM,
        description="Watch the GPUs live beside an editor that runs GPU snippets and times every statement.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="Python files to open in tabs, or a folder",
    )
    parser.add_argument("--run", action="store_true", help="run the first file at once")
    parser.add_argument("--replay", metavar="REC", help="show a recording instead of live GPUs")
    parser.add_argument("--theme", choices=("dark", "light"), help="colours of the window (default: as last time)")
    parser.add_argument("--size", type=_size, metavar="WxH", help="size of the window in pixels, such as 1400x900")
    parser.add_argument("--screenshot", metavar="OUT.png", help="render the window into a picture and exit")
    parser.add_argument("--after", type=_seconds, metavar="SECONDS", help="when to take the picture (default: 3)")
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    return parser


def run_parser() -> Parser:
    """Return the parser of ``gpuplayground run``."""
    parser = Parser(
        f"{PROGRAM} run",
        usage="gpuplayground run FILE [--python INTERPRETER] [--timeout S] [--grace S] [--device GPU] [--no-trace] "
        "[--no-history] [--json OUT] [-- ARGS...]",
        description="Run a Python file; what each statement cost follows its output, on stderr.",
        epilog="Exit code: the file's own; 124 when it took too long, 130 when interrupted, 128+N when ended by signal "
        "N, 2 when it could not be started. Ctrl+C interrupts the file, a second one kills it; SIGTERM, SIGHUP, "
        "SIGQUIT, SIGUSR1 and SIGUSR2 are passed on to it.",
        allow_abbrev=False,
    )
    _add_run_options(parser)
    parser.add_argument("--no-trace", action="store_true", help="leave the GPU's own times out, which cost a little")
    return parser


def bench_parser() -> Parser:
    """Return the parser of ``gpuplayground bench``."""
    parser = Parser(
        f"{PROGRAM} bench",
        usage="gpuplayground bench FILE (--cell N|TITLE | --lines A-B) [--max-time S] [--cold-l2] [--sweep SWEEP] "
        "[--csv OUT] [--json OUT] [--python INTERPRETER] [--timeout S] [--grace S] [--device GPU] "
        "[--no-history] [-- ARGS...]",
        description="Run what stands above the chosen lines once, then repeat those until their time is known; the "
        "figures follow the file's output, on stderr.",
        epilog="Exit code: 0, 1 when something could not be measured, 2 for a bad choice; otherwise as of run. "
        "Ctrl+C ends the measurement and keeps what was measured until then.",
        allow_abbrev=False,
    )
    _add_run_options(parser)
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--cell", metavar="N|TITLE", help="the cell to measure: lines from a # %%%% to the next")
    chosen.add_argument("--lines", type=_lines, metavar="A-B", help="the lines to measure, such as 12-14, or one line")
    parser.add_argument(
        "--max-time", type=_positive, metavar="S", default=DEFAULT_MAX_TIME_S,
        help=f"seconds of warm-up and samples at most, for each value (default: {DEFAULT_MAX_TIME_S:g})",
    )  # fmt: skip
    parser.add_argument("--cold-l2", action="store_true", help="overwrite the GPU's L2 cache ahead of each sample")
    parser.add_argument(
        "--sweep",
        metavar="SWEEP",
        help='values of a variable: "n = 2**10 .. 2**26" doubles, "n = 0 .. 100 step 10" adds, "n = 10, 20, 50" lists',
    )
    parser.add_argument(
        "--csv",
        metavar="OUT",
        help='write the figures to a CSV file, or "-": a line for each value',
    )
    return parser


def _add_run_options(parser: Parser) -> None:
    """Add what ``run`` and ``bench`` have in common."""
    parser.add_argument("file", metavar="FILE", help='the Python file, or "-" for standard input')
    parser.add_argument("--python", metavar="INTERPRETER", help="the Python to run it with (default: this program's)")
    parser.add_argument("--timeout", type=_positive, metavar="S", help="end it after so many seconds")
    parser.add_argument(
        "--grace", type=_seconds, metavar="S", default=DEFAULT_GRACE_S,
        help="seconds that it has to end after Ctrl+C, SIGTERM or SIGHUP before it is killed "
        f"(default: {DEFAULT_GRACE_S:g})",
    )  # fmt: skip
    parser.add_argument("--device", type=_device, metavar="GPU", help="the only GPU it sees, by index or UUID")
    parser.add_argument("--json", metavar="OUT", help='write the results to a JSON file, or to standard output ("-")')
    parser.add_argument("--no-history", action="store_true", help="do not keep it in the history that the window shows")


def record_parser() -> Parser:
    """Return the parser of ``gpuplayground record``."""
    parser = Parser(
        f"{PROGRAM} record",
        description="Record what the GPUs do until Ctrl+C, or for some seconds.",
        allow_abbrev=False,
    )
    parser.add_argument("out", metavar="OUT", help="the recording to write")
    parser.add_argument("--seconds", type=_positive, metavar="N", help="how long (default: until Ctrl+C)")
    parser.add_argument(
        "--hz", type=_rate, metavar="H", default=10.0, help="samples per second, 0.1 to 50 (default: 10)"
    )
    return parser


def export_parser() -> Parser:
    """Return the parser of ``gpuplayground export``."""
    parser = Parser(
        f"{PROGRAM} export", description="Write a recording as CSV, one line per sample.", allow_abbrev=False
    )
    parser.add_argument("recording", metavar="REC", help="the recording to read")
    parser.add_argument("out", metavar="OUT.csv", help='the file to write, or "-" for standard output')
    return parser


def doctor_parser() -> Parser:
    """Return the parser of ``gpuplayground doctor``."""
    parser = Parser(
        f"{PROGRAM} doctor",
        description="Check the driver, the GPUs and the frameworks, and say how to mend what is wrong.",
        epilog="Exit code: 0 when all is well, 1 when there are problems. A framework that is not installed is none.",
        allow_abbrev=False,
    )
    parser.add_argument("--python", metavar="INTERPRETER", help="whose frameworks (default: this program's own)")
    parser.add_argument("--json", metavar="OUT", help="write the findings to a JSON file too")
    return parser


def _seconds(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a time in seconds")
    return value


def _positive(text: str) -> float:
    value = _number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not a time above zero")
    if value > 1e9:
        raise argparse.ArgumentTypeError(f"{text} s is longer than any computer runs")
    return value


def _rate(text: str) -> float:
    value = _number(text)
    if not 0.1 <= value <= 50:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.1 and 50")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a number") from None


def _lines(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,9})(?:\s*[-–:]\s*(\d{1,9}))?", text.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last:
        raise argparse.ArgumentTypeError(f"{text} are no lines such as 12-14")
    return first, last


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{2,5})[xX×](\d{2,5})", text)
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (320 <= width <= 16384 and 240 <= height <= 16384):
        raise argparse.ArgumentTypeError(f"{text} is not a size such as 1400x900")
    return width, height


def _device(text: str) -> str:
    if not re.fullmatch(r"\d+|(GPU|MIG)-[0-9A-Za-z/-]+", text):
        raise argparse.ArgumentTypeError(f"{text} is neither the index of a GPU nor its UUID (GPU-…)")
    return text
