"""Whether an example runs on this machine as it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ExampleState(StrEnum):
    """What stands between an example and its run."""

    RUNS_HERE = "runs here"
    INSTALLABLE = "installable"
    NEEDS_GPU = "needs a GPU"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ExampleStatus:
    """The state of an example.

    Attributes:
        state: what stands between it and its run.
        sentence: the reason, or what will happen, in one sentence; may be empty.
        size: of what is downloaded if it is installable, such as "1.3 GB"; empty if unknown.
    """

    state: ExampleState = ExampleState.UNKNOWN
    sentence: str = ""
    size: str = ""
