"""``gpuplayground env``: lists, creates and removes the environments of the application."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from gpuplayground.cli.arguments import Parser, Subparsers
from gpuplayground.cli.columns import aligned
from gpuplayground.cli.env_create import create
from gpuplayground.cli.result_files import write_json
from gpuplayground.cli.usage import STDOUT, UsageError
from gpuplayground.cli.version import version
from gpuplayground.environments.framework_probes import PROBES
from gpuplayground.environments.managed.records import BuildError, ManagedEnvironment
from gpuplayground.environments.managed.store import ManagedEnvironments
from gpuplayground.printable import visible_line
from gpuplayground.standard_streams import CommandFailedError, say
from gpuplayground.storage import paths
from gpuplayground.units import data_size

#: Version of the JSON written by ``--json``; raised when a field changes its meaning.
SCHEMA_VERSION = 1


def add_parser(subparsers: Subparsers) -> Parser:
    """Add the parser of ``gpuplayground env``."""
    parser = subparsers.add_parser(
        "env",
        description="List, create and remove the environments that this application makes with uv.",
        epilog="Each action has its own --help.",
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=Parser)
    listing = actions.add_parser("list", help="list them", description="List the environments.", allow_abbrev=False)
    listing.add_argument("--json", action="store_true", help="print them as JSON")
    listing.set_defaults(execute=show)
    creating = actions.add_parser(
        "create",
        help="build one",
        description="Build an environment, or replace it. What uses the old one keeps it until it ends.",
        allow_abbrev=False,
    )
    creating.add_argument("name", metavar="NAME", help="such as pytorch")
    creating.add_argument("packages", metavar="PACKAGE", nargs="+", help='such as cupy or "numpy>=2"')
    creating.add_argument("--python", metavar="VERSION", default="", help="such as 3.12 (default: one that fits)")
    creating.add_argument("--yes", action="store_true", help="do not ask before a large download")
    creating.set_defaults(execute=lambda options: create(options, managed()))
    removing = actions.add_parser(
        "remove", help="remove one", description="Remove an environment that nothing uses.", allow_abbrev=False
    )
    removing.add_argument("name", metavar="NAME", help='as "gpuplayground env list" shows it')
    removing.set_defaults(execute=remove)
    return parser


def managed() -> ManagedEnvironments:
    """Return the environments of this user.

    Raises:
        OSError: the data folder cannot be created.
        CommandFailedError: the account has no home folder.
    """
    try:
        return ManagedEnvironments(paths.data() / "environments")
    except RuntimeError as error:
        raise CommandFailedError(f"There is no folder for environments ({error}): set XDG_DATA_HOME.") from error


def show(options: argparse.Namespace) -> int:
    """Print the environments and return 0.

    Raises:
        CommandFailedError: the output cannot be written.
    """
    environments = managed()
    found = environments.environments()
    if options.json:
        content = {
            "schema_version": SCHEMA_VERSION,
            "generator": f"gpuplayground {version()}",
            "environments": [_as_json(environments, each) for each in found],
        }
        write_json(STDOUT, content)
    elif found:
        say("".join(f"{line}\n" for line in _as_text(environments, found)))
    else:
        say("No environments yet: gpuplayground env create NAME PACKAGES… builds one.\n")
    return 0


def remove(options: argparse.Namespace) -> int:
    """Remove an environment and return 0.

    Raises:
        UsageError: there is none of that name.
        CommandFailedError: it is in use, or cannot be removed.
    """
    environments = managed()
    if environments.find(options.name) is None:
        raise UsageError(f"There is no environment {options.name}: “gpuplayground env list” shows those there are.")
    try:
        environments.remove(options.name)
    except BuildError as error:
        raise CommandFailedError(str(error)) from error
    say(f"{options.name} is removed.\n")
    return 0


def frameworks(environment: ManagedEnvironment) -> list[str]:
    """Return the frameworks of an environment with their versions, such as ``CuPy 14.2.0``."""
    found = ((probe.name, probe.version_in(environment.packages)) for probe in PROBES)
    return [f"{name} {version.partition('+')[0]}" for name, version in found if version]


def _as_text(environments: ManagedEnvironments, found: tuple[ManagedEnvironment, ...]) -> Iterator[str]:
    rows = []
    for each in found:
        contents = " · ".join(frameworks(each)) or ", ".join(each.requirements)
        size = data_size(environments.size_bytes(each))
        use = "in use" if environments.is_in_use(each) else ""
        rows.append((each.name, f"Python {each.python}", contents, size, use))
    for each, line in zip(found, aligned(rows, "<<<><"), strict=True):
        yield visible_line(line)
        yield from (visible_line(f"  {note}") for note in each.notes)


def _as_json(environments: ManagedEnvironments, environment: ManagedEnvironment) -> dict[str, Any]:
    return {
        "name": environment.name,
        "interpreter": environment.interpreter,
        "python": environment.python,
        "requirements": list(environment.requirements),
        "packages": dict(sorted(environment.packages.items())),
        "size_bytes": environments.size_bytes(environment),
        "created": environment.created,
        "in_use": environments.is_in_use(environment),
        "notes": list(environment.notes),
    }
