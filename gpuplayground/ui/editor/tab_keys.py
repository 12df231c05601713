"""The keys of the editor's commands.

They are keys rather than shortcuts: a window may have actions with the same ones, which then simply come first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeyEvent, QKeySequence

if TYPE_CHECKING:
    from gpuplayground.ui.editor.tabs import EditorTabs


def key_commands(tabs: EditorTabs) -> dict[str, Callable[[], object]]:
    """Return what each key does."""
    return {
        "Ctrl+N": tabs.new_tab,
        "Ctrl+O": tabs.open_dialog,
        "Ctrl+S": tabs.save,
        "Ctrl+Shift+S": tabs.save_as,
        "Ctrl+W": tabs.close_tab,
        "Ctrl+Shift+T": tabs.reopen_tab,
        "Ctrl+F": tabs.open_find,
        "Ctrl+H": lambda: tabs.open_find(replace=True),
        "F3": tabs.find_bar.find_next,
        "Shift+F3": lambda: tabs.find_bar.find_next(backwards=True),
        "Ctrl+G": tabs.open_go_to_line,
        "Ctrl+/": tabs.toggle_comment,
        "Ctrl++": lambda: tabs.zoom(1),
        "Ctrl+=": lambda: tabs.zoom(1),
        "Ctrl+Shift++": lambda: tabs.zoom(1),
        "Ctrl+-": lambda: tabs.zoom(-1),
        "Ctrl+0": lambda: tabs.zoom(0),
        "Ctrl+Tab": lambda: tabs.step_tab(1),
        "Ctrl+Shift+Tab": lambda: tabs.step_tab(-1),
        "Ctrl+Shift+Backtab": lambda: tabs.step_tab(-1),
        "Ctrl+PgDown": lambda: tabs.step_tab(1),
        "Ctrl+PgUp": lambda: tabs.step_tab(-1),
        "Esc": tabs.close_bars,
        # Tab indents: these are the way out of the text by keyboard.
        "F6": lambda: tabs.leave_text(forwards=True),
        "Shift+F6": lambda: tabs.leave_text(forwards=False),
    }


def key_name(event: QKeyEvent) -> str:
    """Return a key with its modifiers as :func:`key_commands` writes it, the same on the keypad."""
    text = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
    return text.replace("Num+", "")
