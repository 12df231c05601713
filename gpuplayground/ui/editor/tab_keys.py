"""What carries out the commands of the editor's tabs, and the keys the editor takes for them.

The keys work without the window's actions too, as in a test or a dialog; in the window the actions come first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeyEvent, QKeySequence

from gpuplayground.ui.widgets.commands import COMMANDS

if TYPE_CHECKING:
    from gpuplayground.ui.editor.tabs import EditorTabs


def tab_commands(tabs: EditorTabs) -> dict[str, Callable[[], object]]:
    """Return what carries out each command of the tabs, by the command's ID."""
    return {
        "new": tabs.new_tab,
        "open": tabs.open_dialog,
        "save": tabs.save,
        "save_as": tabs.save_as,
        "close_tab": tabs.close_tab,
        "reopen_tab": tabs.reopen_tab,
        "next_tab": lambda: tabs.step_tab(1),
        "previous_tab": lambda: tabs.step_tab(-1),
        "find": tabs.open_find,
        "replace": lambda: tabs.open_find(replace=True),
        "find_next": tabs.find_bar.find_next,
        "find_previous": lambda: tabs.find_bar.find_next(backwards=True),
        "close_bars": tabs.close_bars,
        "go_to_line": tabs.open_go_to_line,
        "toggle_comment": tabs.toggle_comment,
        "zoom_in": lambda: tabs.zoom(1),
        "zoom_out": lambda: tabs.zoom(-1),
        "zoom_reset": lambda: tabs.zoom(0),
        "leave_forwards": lambda: tabs.leave_text(forwards=True),
        "leave_backwards": lambda: tabs.leave_text(forwards=False),
    }


def key_commands(tabs: EditorTabs) -> dict[str, Callable[[], object]]:
    """Return what each key does, by its name as :func:`key_name` returns it."""
    return {
        key: handler
        for command_id, handler in tab_commands(tabs).items()
        for key in (*COMMANDS[command_id].shortcuts, *COMMANDS[command_id].editor_keys)
    }


def key_name(event: QKeyEvent) -> str:
    """Return a key with its modifiers as the table of commands writes it, the same on the keypad."""
    text = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
    return text.replace("Num+", "")
