"""``gpuplayground doctor``: checks the driver, the GPUs and the frameworks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gpuplayground.cli.arguments import Parser, Subparsers
from gpuplayground.cli.inventory import read_machine
from gpuplayground.cli.result_files import write_json
from gpuplayground.cli.usage import EXIT_PROBLEM, UsageError, output_file
from gpuplayground.cli.version import version
from gpuplayground.environments.doctor import FrameworkReport, probe_frameworks
from gpuplayground.environments.interpreters import Environment, InterpreterError, probe
from gpuplayground.model.samples import GpuInfo, Inventory
from gpuplayground.printable import visible_line
from gpuplayground.standard_streams import say
from gpuplayground.units import DASH, gibibytes

#: Version of the JSON written by ``--json``; raised when a field changes its meaning.
SCHEMA_VERSION = 1
_COLUMN = 12


@dataclass(frozen=True, slots=True)
class Findings:
    """The results of all checks.

    ``unlisted`` maps the UUID of a GPU to the reason why its processes cannot be listed.
    """

    inventory: Inventory
    environment: Environment
    frameworks: tuple[FrameworkReport, ...]
    unlisted: Mapping[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> list[str]:
        """Each problem in a sentence that says what to do: of the machine, of each GPU, then of the frameworks."""
        machine = [self.inventory.problem] if self.inventory.problem else []
        sentences = [problem.sentence for problem in (*machine, *self.inventory.gpu_problems)]
        return sentences + [framework.problem for framework in self.frameworks if framework.problem]


def add_parser(subparsers: Subparsers) -> Parser:
    """Add the parser of ``gpuplayground doctor``."""
    parser = subparsers.add_parser(
        "doctor",
        description="Check the driver, the GPUs and the frameworks, and say how to fix problems.",
        epilog="Exit code: 0 without problems, 1 with some. A missing framework is not a problem.",
        allow_abbrev=False,
    )
    parser.add_argument("--python", metavar="INTERPRETER", help="Python to check (default: this program's)")
    parser.add_argument("--json", metavar="OUT", help="also write the findings to a JSON file")
    parser.set_defaults(execute=doctor)
    return parser


def doctor(options: argparse.Namespace) -> int:
    """Print the findings; return 0 without problems, 1 with some.

    Raises:
        UsageError: the interpreter cannot be used, or the JSON file cannot be written.
        CommandFailedError: the output cannot be written.
    """
    out = output_file(options.json, None) if options.json else None
    try:
        environment = probe(options.python or sys.executable)
    except InterpreterError as error:
        raise UsageError(str(error)) from error
    inventory, unlisted = read_machine()
    frameworks = probe_frameworks(environment.interpreter, expects_gpu=bool(inventory.gpus))
    findings = Findings(inventory, environment, frameworks, unlisted)
    say("\n".join(as_text(findings)) + "\n")
    if out is not None:
        write_json(out, as_json(findings))
    return EXIT_PROBLEM if findings.problems else 0


def as_text(findings: Findings) -> Iterator[str]:
    """Yield the lines for the terminal."""
    driver = findings.inventory.driver
    yield _row("Driver", driver.driver_version or DASH)
    yield _row("CUDA", driver.cuda_version or DASH)
    for gpu in findings.inventory.gpus:
        yield _row(gpu.label, " · ".join(_described(gpu)))
        if gpu.uuid in findings.unlisted:
            yield _row("", f"processes {DASH}: {findings.unlisted[gpu.uuid]}")
    if not findings.inventory.gpus:
        yield _row("GPU", "none")
    yield _row("Python", f"{findings.environment.version} · {findings.environment.interpreter}")
    yield ""
    yield from _framework_rows(findings.frameworks)
    yield ""
    problems = findings.problems
    if not problems:
        yield "No problems found."
    for problem in problems:
        yield f"! {problem}"


def as_json(findings: Findings) -> dict[str, Any]:
    """Return the findings as the JSON object that ``--json`` writes."""
    inventory = findings.inventory
    return {
        "schema_version": SCHEMA_VERSION,
        "generator": f"gpuplayground {version()}",
        "driver": asdict(inventory.driver),
        "gpus": [asdict(gpu) for gpu in inventory.gpus],
        "unlisted_processes": dict(findings.unlisted),
        "environment": asdict(findings.environment),
        "frameworks": [asdict(framework) for framework in findings.frameworks],
        "problems": findings.problems,
    }


def _described(gpu: GpuInfo) -> Iterator[str]:
    yield gpu.name
    if gpu.compute_capability is not None:
        yield f"compute capability {gpu.compute_capability[0]}.{gpu.compute_capability[1]}"
    if gpu.memory_total_bytes is not None:
        yield f"{gibibytes(gpu.memory_total_bytes)} GiB"
    yield gpu.uuid


def _framework_rows(frameworks: Sequence[FrameworkReport]) -> Iterator[str]:
    width = max([len(framework.version or "not installed") for framework in frameworks], default=0)
    sees = {True: "sees the GPU", False: "sees no GPU", None: ""}
    for framework in frameworks:
        if framework.installed:
            version_text, remark = framework.version or DASH, sees[framework.sees_gpu]
        else:
            version_text, remark = "not installed", framework.install
        yield _row(framework.name, f"{version_text:<{width}}  {remark}")


def _row(name: str, value: str) -> str:
    return visible_line(f"{name:<{_COLUMN}}{value}".rstrip())
