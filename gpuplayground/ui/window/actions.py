"""Every command of the window in one table: its text, shortcut, icon and tooltip."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from gpuplayground.ui.widgets.icons import Icons

#: name: (text, shortcuts, icon, icon role)
_TABLE: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "run": ("Run", ("F5", "Ctrl+Return", "Ctrl+Enter"), "play", "on_accent"),
    "benchmark": ("Benchmark the selection", ("Shift+F5",), "activity", "muted"),
    "sweep": ("Sweep…", ("Ctrl+Shift+F5",), "activity", "muted"),
    "history": ("History", ("Ctrl+Shift+H",), "history", "muted"),
    "compare": ("Compare…", ("Ctrl+Shift+M",), "git-compare", "muted"),
    "stop": ("Stop", ("Shift+Esc",), "square", "text"),
    "new": ("New snippet", ("Ctrl+N",), "plus", "muted"),
    "open": ("Open…", ("Ctrl+O",), "folder-open", "muted"),
    "open_recording": ("Open recording…", (), "film", "muted"),
    "save": ("Save", ("Ctrl+S",), "save", "muted"),
    "save_as": ("Save as…", ("Ctrl+Shift+S",), "save", "muted"),
    "close_tab": ("Close tab", ("Ctrl+W",), "x", "muted"),
    "reopen_tab": ("Reopen closed tab", ("Ctrl+Shift+T",), "x", "muted"),
    "quit": ("Quit", ("Ctrl+Q",), "x", "muted"),
    "next_tab": ("Next tab", ("Ctrl+Tab", "Ctrl+PgDown"), "list", "muted"),
    "previous_tab": ("Previous tab", ("Ctrl+Shift+Tab", "Ctrl+PgUp"), "list", "muted"),
    "find": ("Find", ("Ctrl+F",), "search", "muted"),
    "replace": ("Replace", ("Ctrl+H",), "search", "muted"),
    "go_to_line": ("Go to line…", ("Ctrl+G",), "list", "muted"),
    "toggle_comment": ("Toggle comment", ("Ctrl+/",), "list", "muted"),
    "zoom_in": ("Larger text", ("Ctrl++", "Ctrl+="), "plus", "muted"),
    "zoom_out": ("Smaller text", ("Ctrl+-",), "plus", "muted"),
    "zoom_reset": ("Normal text size", ("Ctrl+0",), "plus", "muted"),
    "line_timings": ("Timings beside the lines", (), "activity", "muted"),
    "pause": ("Pause the graphs", ("Ctrl+P",), "pause", "muted"),
    "record": ("Record…", (), "activity", "muted"),
    "live": ("Back to live GPUs", (), "activity", "muted"),
    "screenshot": ("Save a picture of the window…", ("Ctrl+Shift+P",), "camera", "muted"),
    "theme": ("Light theme", ("Ctrl+Shift+L",), "sun", "muted"),
    "about": ("About GPU Playground", (), "info", "muted"),
}
_CHECKABLE = {"line_timings", "pause", "record", "theme"}
_WITHOUT_ICON = {
    "zoom_in", "zoom_out", "zoom_reset", "toggle_comment", "go_to_line", "replace", "line_timings", "reopen_tab",
    "next_tab", "previous_tab", "record",
}  # fmt: skip


class Actions(QObject):
    """The window's actions by name: ``actions["run"].triggered`` is what a controller connects to."""

    def __init__(self, icons: Icons, parent: QWidget) -> None:
        super().__init__(parent)
        self._icons = icons
        self._actions: dict[str, QAction] = {}
        for name, (text, shortcuts, _, _) in _TABLE.items():
            action = QAction(QCoreApplication.translate("Actions", text), parent)
            action.setObjectName(name)
            action.setShortcuts([QKeySequence(shortcut) for shortcut in shortcuts])
            action.setCheckable(name in _CHECKABLE)
            # In a menu the icon would take the place of the check mark.
            action.setIconVisibleInMenu(name not in _CHECKABLE)
            action.setToolTip(with_shortcut(action))
            parent.addAction(action)
            self._actions[name] = action
        self.refresh_icons()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def refresh_icons(self) -> None:
        """Draw the icons again, in the colours of the theme in force."""
        for name, (_, _, icon, role) in _TABLE.items():
            if name not in _WITHOUT_ICON:
                self._actions[name].setIcon(self._icons.icon(icon, role, filled=name in ("run", "stop")))

    def add_to(self, menu: QMenu, *names: str) -> None:
        """Append actions to a menu; an empty name is a separator."""
        for name in names:
            if name:
                menu.addAction(self._actions[name])
            else:
                menu.addSeparator()


def with_shortcut(action: QAction, text: str | None = None) -> str:
    """Return the tooltip of an action: its text and, in brackets, its first shortcut."""
    words = (text or action.text()).replace("&", "")
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return f"{words} ({keys})" if keys else words
