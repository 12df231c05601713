"""The command ``gpuplayground``: dispatches to the window or to a subcommand.

Only the module of the subcommand that is called is imported, so that ``--version`` and ``--help`` answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from gpuplayground.cli.arguments import PROGRAM, Parser
from gpuplayground.cli.commands import COMMANDS
from gpuplayground.cli.usage import (
    EXIT_BROKEN_PIPE,
    EXIT_INTERRUPTED,
    EXIT_PROBLEM,
    EXIT_USAGE,
    UsageError,
)
from gpuplayground.cli.window import show_window
from gpuplayground.printable import visible_line
from gpuplayground.standard_streams import CommandFailedError, open_missing, tell


def main(command_line: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit code, 2 for bad usage."""
    code = _main(command_line)
    if sys.flags.inspect and command_line is None:
        # PYTHONINSPECT is meant for the snippet; here it would end in a traceback and a prompt.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _main(command_line: Sequence[str] | None) -> int:
    open_missing()
    given = list(sys.argv[1:] if command_line is None else command_line)
    try:
        return _command(given[0], given[1:]) if given and given[0] in COMMANDS else show_window(given)
    except UsageError as error:
        tell(f"{PROGRAM}: {visible_line(str(error))}\n")
        return EXIT_USAGE
    except CommandFailedError as error:
        tell(f"{PROGRAM}: {visible_line(str(error))}\n")
        return EXIT_PROBLEM
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of the output has gone, as with "| head"
        return EXIT_BROKEN_PIPE
    except OSError as error:
        # For instance a read-only home folder or a process limit: a traceback would hide the reason.
        reason = visible_line(str(error))
        tell(f"{PROGRAM}: The system refused a request ({reason}): check permissions, disk space and limits.\n")
        return EXIT_PROBLEM


def _command(name: str, given: Sequence[str]) -> int:
    subparsers = Parser(PROGRAM).add_subparsers(prog=PROGRAM, parser_class=Parser)
    parser: Parser = import_module(f"gpuplayground.cli.{name}").add_parser(subparsers)
    own, arguments = list(given), list[str]()
    if parser.get_default("passes_arguments") and "--" in own:
        # Everything after "--" goes to the snippet, whatever it looks like.
        split = own.index("--")
        own, arguments = own[:split], own[split + 1 :]
    parser.set_defaults(arguments=arguments)
    options = parser.parse_args(own)
    code: int = options.execute(options)
    return code
