"""Text from outside is never taken for markup, wherever the window shows it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6 import QtGui
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QMessageBox, QTabBar, QWidget
from pytestqt.qtbot import QtBot

import gpuplayground
from gpuplayground.app.application import Application
from gpuplayground.ui.editor.questions import Answer, Question, ask_by_dialog
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from tests.support.application import StartApplication
from tests.support.fakes import fake_nvml_env

PATIENCE_MS = 60_000
EVIL = "<img src=x><b>bold</b>"
MARKUP = [EVIL, "<b>", "a <b> c", "</b>", "<!-- x", "<?xml version='1.0'?>", "x &lt;b", "< b >x", "<p\n>", "<br/>"]
PLAIN = ["", "a < b", "x & y", "a\nb", "100 %", "< 0.1 %"]


@pytest.mark.parametrize("text", [*MARKUP, *PLAIN])
def test_a_tip_shows_the_text_that_it_was_given(qtbot: QtBot, text: str) -> None:
    document = QtGui.QTextDocument()
    shown = plainly(text)
    if _is_rich(shown):
        document.setHtml(shown)
        assert document.toPlainText() == text
    else:
        assert shown == text


@pytest.mark.parametrize("text", MARKUP)
def test_a_plain_label_draws_its_text(qtbot: QtBot, text: str) -> None:
    label = PlainLabel(text)
    qtbot.addWidget(label)
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.text() == text


def test_a_question_about_a_file_draws_its_name(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []

    def take(box: QMessageBox) -> int:
        texts.extend((box.text(), box.informativeText()))
        return 0

    monkeypatch.setattr(QMessageBox, "exec", take)
    parent = QWidget()
    qtbot.addWidget(parent)
    ask_by_dialog(parent, Question(f"Save {EVIL}?", f"{EVIL} has changed.", (Answer.SAVE, Answer.CANCEL)))
    for text, expected in zip(texts, (f"Save {EVIL}?", f"{EVIL} has changed."), strict=True):
        document = QtGui.QTextDocument()
        document.setHtml(text)
        assert document.toPlainText() == expected


@pytest.mark.parametrize(
    "path", sorted(Path(gpuplayground.__file__).parent.glob("ui/**/*.py")), ids=lambda path: path.name
)
def test_no_label_or_tip_is_set_that_could_be_markup(path: Path) -> None:
    if path.name == "plain_text.py":
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef):
            assert "QLabel" not in map(ast.unparse, node.bases), f"{path.name}:{node.lineno}: base PlainLabel"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called != "QLabel", f"{path.name}:{node.lineno}: use PlainLabel"
            for argument in _texts_of(node, called.rpartition(".")[2]):
                assert _is_ours(argument), f"{path.name}:{node.lineno}: wrap {ast.unparse(argument)} in plainly()"


def _texts_of(call: ast.Call, name: str) -> list[ast.expr]:
    """Return the arguments of a call that Qt would look for markup in."""
    if name in ("setToolTip", "setInformativeText", "setWhatsThis"):
        return call.args[:1]
    if name in ("setTabToolTip", "showText"):
        return call.args[1:2]
    if ast.unparse(call.func).startswith("QMessageBox."):
        return call.args[2:3]
    return []


def _is_ours(node: ast.expr) -> bool:
    """Return whether a text is made of our own words alone, or cannot be markup."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.IfExp):
        return _is_ours(node.body) and _is_ours(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return all(_is_ours(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _is_ours(node.value)
    # The card escapes what is from outside by itself; what is a tooltip already was made plain when it was set.
    ours = ("self.tr", "plainly", "command_hint", "utilization_note", "self.note.toolTip")
    return ast.unparse(node) == "self._status.tooltip" or (
        isinstance(node, ast.Call) and ast.unparse(node.func) in ours
    )


def test_nothing_from_outside_is_markup_in_the_window(qtbot: QtBot, start: StartApplication, tmp_path: Path) -> None:
    application = start(fake_nvml_env(gpus=1, name=f"GPU {EVIL}"))
    file = tmp_path / f"{EVIL.replace('/', '')}.py"
    file.write_text(f"# %% {EVIL}\ntext = '{EVIL}'\nraise ValueError('{EVIL}\x1b[31m ' * 20)\n")
    application.window.say(EVIL)
    application.window.header.set_interpreters([(EVIL, EVIL, EVIL)], EVIL)
    application.tabs.open_path(file)
    qtbot.waitUntil(lambda: any(EVIL in text for text in texts(application.window)), timeout=PATIENCE_MS)
    for action in ("run", "benchmark"):
        application.window.actions_[action].trigger()
        qtbot.waitUntil(lambda: application.playground.current_run().active, timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: not application.playground.current_run().active, timeout=PATIENCE_MS)
        assert_plain(application)
    application.window.actions_["sweep"].trigger()
    assert_plain(application)
    tips = [tip for widget in QApplication.allWidgets() for tip in tips_of(widget)]
    assert any("&lt;b&gt;bold" in tip for tip in tips), "the test has found none of the texts"


def texts(window: QWidget) -> Iterator[str]:
    for label in window.findChildren(QLabel):
        yield label.text()


def assert_plain(application: Application) -> None:
    for widget in QApplication.allWidgets():
        if isinstance(widget, QLabel) and widget.text() and "qt_" not in widget.objectName():
            assert widget.textFormat() == Qt.TextFormat.PlainText, widget.text()
        for tip in tips_of(widget):
            assert "<b>bold" not in tip or not _is_rich(tip), tip


def tips_of(widget: QWidget) -> Iterator[str]:
    yield widget.toolTip()
    if isinstance(widget, QTabBar):
        yield from (widget.tabToolTip(index) for index in range(widget.count()))
    if isinstance(widget, QAbstractItemView) and widget.model() is not None:
        yield from _tips_of_model(widget.model())


def _tips_of_model(model: QAbstractItemModel) -> Iterator[str]:
    nowhere = QModelIndex()
    for row in range(model.rowCount(nowhere)):
        for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount(nowhere)):
            tip = model.data(model.index(row, column), Qt.ItemDataRole.ToolTipRole)
            if isinstance(tip, str):
                yield tip


def _is_rich(text: str) -> bool:
    """Return whether Qt takes a text for HTML."""
    label = QLabel(text)
    # Of a rich text, and of no other, the plain text can be selected without its tags.
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSelection(0, len(text))
    return bool(text) and label.selectedText().replace("\u2029", "\n") != text
