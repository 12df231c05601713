"""The open tabs of a window with the position in each, as kept between starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class TabState:
    """One tab. Lines and columns are counted from 1.

    Attributes:
        tab_id: ID of the tab, the same after a restart; empty if only its file is known.
        path: Its file; None if it was never saved.
        name: Title of the tab.
        line: Line of the cursor.
        column: Column of the cursor.
        top: First visible line; 0 to scroll to the cursor.
        modified: Whether it has unsaved changes, which are in a draft.
        python: The Python that runs it: an interpreter or ``automatic``; empty if it was never chosen.
    """

    tab_id: str = ""
    path: str | None = None
    name: str = ""
    line: int = 1
    column: int = 1
    top: int = 0
    modified: bool = False
    python: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """The tabs of a window.

    Attributes:
        tabs: In their order.
        current: ID or path of the current tab.
        begun_at: When the window opened, in seconds since the epoch.
        saved_at: When the session was last saved, in seconds since the epoch.
    """

    tabs: tuple[TabState, ...] = ()
    current: str = ""
    begun_at: float = 0.0
    saved_at: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the session as a JSON object."""
        return asdict(self)


def from_json(saved: object) -> Session:
    """Return the session of a JSON object; missing and invalid values fall back to their defaults."""
    if not isinstance(saved, dict):
        return Session()
    tabs = saved.get("tabs")
    return Session(
        tabs=tuple(_tab(tab) for tab in tabs if isinstance(tab, dict)) if isinstance(tabs, (list, tuple)) else (),
        current=saved["current"] if isinstance(saved.get("current"), str) else "",
        begun_at=_seconds(saved.get("begun_at")),
        saved_at=_seconds(saved.get("saved_at")),
    )


def to_restore(closed: Session, killed: Iterable[Session]) -> list[Session]:
    """Return the sessions to restore, oldest first: those of ``killed`` windows, and the one ``closed`` last.

    A killed window that opened after the other was closed had restored its tabs: then only its own are restored.
    """
    left = sorted(killed, key=lambda session: session.saved_at)
    if not left:
        return [closed]
    return [closed, *left] if closed.saved_at > min(session.begun_at for session in left) else left


def _tab(saved: dict[str, Any]) -> TabState:
    known: dict[str, Any] = {}
    for entry in fields(TabState):
        value, default = saved.get(entry.name), entry.default
        kind = str if entry.name == "path" else type(default)
        if type(value) is kind:
            known[entry.name] = value
    return TabState(**known)


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0
