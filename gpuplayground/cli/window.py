"""``gpuplayground`` without a subcommand: the window."""

from __future__ import annotations

import argparse
import gc
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gpuplayground.cli.arguments import PROGRAM, Parser, seconds, size
from gpuplayground.cli.commands import COMMANDS, commands_help
from gpuplayground.cli.usage import UsageError, readable_file, writable_file
from gpuplayground.standard_streams import say

#: A missing file with one of these suffixes opens as a new snippet; any other missing file is likely a mistake.
SNIPPET_SUFFIXES = (".py", ".pyw")


def show_window(given: Sequence[str]) -> int:
    """Check the options of the window, show it and return the exit code.

    Raises:
        UsageError: an option, a file or the display cannot be used.
    """
    parsed = _parser().parse_args(given)
    if parsed.version:
        from gpuplayground.cli.version import version

        say(f"{PROGRAM} {version()}\n")
        return 0
    _check_window_options(parsed)
    if not parsed.screenshot:
        from gpuplayground.cli.display import check_display

        check_display(os.environ)
    # Nothing that a start makes is garbage. Collections resume once the window is complete.
    gc.disable()
    try:
        from gpuplayground.app.start import main as start
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
    return start(options if parsed.after is None else replace(options, after_s=parsed.after))


def _parser() -> Parser:
    parser = Parser(
        PROGRAM,
        description="Watch the GPUs live beside an editor that runs GPU snippets and times every statement.",
        epilog=commands_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="Python files to open in tabs, or a folder",
    )
    parser.add_argument("--run", action="store_true", help="run the first file immediately")
    parser.add_argument("--replay", metavar="REC", help="show a recording instead of live GPUs")
    parser.add_argument("--theme", choices=("dark", "light"), help="colours of the window (default: the last used)")
    parser.add_argument("--size", type=size, metavar="WxH", help="size of the window in pixels, such as 1400x900")
    parser.add_argument("--screenshot", metavar="OUT.png", help="render the window into a picture and exit")
    parser.add_argument("--after", type=seconds, metavar="SECONDS", help="when to take the picture (default: 3)")
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    return parser


def _check_window_options(parsed: argparse.Namespace) -> None:
    for file in parsed.files:
        # --screenshot and --run need existing files; otherwise a new file or a folder is fine.
        if not (parsed.screenshot or parsed.run) and _is_folder_or_new_snippet(Path(file)):
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
            raise UsageError(f"{parsed.screenshot} is not a .png file: use a name that ends in .png.")
    elif parsed.after is not None:
        raise UsageError("--after needs --screenshot OUT.png.")
    if parsed.run and not parsed.files:
        raise UsageError("--run needs a file to run: name one.")


def _is_folder_or_new_snippet(path: Path) -> bool:
    """Return whether a path is a folder, or a missing Python file in an existing folder."""
    if os.path.isdir(path):  # noqa: PTH112 - never raises, even if the name is too long
        return True
    return path.suffix in SNIPPET_SUFFIXES and not os.path.lexists(path) and os.path.isdir(path.absolute().parent)  # noqa: PTH112


def _check_recording(path: Path) -> None:
    from gpuplayground.monitor.recording.reader import Recording, RecordingError

    try:
        Recording.open(path).close()
    except RecordingError as error:
        raise UsageError(str(error)) from error
