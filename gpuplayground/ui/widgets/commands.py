"""The table of the window's commands. It feeds the menus, the toolbar, the shortcuts and the tooltips."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QKeySequence

#: A run that has not ended this long after Stop can be killed.
KILL_AFTER_MS = 2000


class Context(Enum):
    """Where a command's shortcuts work."""

    WINDOW = auto()  #: in the whole window; such a command is a QAction
    EDITOR = auto()  #: while the editor has the focus


class Menu(Enum):
    """The menu, or the part of the main menu, that lists a command."""

    FILE = auto()
    MEASURE = auto()
    EDIT = auto()
    VIEW = auto()
    MONITOR = auto()
    APPLICATION = auto()


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Its handler is given by whoever carries it out: :meth:`gpuplayground.ui.editor.tabs.EditorTabs.commands` for
    those of the editor's tabs, :class:`gpuplayground.app.application.Application` for the others.

    Args:
        id: the key in :data:`COMMANDS`.
        title: the text in menus, also that of the tooltip.
        shortcuts: as :class:`QKeySequence` takes them; the first one is shown.
        icon: name of an icon; empty for none.
        menu: where it is listed; None for nowhere. The order is that of the table.
        starts_section: whether a separator precedes it in the menu.
        context: where the shortcuts work.
        editor_keys: further spellings of the shortcuts that only the editor takes.
        is_checkable: whether it is switched on and off; the handler then takes the new state.
        in_toolbar: whether the header has a button for it.
        icon_role: colour role of the icon.
        is_icon_filled: whether the icon is a filled shape.
    """

    id: str
    title: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    menu: Menu | None = None
    starts_section: bool = False
    context: Context = Context.WINDOW
    editor_keys: tuple[str, ...] = ()
    is_checkable: bool = False
    in_toolbar: bool = False
    icon_role: str = "muted"
    is_icon_filled: bool = False

    @property
    def text(self) -> str:
        """The title in the user's language."""
        return QCoreApplication.translate("Commands", self.title)


_ROWS = (
    Command("run", "Run", ("F5", "Ctrl+Return", "Ctrl+Enter"), "play", icon_role="on_accent", is_icon_filled=True),
    Command("stop", "Stop", ("Shift+Esc",), "square", icon_role="text", is_icon_filled=True),
    Command("new", "New snippet", ("Ctrl+N",), "plus", Menu.FILE),
    Command("open", "Open…", ("Ctrl+O",), "folder-open", Menu.FILE),
    Command("save", "Save", ("Ctrl+S",), "save", Menu.FILE),
    Command("save_as", "Save as…", ("Ctrl+Shift+S",), "save", Menu.FILE),
    Command("close_tab", "Close tab", ("Ctrl+W",), "x", Menu.FILE),
    Command("reopen_tab", "Reopen closed tab", ("Ctrl+Shift+T",), menu=Menu.FILE),
    Command("benchmark", "Benchmark the selection", ("Shift+F5",), "activity", Menu.MEASURE),
    Command("sweep", "Sweep…", ("Ctrl+Shift+F5",), "activity", Menu.MEASURE),
    Command("history", "History", ("Ctrl+Shift+H",), "history", Menu.MEASURE, starts_section=True),
    Command("compare", "Compare…", ("Ctrl+Shift+M",), "git-compare", Menu.MEASURE),
    Command("find", "Find", ("Ctrl+F",), "search", Menu.EDIT),
    Command("replace", "Replace", ("Ctrl+H",), menu=Menu.EDIT),
    Command("go_to_line", "Go to line…", ("Ctrl+G",), menu=Menu.EDIT),
    Command("toggle_comment", "Toggle comment", ("Ctrl+/",), menu=Menu.EDIT, starts_section=True),
    Command("theme", "Light theme", ("Ctrl+Shift+L",), "sun", Menu.VIEW, is_checkable=True),
    Command("line_timings", "Timings beside the lines", menu=Menu.VIEW, is_checkable=True),
    Command(
        "zoom_in",
        "Larger text",
        ("Ctrl++", "Ctrl+="),
        menu=Menu.VIEW,
        starts_section=True,
        editor_keys=("Ctrl+Shift++",),
    ),
    Command("zoom_out", "Smaller text", ("Ctrl+-",), menu=Menu.VIEW),
    Command("zoom_reset", "Normal text size", ("Ctrl+0",), menu=Menu.VIEW),
    Command("next_tab", "Next tab", ("Ctrl+Tab", "Ctrl+PgDown"), menu=Menu.VIEW, starts_section=True),
    Command(
        "previous_tab",
        "Previous tab",
        ("Ctrl+Shift+Tab", "Ctrl+PgUp"),
        menu=Menu.VIEW,
        editor_keys=("Ctrl+Shift+Backtab",),
    ),
    Command("pause", "Pause the graphs", ("Ctrl+P",), "pause", Menu.MONITOR, is_checkable=True, in_toolbar=True),
    Command("record", "Record…", menu=Menu.MONITOR, starts_section=True, is_checkable=True),
    Command("open_recording", "Open recording…", (), "film", Menu.MONITOR, starts_section=True),
    Command("live", "Back to live GPUs", (), "activity", Menu.MONITOR),
    Command(
        "screenshot", "Save a picture of the window…", ("Ctrl+Shift+P",), "camera", Menu.APPLICATION, in_toolbar=True
    ),
    Command("examples", "Examples…", ("Ctrl+Shift+E",), "book-open", Menu.APPLICATION, starts_section=True),
    Command("environments", "Environments…", (), "download", Menu.APPLICATION),
    Command("doctor", "Doctor…", ("Ctrl+Shift+D",), "stethoscope", Menu.APPLICATION),
    Command("about", "About GPU Playground", (), "info", Menu.APPLICATION, starts_section=True),
    Command("quit", "Quit", ("Ctrl+Q",), "x", Menu.APPLICATION),
    Command("find_next", "Next match", ("F3",), context=Context.EDITOR),
    Command("find_previous", "Previous match", ("Shift+F3",), context=Context.EDITOR),
    Command("close_bars", "Close the search bar", ("Esc",), context=Context.EDITOR),
    # Tab indents: these leave the text by keyboard.
    Command("leave_forwards", "Leave the text", ("F6",), context=Context.EDITOR),
    Command("leave_backwards", "Leave the text backwards", ("Shift+F6",), context=Context.EDITOR),
)
#: Every command by its ID, in the order of the menus.
COMMANDS = {command.id: command for command in _ROWS}


def command_hint(command_id: str, text: str | None = None) -> str:
    """Return the tooltip of a command: its title, or another text, with the first shortcut in brackets."""
    command = COMMANDS[command_id]
    words = text or command.text
    if not command.shortcuts:
        return words
    keys = QKeySequence(command.shortcuts[0]).toString(QKeySequence.SequenceFormat.NativeText)
    return f"{words} ({keys})"
