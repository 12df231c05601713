"""``gpuplayground doctor``: checks the driver, the GPUs, the environments and the frameworks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from gpuplayground.cli.arguments import Parser, Subparsers
from gpuplayground.cli.inventory import read_machine
from gpuplayground.cli.result_files import write_json
from gpuplayground.cli.usage import EXIT_PROBLEM, STDOUT, UsageError, output_file
from gpuplayground.cli.version import version
from gpuplayground.environments.doctor.examination import Examination, Planned, Started, default_cache, kernels, quick
from gpuplayground.environments.doctor.finding import Answer, Finding, Level
from gpuplayground.environments.doctor.frameworks import FrameworkReport, installed_frameworks, report_of
from gpuplayground.environments.doctor.kernel_findings import Check
from gpuplayground.environments.doctor.kernel_process import KernelResult
from gpuplayground.environments.doctor.text import answer_lines, count, finding_lines
from gpuplayground.environments.framework_probes import PROBES
from gpuplayground.environments.interpreters import Environment, InterpreterError, discover, probe, with_distinct_labels
from gpuplayground.model.samples import Inventory
from gpuplayground.printable import visible_line
from gpuplayground.standard_streams import say

#: Version of the JSON written by ``--json``; raised when a field changes its meaning.
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Results:
    """The results of all checks.

    ``frameworks`` are those of the first environment. ``unlisted`` maps the UUID of a GPU to the reason why its
    processes cannot be listed.
    """

    inventory: Inventory
    environments: Sequence[Environment]
    frameworks: Sequence[FrameworkReport]
    unlisted: Mapping[str, str]
    answers: Sequence[Answer]
    findings: Sequence[Finding]

    @property
    def problems(self) -> list[str]:
        """Each problem in a sentence that says what to do."""
        return [finding.sentence for finding in self.findings if finding.level is Level.PROBLEM]


def add_parser(subparsers: Subparsers) -> Parser:
    """Add the parser of ``gpuplayground doctor``."""
    parser = subparsers.add_parser(
        "doctor",
        description="Check the driver, the GPUs, the CUDA tools and the environments, run a kernel with each "
        "framework, and say how to fix problems.",
        epilog="Exit code: 0 without problems, 1 with some. A missing framework is not a problem.",
        allow_abbrev=False,
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--python", metavar="INTERPRETER", help="Python to check (default: this program's)")
    which.add_argument("--all", action="store_true", help="check every environment that is found")
    parser.add_argument("--quick", action="store_true", help="run no kernels")
    parser.add_argument("--fresh", action="store_true", help="run every kernel, also those of unchanged environments")
    parser.add_argument(
        "--json", metavar="OUT", help='also write the findings to a JSON file; with "-" print only the JSON'
    )
    parser.set_defaults(execute=doctor)
    return parser


def doctor(options: argparse.Namespace) -> int:
    """Print the findings as they come; return 0 without problems, 1 with some.

    Raises:
        UsageError: the interpreter cannot be used, or the JSON file cannot be written.
        CommandFailedError: the output cannot be written.
    """
    out = output_file(options.json, None) if options.json else None
    is_silent = out == STDOUT
    environments = _environments(options)
    inventory, unlisted = read_machine()
    examination = Examination(inventory, environments, unlisted, cache=default_cache(), is_fresh=options.fresh)
    answers, findings = quick(examination)
    printer = _Printer(is_silent=is_silent)
    printer.show(answers, findings)
    reports = {each.name: each for each in installed_frameworks(environments[0])}
    found = list(findings)
    if not options.quick:
        found += _run_kernels(examination, findings, printer, reports)
    results = Results(inventory, environments, tuple(reports.values()), unlisted, answers, found)
    printer.end(results)
    if out is not None:
        write_json(out, as_json(results))
    return EXIT_PROBLEM if results.problems else 0


def as_json(results: Results) -> dict[str, Any]:
    """Return the results as the JSON object that ``--json`` writes."""
    inventory = results.inventory
    return {
        "schema_version": SCHEMA_VERSION,
        "generator": f"gpuplayground {version()}",
        "driver": asdict(inventory.driver),
        "gpus": [asdict(gpu) for gpu in inventory.gpus],
        "unlisted_processes": dict(results.unlisted),
        "environment": asdict(results.environments[0]),
        "environments": [asdict(environment) for environment in results.environments],
        "frameworks": [asdict(framework) for framework in results.frameworks],
        "answers": [asdict(answer) for answer in results.answers],
        "findings": [asdict(finding) for finding in results.findings],
        "problems": results.problems,
    }


def _environments(options: argparse.Namespace) -> Sequence[Environment]:
    try:
        own = probe(options.python or sys.executable)
    except InterpreterError as error:
        raise UsageError(str(error)) from error
    if not options.all:
        return (own,)
    others = [each for each in discover() if not each.is_current]
    return with_distinct_labels([own, *others])


def _run_kernels(
    examination: Examination, findings: Sequence[Finding], printer: _Printer, reports: dict[str, FrameworkReport]
) -> list[Finding]:
    """Run the kernels, print each finding as it comes, and update the reports of the first environment."""
    first, results = examination.environments[0], dict[str, KernelResult]()

    def keep(check: Check, result: KernelResult) -> None:
        if check.environment == first:
            results[check.id] = result

    probes, found = {probe.name: probe for probe in PROBES}, list[Finding]()
    with closing(kernels(examination, findings, on_result=keep)) as news:
        for new in news:
            if isinstance(new, Planned | Started):
                continue
            found.append(new)
            printer.add(new)
    for name in reports:
        check = Check(first, probes[name])
        if check.id in results:
            finding = next(each for each in found if each.id == check.id)
            reports[name] = report_of(check, results[check.id], finding)
    return found


class _Printer:
    """Prints findings under their topics. Kernels of two environments may end in any order, so a topic may return."""

    def __init__(self, *, is_silent: bool) -> None:
        self._is_silent = is_silent
        self._topic = ""

    def show(self, answers: Sequence[Answer], findings: Sequence[Finding]) -> None:
        """Print the answers and the first findings."""
        self._say(answer_lines(answers))
        for finding in findings:
            self.add(finding)

    def add(self, finding: Finding) -> None:
        """Print a finding."""
        lines = list(finding_lines(finding, with_details=False))
        if finding.topic != self._topic:
            blank = [""] if self._topic else []
            lines = [*blank, finding.topic, *lines]
            self._topic = finding.topic
        self._say(lines)

    def end(self, results: Results) -> None:
        """Print every problem once more, where the eye is when it ends."""
        self._say(["", *(f"! {problem}" for problem in results.problems), count(results.findings)])

    def _say(self, lines: Iterable[str]) -> None:
        if not self._is_silent:
            say("".join(f"{visible_line(line)}\n" for line in lines))
