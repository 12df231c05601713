from __future__ import annotations

import json
from pathlib import Path

import pytest

from gpuplayground.storage.drafts import Draft, DraftStore
from gpuplayground.storage.open_tabs import Session, TabState, from_json, to_restore

SESSION = Session((TabState("id", "/a.py", "a.py", 3, 2, 1, True), TabState("other", name="untitled-1.py")), "id", 1, 2)


def test_a_session_survives_being_written() -> None:
    assert from_json(json.loads(json.dumps(SESSION.to_json()))) == SESSION


@pytest.mark.parametrize(
    "saved", [None, [], {"tabs": 3, "current": 4, "begun_at": "x"}, {"tabs": ["x"], "saved_at": True, "new": 1}]
)
def test_what_is_damaged_is_passed_over(saved: object) -> None:
    assert from_json(saved) == Session()


def test_a_tab_of_an_earlier_version_is_still_understood() -> None:
    session = from_json({"tabs": [{"path": "/a.py", "line": 3, "column": "?"}], "current": "/a.py"})
    assert session == Session((TabState(path="/a.py", line=3),), "/a.py")


def test_tabs_that_a_killed_window_had_closed_stay_closed() -> None:
    before, killed = Session(saved_at=10), Session(begun_at=20, saved_at=30)
    assert to_restore(before, [killed]) == [killed]
    assert to_restore(before, []) == [before]


def test_a_window_closed_while_a_killed_one_was_open_has_tabs_of_its_own() -> None:
    closed, killed = Session(saved_at=40), Session(begun_at=20, saved_at=30)
    assert to_restore(closed, [killed]) == [closed, killed]


def test_a_killed_windows_session_stays_until_the_next_one_has_written_its_own(tmp_path: Path) -> None:
    killed = DraftStore(tmp_path)
    killed.save(Draft("id", "a.py", None, "text"))
    killed.save_session(SESSION)
    assert killed._lock is not None
    killed._lock.close()  # as the system does
    for _ in range(2):  # the second window ends, by a signal too, before it has written anything
        window = DraftStore(tmp_path)
        assert [draft.text for draft in window.adopt()] == ["text"]
        assert window.adopted_sessions() == [SESSION]
        assert window._lock is not None
        window._lock.close()
    last = DraftStore(tmp_path)
    last.adopt()
    last.save_session(Session())
    assert last.adopted_sessions() == []
    last.remove("id")
    last.close()
    assert list(tmp_path.iterdir()) == []


def test_a_living_windows_session_is_its_own(tmp_path: Path) -> None:
    living, other = DraftStore(tmp_path), DraftStore(tmp_path)
    living.save_session(SESSION)
    assert other.adopt() == []
    assert other.adopted_sessions() == []
    living.close()
    other.close()
