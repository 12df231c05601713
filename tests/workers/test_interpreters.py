"""The Pythons that may run snippets, while they are being looked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Event

import pytest
from pytestqt.qtbot import QtBot

from gpuplayground.environments.interpreters import Environment
from gpuplayground.workers import interpreters
from gpuplayground.workers.interpreters import AUTOMATIC, Interpreters

OWN = Environment(sys.executable, "Python 3.13 · venv", "3.13.1", sys.prefix, is_current=True)
CONDA = Environment("/opt/conda/bin/python", "Python 3.12 · conda", "3.12.0", "/opt/conda")
PATIENCE_S = 30.0


class Search:
    """Stands for a search of the machine that lasts until it is told what it found."""

    def __init__(self) -> None:
        self.extra: Sequence[str] = ()
        self._found = SimpleQueue[list[Environment]]()

    def discover(self, extra: Sequence[str] = (), cancelled: Event | None = None) -> list[Environment]:
        self.extra = extra
        return self._found.get(timeout=PATIENCE_S)

    def end(self, *found: Environment) -> None:
        self._found.put(list(found))


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch) -> Iterator[Search]:
    fake = Search()
    monkeypatch.setattr(interpreters, "discover", fake.discover)
    monkeypatch.setattr(interpreters, "probe", lambda interpreter, **_: {CONDA.interpreter: CONDA}[interpreter])
    yield fake
    fake.end()


def looking(chosen: str = "") -> tuple[Interpreters, list[str]]:
    """Begin to look for Pythons; the list fills with what is said to the user."""
    found = Interpreters(sys.executable, chosen, ())
    said: list[str] = []
    found.failed.connect(said.append)
    found.discover()
    return found, said


def end(qtbot: QtBot, search: Search, found: Interpreters, *environments: Environment) -> None:
    with qtbot.waitSignal(found.changed):
        search.end(*environments)
    assert found.wait(PATIENCE_S)


def add(qtbot: QtBot, found: Interpreters) -> None:
    with qtbot.waitSignal(found.changed):
        found.add(CONDA.interpreter)


def test_one_that_is_added_while_others_are_looked_for_stays_chosen(qtbot: QtBot, search: Search) -> None:
    found, said = looking()
    add(qtbot, found)
    end(qtbot, search, found, OWN)
    assert found.environments == [OWN, CONDA]
    assert found.chosen == CONDA.interpreter
    assert said == []


def test_one_that_is_added_and_found_is_listed_once(qtbot: QtBot, search: Search) -> None:
    found, _ = looking()
    add(qtbot, found)
    end(qtbot, search, found, OWN, CONDA)
    assert found.environments == [OWN, CONDA]


def test_what_was_found_before_and_is_gone_is_not_listed_again(qtbot: QtBot, search: Search) -> None:
    found, _ = looking()
    end(qtbot, search, found, OWN, CONDA)
    found.discover()
    end(qtbot, search, found, OWN)
    assert found.environments == [OWN]


def test_a_remembered_one_that_is_gone_is_not_reported_once_another_was_chosen(
    qtbot: QtBot, search: Search, tmp_path: Path
) -> None:
    found, said = looking(str(tmp_path / "gone"))
    add(qtbot, found)
    end(qtbot, search, found, OWN)
    assert found.chosen == CONDA.interpreter
    assert said == []


def test_a_remembered_one_that_answers_no_longer_gives_way_to_the_automatic_choice_and_is_named(
    qtbot: QtBot, search: Search, tmp_path: Path
) -> None:
    broken = tmp_path / "python"
    broken.touch()
    found, said = looking(str(broken))
    end(qtbot, search, found, OWN)
    assert search.extra == (str(broken),)
    assert found.chosen == AUTOMATIC
    assert [f"{broken} can no longer run snippets" in sentence for sentence in said] == [True]


def test_one_that_was_not_started_is_asked_before_it_runs_anything_and_counts_as_added(
    qtbot: QtBot, search: Search
) -> None:
    found, said = looking()
    end(qtbot, search, found, OWN, replace(CONDA, version="3.12", distrust="everybody can write there"))
    with qtbot.waitSignals([found.changed, found.changed]):
        found.choose(CONDA.interpreter)
        assert found.chosen == AUTOMATIC
    assert found.chosen == CONDA.interpreter
    assert found.environments == [OWN, CONDA]
    assert found.added == [CONDA.interpreter]
    assert said == []
    assert found.wait(10)


def test_a_snippet_gets_the_environment_that_has_what_it_imports(qtbot: QtBot, search: Search) -> None:
    found, _ = looking()
    end(qtbot, search, found, replace(OWN, versions={"numpy": "2.3.0"}), replace(CONDA, versions={"torch": "2.9.0"}))
    assert found.resolve(AUTOMATIC, "import torch", None) == CONDA.interpreter
    assert found.resolve(AUTOMATIC, "import numpy", None) == OWN.interpreter
    assert found.resolve(AUTOMATIC, "import cupy", None) == OWN.interpreter  # nothing has it
    assert found.resolve(CONDA.interpreter, "import numpy", None) == CONDA.interpreter


def test_an_environment_that_was_just_built_takes_the_place_of_the_old_one(qtbot: QtBot, search: Search) -> None:
    found, _ = looking()
    old = Environment("/data/pytorch-1/bin/python", "pytorch", "3.12.1", "/data/pytorch-1", managed="pytorch")
    new = replace(old, interpreter="/data/pytorch-2/bin/python", prefix="/data/pytorch-2")
    end(qtbot, search, found, old, OWN)
    found.add_environment(new)
    assert found.environments == [new, OWN]
