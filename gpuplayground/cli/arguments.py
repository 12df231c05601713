"""What the parsers of the subcommands share: errors in one line, and the types of arguments."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any, NoReturn, Protocol

from gpuplayground.cli.usage import EXIT_USAGE
from gpuplayground.printable import visible_line
from gpuplayground.standard_streams import say, tell

PROGRAM = "gpuplayground"
#: Default time a file has to end after a signal that asks it to, in seconds.
_GRACE_S = 5.0


class Parser(argparse.ArgumentParser):
    """Reports an error in one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Print the message and the command for help, and exit with code 2."""
        self.exit(EXIT_USAGE, f"{self.prog}: {visible_line(message)} (see {self.prog} --help)\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        (tell if file is sys.stderr else say)(message)


class Subparsers(Protocol):
    """What :meth:`argparse.ArgumentParser.add_subparsers` returns; argparse has no public name for it."""

    def add_parser(self, name: str, **options: Any) -> Parser:
        """Add the parser of a subcommand."""


def add_run_options(parser: Parser) -> None:
    """Add the options that ``run`` and ``bench`` share."""
    parser.add_argument("file", metavar="FILE", help='the Python file, or "-" for standard input')
    parser.add_argument("--python", metavar="INTERPRETER", help="the Python to run it with (default: this program's)")
    parser.add_argument(
        "--install", action="store_true",
        help="run it in an environment that has the packages it needs, and build one if there is none",
    )  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="with --install: download any amount without asking")
    parser.add_argument("--timeout", type=positive, metavar="S", help="end it after this many seconds")
    parser.add_argument(
        "--grace", type=seconds, metavar="S", default=_GRACE_S,
        help="seconds it has to end after Ctrl+C, SIGTERM or SIGHUP before it is killed "
        f"(default: {_GRACE_S:g})",
    )  # fmt: skip
    parser.add_argument("--device", type=device, metavar="GPU", help="the only GPU it sees, by index or UUID")
    parser.add_argument("--json", metavar="OUT", help='write the results to a JSON file, or to standard output ("-")')
    parser.add_argument("--no-history", action="store_true", help="do not save it to the history that the window shows")


def seconds(text: str) -> float:
    """Return a time in seconds; 0 is allowed."""
    value = _number(text)
    if not 0 <= value <= 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a time in seconds")
    return value


def positive(text: str) -> float:
    """Return a time in seconds above zero."""
    value = _number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not a time above zero")
    if value > 1e9:
        raise argparse.ArgumentTypeError(f"{text} s is too long")
    return value


def rate(text: str) -> float:
    """Return a sampling rate in hertz."""
    value = _number(text)
    if not 0.1 <= value <= 50:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.1 and 50")
    return value


def lines(text: str) -> tuple[int, int]:
    """Return the first and last line of a range such as ``12-14``, or one line twice."""
    match = re.fullmatch(r"(\d{1,9})(?:\s*[-–:]\s*(\d{1,9}))?", text.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last:
        raise argparse.ArgumentTypeError(f"invalid line range {text}; expected e.g. 12-14")
    return first, last


def size(text: str) -> tuple[int, int]:
    """Return the width and height of ``1400x900``, in pixels."""
    match = re.fullmatch(r"(\d{2,5})[xX×](\d{2,5})", text)
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (320 <= width <= 16384 and 240 <= height <= 16384):
        raise argparse.ArgumentTypeError(f"{text} is not a size such as 1400x900")
    return width, height


def device(text: str) -> str:
    """Return the index or UUID of a GPU."""
    if not re.fullmatch(r"\d+|(GPU|MIG)-[0-9A-Za-z/-]+", text):
        raise argparse.ArgumentTypeError(f"{text} is not the index or UUID (GPU-…) of a GPU")
    return text


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a number") from None
