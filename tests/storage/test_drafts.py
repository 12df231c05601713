from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from gpuplayground.storage.documents import Stamp
from gpuplayground.storage.drafts import Draft, DraftStore

DRAFT = Draft("tab", "a.py", "/somewhere/a.py", "x = 'é😀'\n\n\ud83d", 3, "\r\n", True, Stamp(5, 6), 7.5)

OWNER = """
import sys, time
from pathlib import Path
from gpuplayground.storage.drafts import Draft, DraftStore
store = DraftStore(Path(sys.argv[1]))
store.save(Draft("tab", "a.py", None, "unsaved\\n"))
print("ready", flush=True)
time.sleep(60)
"""


def start_owner(root: Path) -> subprocess.Popen[str]:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(root)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "ready\n"
    return owner


def end(owner: subprocess.Popen[str]) -> None:
    owner.send_signal(signal.SIGKILL)
    owner.communicate()


def test_a_draft_comes_back_as_it_was(tmp_path: Path) -> None:
    first = DraftStore(tmp_path)
    first.save(DRAFT)
    first.close()
    second = DraftStore(tmp_path)
    assert second.adopt() == [DRAFT]
    second.close()


def test_a_living_window_keeps_its_drafts_and_a_dead_one_gives_them_up(tmp_path: Path) -> None:
    owner = start_owner(tmp_path)
    store = DraftStore(tmp_path)
    try:
        assert store.adopt() == []
    finally:
        end(owner)
    assert [draft.text for draft in store.adopt()] == ["unsaved\n"]
    assert store.adopt() == []
    store.close()


def test_two_windows_in_one_process_keep_theirs(tmp_path: Path) -> None:
    first, second = DraftStore(tmp_path), DraftStore(tmp_path)
    first.save(DRAFT)
    assert second.adopt() == []
    for store in (first, second):
        store.close()


def test_what_was_adopted_but_not_yet_saved_survives_another_kill(tmp_path: Path) -> None:
    end(start_owner(tmp_path))
    second = DraftStore(tmp_path)
    assert len(second.adopt()) == 1
    second.close()
    third = DraftStore(tmp_path)
    assert len(third.adopt()) == 1
    third.remove("tab")
    third.close()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_draft_is_passed_over_and_kept(tmp_path: Path) -> None:
    first = DraftStore(tmp_path)
    first.save(DRAFT)
    first.save(replace(DRAFT, tab_id="other"))
    damaged = first.folder / "tab.draft"
    damaged.write_bytes(b'{"tab_id": "ta')
    first.close()
    second = DraftStore(tmp_path)
    assert [draft.tab_id for draft in second.adopt()] == ["other"]
    assert damaged.exists()
    second.close()
