"""What is open in a window: its tabs in their order, and where the user is in each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class TabState:
    """One tab. Lines and columns are counted from 1.

    Attributes:
        tab_id: The tab, the same after a restart; empty where only its file is known.
        path: Its file, or None if it was never saved.
        name: What the tab is called.
        line: Line of the cursor.
        column: Column of the cursor.
        top: The first line on the screen, or 0 to show the cursor wherever it fits.
        modified: Whether it has work that its file does not have, which is in a draft then.
    """

    tab_id: str = ""
    path: str | None = None
    name: str = ""
    line: int = 1
    column: int = 1
    top: int = 0
    modified: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """The tabs of a window.

    Attributes:
        tabs: In the order of their row.
        current: The id of the tab in front, or its path.
        begun_at: When the window opened, in seconds since the epoch.
        saved_at: When the window was last known to be open, likewise.
    """

    tabs: tuple[TabState, ...] = ()
    current: str = ""
    begun_at: float = 0.0
    saved_at: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the session as JSON can hold it."""
        return asdict(self)


def from_json(saved: object) -> Session:
    """Return a session read from JSON; what is missing or of the wrong type falls back to its default."""
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
    """Return the sessions to open again, oldest first: those of ``killed`` windows, and the one ``closed`` last.

    A killed window that opened after that one had been closed has taken its tabs over: only its own are restored.
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
