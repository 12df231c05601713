"""The status on a GPU card: its state, the message that explains it, and the tags in its header."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from html import escape

from PySide6.QtCore import QCoreApplication

from gpuplayground.model.samples import GpuInfo, GpuSample, Problem, ProblemCode
from gpuplayground.ui.monitor.figures import Figure, process_count, read_figures, spoken, utilization_note
from gpuplayground.ui.monitor.time_axis import clock_time


class CardState(StrEnum):
    """The state of a GPU as its card shows it."""

    WAITING = "waiting"
    LIVE = "live"
    PAUSED = "paused"
    STALLED = "stalled"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag at the right of a card's header and its colour role."""

    text: str
    role: str


@dataclass(frozen=True, slots=True)
class CardStatus:
    """Everything on a card except the chart.

    ``processes`` is None until the processes have been counted, and while they cannot be listed; ``unlisted`` is then
    the reason.
    """

    info: GpuInfo
    sample: GpuSample | None = None
    problem: Problem | None = None
    processes: int | None = None
    unlisted: str = ""
    recording: str = ""
    paused: bool = False

    @property
    def state(self) -> CardState:
        """Return the state to show."""
        if self.problem is not None:
            return CardState.LOST if self.problem.code is ProblemCode.GPU_LOST else CardState.STALLED
        if self.paused:
            return CardState.PAUSED
        return CardState.WAITING if self.sample is None else CardState.LIVE

    @property
    def title(self) -> str:
        """Return the GPU's index as a title: ``GPU 0``."""
        return _tr("GPU {index}").format(index=self.info.index)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Return the figures of the newest sample."""
        return read_figures(self.info, self.sample)

    @property
    def message(self) -> str:
        """Return the message over the chart; empty in normal operation."""
        if self.state is CardState.WAITING:
            return _tr("Waiting for the first sample")
        if self.problem is None:
            return ""
        since_ns = self.problem.since_ns or (self.sample.time_ns if self.sample else None)
        since = clock_time(since_ns) if since_ns else "?"
        if self.state is CardState.LOST:
            return _tr("GPU lost since {time} — {sentence}").format(time=since, sentence=self.problem.sentence)
        return _tr("No samples since {time}").format(time=since)

    @property
    def message_role(self) -> str:
        """Return the colour role of the message."""
        return {CardState.LOST: "error", CardState.STALLED: "warning"}.get(self.state, "muted")

    @property
    def dot_role(self) -> str:
        """Return the colour role of the status dot: green while processes use the GPU."""
        if self.problem is not None:
            return self.message_role
        working = self.sample is not None and (self.sample.gpu_util_percent or 0) > 0
        busy = working if self.processes is None else self.processes > 0
        return "good" if busy and not self.paused else "faint"

    @property
    def tags(self) -> tuple[Tag, ...]:
        """Return the tags, the most important first."""
        tags = []
        if self.state is CardState.LOST:
            tags.append(Tag(_tr("lost"), "error"))
        elif self.state is CardState.STALLED:
            tags.append(Tag(_tr("not responding"), "warning"))
        elif self.state is CardState.PAUSED:
            tags.append(Tag(_tr("paused"), "muted"))
        if self.recording:
            tags.append(Tag(self.recording, "warning"))
        if self.unlisted and self.problem is None:
            tags.append(Tag(_tr("processes unknown"), "muted"))
        elif self.processes is not None and self.problem is None:
            tags.append(Tag(process_count(self.processes), "good" if self.processes else "muted"))
        return tuple(tags)

    @property
    def name(self) -> str:
        """Return the card's name for screen readers."""
        return f"{self.title}, {self.info.name}"

    @property
    def description(self) -> str:
        """Return the card's content for screen readers."""
        parts = (self.message, spoken(self.figures), *(tag.text for tag in self.tags), self.unlisted.removesuffix("."))
        return ". ".join(part for part in parts if part)

    @property
    def tooltip(self) -> str:
        """Return the full name, the full message, and the explanation of utilization."""
        lines = (f"{self.title} · {self.info.name}", self.message)
        head = "<br>".join(f"<b>{escape(line)}</b>" for line in lines if line)
        notes = (self.unlisted if self.problem is None else "", utilization_note())
        return f"<p>{head}</p>" + "".join(f"<p>{escape(note)}</p>" for note in notes if note)


def _tr(text: str) -> str:
    return QCoreApplication.translate("CardStatus", text)
