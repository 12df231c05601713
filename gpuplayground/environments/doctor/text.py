"""Findings as text, for the terminal and for a bug report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from gpuplayground.environments.doctor.finding import Answer, Finding, Level, Topic

#: Width of the column with the level.
_COLUMN = 9


def answer_lines(answers: Sequence[Answer]) -> Iterator[str]:
    """Yield the questions, each followed by its answer."""
    for answer in answers:
        yield answer.question
        yield f"  {answer.text}"
        yield ""


def finding_lines(finding: Finding, *, with_details: bool) -> Iterator[str]:
    """Yield the lines of a finding: the level and the sentence, then the command, then the details."""
    indent = " " * (_COLUMN + 2)
    yield f"  {finding.level.value:<{_COLUMN}}{finding.sentence}"
    if finding.command:
        yield f"{indent}$ {finding.command}"
    if with_details or finding.level is Level.PROBLEM or finding.topic == Topic.GPUS:
        yield from (f"{indent}{line}" for line in finding.details.splitlines())


def report(title: str, answers: Sequence[Answer], findings: Sequence[Finding]) -> str:
    """Return everything as one text, for a bug report. The user's home folder becomes ``~``.

    Args:
        title: the first line.
        answers: the answers on top.
        findings: the findings; those of one topic come together, in the order of each topic's first finding.
    """
    lines = [title, "", *answer_lines(answers)]
    for topic in dict.fromkeys(finding.topic for finding in findings):
        lines.append(topic)
        for finding in findings:
            if finding.topic == topic:
                lines += finding_lines(finding, with_details=True)
        lines.append("")
    return _without_home("\n".join([*lines, count(findings)]) + "\n")


def count(findings: Sequence[Finding]) -> str:
    """Return how many problems there are, as a sentence."""
    problems = sum(finding.level is Level.PROBLEM for finding in findings)
    if not problems:
        return "No problems found."
    return "1 problem found." if problems == 1 else f"{problems} problems found."


def _without_home(text: str) -> str:
    """Return a text without the name of the user's home folder, which tells who the user is."""
    try:
        home = str(Path.home())
    except RuntimeError:  # an account without one
        return text
    return text if home in ("/", "/root") else text.replace(home, "~")
