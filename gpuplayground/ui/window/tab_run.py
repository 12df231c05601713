"""What the playground knows about a tab's present or last run."""

from __future__ import annotations

from dataclasses import dataclass

from gpuplayground.model.results import RunState

_STATE_ROLES = {
    RunState.FINISHED: "good",
    RunState.FAILED: "error",
    RunState.NOT_STARTED: "error",
    RunState.STOPPED: "warning",
}


@dataclass(slots=True)
class TabRun:
    """The run of a tab; an idle one where it never ran."""

    run_id: str = ""
    state: RunState | None = None
    kills: bool = False

    @property
    def role(self) -> str:
        """The colour role of the state."""
        return _STATE_ROLES.get(self.state, "accent") if self.state is not None else "muted"

    @property
    def active(self) -> bool:
        """Whether a process of this tab is alive."""
        return self.state is not None and not self.state.is_final
