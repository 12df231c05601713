"""The window's commands as Qt actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from gpuplayground.ui.widgets.commands import COMMANDS, Context, Menu, command_hint
from gpuplayground.ui.widgets.icons import Icons


class Actions(QObject):
    """The window's actions, by the ID of their command."""

    def __init__(self, icons: Icons, parent: QWidget) -> None:
        super().__init__(parent)
        self._icons = icons
        self._commands = [command for command in COMMANDS.values() if command.context is Context.WINDOW]
        self._actions: dict[str, QAction] = {}
        for command in self._commands:
            action = QAction(command.text, parent)
            action.setObjectName(command.id)
            action.setShortcuts([QKeySequence(shortcut) for shortcut in command.shortcuts])
            action.setCheckable(command.is_checkable)
            # In a menu the icon would take the place of the check mark.
            action.setIconVisibleInMenu(not command.is_checkable)
            action.setToolTip(command_hint(command.id))
            parent.addAction(action)
            self._actions[command.id] = action
        self.refresh_icons()

    def __getitem__(self, command_id: str) -> QAction:
        return self._actions[command_id]

    def bind(
        self, handlers: Mapping[str, Callable[[], object]], switches: Mapping[str, Callable[[bool], object]]
    ) -> None:
        """Connect every action with what carries out its command.

        Args:
            handlers: by command ID. Those of the editor's own commands are not needed here.
            switches: of the checkable commands; they take the new state.
        """
        for command in self._commands:
            action = self._actions[command.id]
            if command.is_checkable:
                action.triggered.connect(switches[command.id])
            else:
                handler = handlers[command.id]
                action.triggered.connect(lambda _checked=False, handler=handler: handler())

    def refresh_icons(self) -> None:
        """Draw the icons in the colours of the current theme."""
        for command in self._commands:
            if command.icon:
                icon = self._icons.icon(command.icon, command.icon_role, filled=command.is_icon_filled)
                self._actions[command.id].setIcon(icon)

    def add_to(self, menu: QMenu, part: Menu) -> None:
        """Append the actions that belong in a menu."""
        for command in self._commands:
            if command.menu is part:
                if command.starts_section:
                    menu.addSeparator()
                menu.addAction(self._actions[command.id])

    def of_toolbar(self) -> list[QAction]:
        """Return the actions that have a button in the header."""
        return [self._actions[command.id] for command in self._commands if command.in_toolbar]
