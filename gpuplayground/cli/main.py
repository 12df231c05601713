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
from pathlib import Path

from gpuplayground.cli import parser
from gpuplayground.cli.parser import COMMANDS, PROGRAM
from gpuplayground.cli.usage import (
    EXIT_BROKEN_PIPE,
    EXIT_INTERRUPTED,
    EXIT_PROBLEM,
    EXIT_USAGE,
    UsageError,
    readable_file,
    writable_file,
)
from gpuplayground.printable import visible_line
from gpuplayground.standard_streams import CommandFailedError, open_missing, say, tell

#: A missing file is the beginning of a new one if it is called like Python; any other name is more likely a mistake.
SNIPPET_SUFFIXES = (".py", ".pyw")


def main(command_line: Sequence[str] | None = None) -> int:
    """Carry out a command line and return the exit code; bad input is 2."""
    code = _main(command_line)
    if sys.flags.inspect and command_line is None:
        # PYTHONINSPECT is meant for the snippet: here it would turn the end into a traceback and a prompt.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _main(command_line: Sequence[str] | None) -> int:
    open_missing()
    given = list(sys.argv[1:] if command_line is None else command_line)
    try:
        return _command(given[0], given[1:]) if given and given[0] in COMMANDS else _window(given)
    except UsageError as error:
        tell(f"{PROGRAM}: {visible_line(str(error))}\n")
        return EXIT_USAGE
    except CommandFailedError as error:
        tell(f"{PROGRAM}: {visible_line(str(error))}\n")
        return EXIT_PROBLEM
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # whoever read our output is gone, as with "| head"
        return EXIT_BROKEN_PIPE
    except OSError as error:
        # A home folder that cannot be written, no more processes: the machine's trouble, which a traceback would hide.
        reason = visible_line(str(error))
        tell(f"{PROGRAM}: The system refused what is needed ({reason}): check permissions, disk space and limits.\n")
        return EXIT_PROBLEM


def _command(name: str, given: list[str]) -> int:
    if name in ("run", "bench"):
        # Everything behind "--" is the snippet's, whatever it looks like.
        split = given.index("--") if "--" in given else len(given)
        own, rest = given[:split], given[split + 1 :]
        if name == "bench":
            options = parser.bench_parser().parse_args(own)
            from gpuplayground.cli.bench import bench_file

            return bench_file(options, rest)
        options = parser.run_parser().parse_args(own)
        from gpuplayground.cli.run import run_file

        return run_file(options, rest)
    if name == "record":
        options = parser.record_parser().parse_args(given)
        from gpuplayground.cli.record import record

        return record(options)
    if name == "export":
        options = parser.export_parser().parse_args(given)
        from gpuplayground.cli.record import export

        return export(options)
    options = parser.doctor_parser().parse_args(given)
    from gpuplayground.cli.doctor import doctor

    return doctor(options)


def _window(given: list[str]) -> int:
    parsed = parser.window_parser().parse_args(given)
    if parsed.version:
        from gpuplayground.cli.version import version

        say(f"{PROGRAM} {version()}\n")
        return 0
    _check_window_options(parsed)
    if not parsed.screenshot:
        from gpuplayground.cli.display import check_display

        check_display(os.environ)
    try:
        from gpuplayground.app.start import main as show_window
    except ImportError as error:
        raise UsageError(f"The window cannot be loaded ({error}): install what is missing.") from error
    from gpuplayground.app.options import PICTURE_SIZE, WindowOptions

    options = WindowOptions(
        files=tuple(parsed.files),
        screenshot=parsed.screenshot,
        size=parsed.size or (PICTURE_SIZE if parsed.screenshot is not None else None),
        theme=parsed.theme,
        replay=parsed.replay,
        run=parsed.run,
    )
    return show_window(options if parsed.after is None else replace(options, after_s=parsed.after))


def _check_window_options(parsed: argparse.Namespace) -> None:
    for file in parsed.files:
        # A picture, or a run, is of what is there; a person may begin a new file or look into a folder.
        if not (parsed.screenshot or parsed.run) and _can_begin_at(Path(file)):
            continue
        try:
            readable_file(file)
        except UsageError as error:
            is_word = re.fullmatch(r"[a-z]{2,12}", file) and not Path(file).exists()
            commands = f" Commands are {', '.join(COMMANDS)}." if is_word else ""
            raise UsageError(f"{error}{commands}") from None
        if file.endswith(".gpurec"):
            _check_recording(Path(file))
    if parsed.replay:
        _check_recording(readable_file(parsed.replay, "recording"))
    if parsed.screenshot is not None:
        if writable_file(parsed.screenshot).suffix.lower() != ".png":
            raise UsageError(f"{parsed.screenshot} would be a PNG picture: give it a name that ends in .png.")
    elif parsed.after is not None:
        raise UsageError("--after says when to take a picture: give --screenshot OUT.png too.")
    if parsed.run and not parsed.files:
        raise UsageError("--run needs a file to run: name one.")


def _can_begin_at(path: Path) -> bool:
    """Return whether a path is a folder to choose a file in, or the name of a snippet that is to be written."""
    if os.path.isdir(path):  # noqa: PTH112 - raises nothing, as a name may be too long
        return True
    return path.suffix in SNIPPET_SUFFIXES and not os.path.lexists(path) and os.path.isdir(path.absolute().parent)  # noqa: PTH112


def _check_recording(path: Path) -> None:
    from gpuplayground.monitor.recording.reader import Recording, RecordingError

    try:
        Recording.open(path).close()
    except RecordingError as error:
        raise UsageError(str(error)) from error
