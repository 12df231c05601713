"""The table of subcommands. Each is a module of this package with an ``add_parser(subparsers)``."""

from __future__ import annotations

#: Arguments and summary of each subcommand, by its name, in the order of the help.
COMMANDS = {
    "run": ("FILE", 'run a Python file ("-": standard input) and print what each statement cost'),
    "bench": ("FILE", "time some of its lines in steady state, with a verdict on the result"),
    "record": ("OUT", "record the GPUs to a file"),
    "export": ("REC OUT", "write a recording as CSV"),
    "env": ("list|create|remove", "the environments for snippets that this program builds"),
    "doctor": ("", "check the driver, the GPUs and the frameworks"),
}


def commands_help() -> str:
    """Return the list of subcommands for the end of the help."""
    calls = {f"gpuplayground {name} {arguments}".rstrip(): summary for name, (arguments, summary) in COMMANDS.items()}
    width = max(map(len, calls))
    lines = [f"  {call:<{width}}   {summary}" for call, summary in calls.items()]
    return "\n".join(["commands without a window:", *lines, "", "Each has its own --help.", ""])
