"""Where charts and tables are saved: under the name that was asked about, and over nothing that was not."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from gpuplayground.ui.widgets.saving import choose_by_dialog

KINDS = "JSON, all that is known (*.json);;CSV, a table of figures (*.csv *.tsv)"
JSON, CSV = KINDS.split(";;")
Answer = QMessageBox.StandardButton


class Person:
    """Types a name and answers what is asked about it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.typed, self.kind, self.answer = "", "", Answer.No
        self.asked: list[str] = []
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (self.typed, self.kind))
        monkeypatch.setattr(QMessageBox, "question", self.question)

    def question(self, _parent: QWidget, _title: str, text: str, *_: object) -> QMessageBox.StandardButton:
        self.asked.append(text)
        return self.answer


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person(monkeypatch)


def choose(qtbot: QtBot) -> Path | None:
    parent = QWidget()
    qtbot.addWidget(parent)
    return choose_by_dialog(parent, "Export", "history.json", KINDS)


@pytest.mark.parametrize(
    ("typed", "kind", "saved"),
    [
        ("a.json", CSV, "a.json"),
        ("a.TSV", JSON, "a.TSV"),
        ("a", CSV, "a.csv"),
        ("a", "", "a.json"),
        ("a", "All files (*)", "a.json"),
        ("run 1.5", JSON, "run 1.5.json"),
    ],
)
def test_a_name_without_an_ending_of_its_kind_gets_one(
    qtbot: QtBot, tmp_path: Path, person: Person, typed: str, kind: str, saved: str
) -> None:
    person.typed, person.kind = str(tmp_path / typed), kind
    assert choose(qtbot) == tmp_path / saved
    assert person.asked == []


def test_a_file_that_the_dialog_did_not_ask_about_is_only_overwritten_after_a_question(
    qtbot: QtBot, tmp_path: Path, person: Person
) -> None:
    (tmp_path / "a.json").write_text("precious")
    person.typed, person.kind = str(tmp_path / "a"), JSON
    assert choose(qtbot) is None
    person.answer = Answer.Yes
    assert choose(qtbot) == tmp_path / "a.json"
    assert person.asked == [f"“{tmp_path / 'a.json'}” already exists. Replace it?"] * 2


def test_what_the_dialog_has_asked_about_is_not_asked_again_and_a_refusal_is_one(
    qtbot: QtBot, tmp_path: Path, person: Person
) -> None:
    (tmp_path / "a.json").write_text("old")
    person.typed = str(tmp_path / "a.json")
    assert choose(qtbot) == tmp_path / "a.json"
    person.typed = ""
    assert choose(qtbot) is None
    assert person.asked == []
