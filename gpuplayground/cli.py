"""The command ``gpuplayground``: the window, or with a subcommand the same engine without one.

What a subcommand needs is imported when it is called, so that ``--version`` and ``--help`` answer at once.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace

from gpuplayground.commands import arguments
from gpuplayground.commands.arguments import COMMANDS, PROGRAM
from gpuplayground.commands.usage import (
    EXIT_BROKEN_PIPE,
    EXIT_INTERRUPTED,
    EXIT_PROBLEM,
    EXIT_USAGE,
    CommandFailedError,
    UsageError,
    readable_file,
    writable_file,
)


def main(command_line: Sequence[str] | None = None) -> int:
    """Carry out a command line and return the exit code; bad input is 2."""
    given = list(sys.argv[1:] if command_line is None else command_line)
    try:
        code = _command(given[0], given[1:]) if given and given[0] in COMMANDS else _window(given)
        sys.stdout.flush()
    except UsageError as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
        return EXIT_USAGE
    except CommandFailedError as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
        return EXIT_PROBLEM
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output is gone, as with "| head": let Python's own last flush go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_BROKEN_PIPE
    return code


def _command(name: str, given: list[str]) -> int:
    if name == "run":
        # Everything behind "--" is the snippet's, whatever it looks like.
        split = given.index("--") if "--" in given else len(given)
        options = arguments.run_parser().parse_args(given[:split])
        from gpuplayground.commands.run import run_file

        return run_file(options, given[split + 1 :])
    if name == "record":
        options = arguments.record_parser().parse_args(given)
        from gpuplayground.commands.record import record

        return record(options)
    if name == "export":
        options = arguments.export_parser().parse_args(given)
        from gpuplayground.commands.record import export

        return export(options)
    options = arguments.doctor_parser().parse_args(given)
    from gpuplayground.commands.doctor import doctor

    return doctor(options)


def _window(given: list[str]) -> int:
    parsed = arguments.window_parser().parse_args(given)
    if parsed.version:
        from gpuplayground.commands.version import version

        sys.stdout.write(f"{PROGRAM} {version()}\n")
        return 0
    _check_window_options(parsed)
    if not parsed.screenshot and not _has_display():
        raise UsageError(
            "There is no display for the window: set DISPLAY (ssh -X does), use a subcommand "
            f"({', '.join(COMMANDS)}), or render the window into a picture with --screenshot OUT.png."
        )
    from gpuplayground.app import main as show_window
    from gpuplayground.options import WindowOptions

    options = WindowOptions(
        files=tuple(parsed.files),
        screenshot=parsed.screenshot,
        size=parsed.size,
        theme=parsed.theme,
        replay=parsed.replay,
        run=parsed.run,
    )
    return show_window(options if parsed.after is None else replace(options, after_s=parsed.after))


def _check_window_options(parsed: argparse.Namespace) -> None:
    for file in parsed.files:
        try:
            readable_file(file)
        except UsageError as error:
            commands = f" Commands are {', '.join(COMMANDS)}." if re.fullmatch(r"[a-z]+", file) else ""
            raise UsageError(f"{error}{commands}") from None
    if parsed.replay:
        readable_file(parsed.replay, "recording")
    if parsed.screenshot:
        writable_file(parsed.screenshot)
    elif parsed.after is not None:
        raise UsageError("--after says when to take a picture: give --screenshot OUT.png too.")
    if parsed.run and not parsed.files:
        raise UsageError("--run needs a file to run: name one.")


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
