"""The records of the doctor: findings, what the application can fix itself, and the answers on top."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How serious a finding is. Only a problem changes the exit code of ``gpuplayground doctor``."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    PROBLEM = "problem"


class Topic(StrEnum):
    """The groups of findings about the machine. Those about an environment are grouped by its label."""

    DRIVER = "Driver"
    GPUS = "GPUs"
    TOOLS = "CUDA toolkit and compilers"
    FRAMEWORKS = "Frameworks"


@dataclass(frozen=True, slots=True)
class Fix:
    """Something the application can do itself: build the environment ``name`` with requirements as in PEP 508."""

    name: str
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found out.

    Attributes:
        id: Stable while the same thing is checked again.
        topic: The heading it belongs to: a :class:`Topic`, or the label of an environment.
        level: How serious it is.
        sentence: What was found, and where necessary what to do.
        command: What to type in a terminal, empty if there is nothing to type.
        details: More lines, such as a framework's own error message.
        fix: What the application can do about it; None if nothing.
    """

    id: str
    topic: str
    level: Level
    sentence: str
    command: str = ""
    details: str = ""
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A question that everybody has, answered for this machine in a few sentences."""

    question: str
    text: str
    level: Level
