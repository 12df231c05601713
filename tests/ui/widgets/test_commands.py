"""The table of commands: IDs, shortcuts and who carries them out."""

from __future__ import annotations

from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from gpuplayground.ui.widgets.commands import COMMANDS, Context, command_hint
from tests.support.application import StartApplication


def test_every_shortcut_is_a_key_and_means_one_command() -> None:
    keys = [key for command in COMMANDS.values() for key in (*command.shortcuts, *command.editor_keys)]
    assert len(keys) == len(set(keys))
    for key in keys:
        assert QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText) == key


def test_a_hint_names_the_first_shortcut() -> None:
    assert command_hint("run") == "Run (F5)"
    assert command_hint("stop", "Interrupt the snippet") == "Interrupt the snippet (Shift+Esc)"
    assert command_hint("about") == "About GPU Playground"


def test_every_command_of_the_window_is_an_action_that_is_carried_out(qtbot: QtBot, start: StartApplication) -> None:
    window = start().window
    for command in COMMANDS.values():
        if command.context is Context.WINDOW:
            assert window.actions_[command.id].receivers("2triggered(bool)") > 0, command.id
            assert window.actions_[command.id].text() == command.title
