"""The menu of the header with the commands."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMenu, QWidget

from gpuplayground.ui.widgets.commands import Menu
from gpuplayground.ui.window.actions import Actions


def main_menu(parent: QWidget, actions: Actions, recent: QMenu) -> QMenu:
    """Return the menu behind the gear: files, measuring, editing, view, monitor, application."""
    menu = QMenu(QCoreApplication.translate("Menus", "Menu and settings"), parent)
    menu.setObjectName("main")
    actions.add_to(menu, Menu.FILE)
    menu.insertMenu(actions["save"], recent)
    menu.addSeparator()
    submenus = {
        Menu.MEASURE: QCoreApplication.translate("Menus", "Measure"),
        Menu.EDIT: QCoreApplication.translate("Menus", "Edit"),
        Menu.VIEW: QCoreApplication.translate("Menus", "View"),
        Menu.MONITOR: QCoreApplication.translate("Menus", "Monitor"),
    }
    for part, title in submenus.items():
        actions.add_to(menu.addMenu(title), part)
    menu.addSeparator()
    actions.add_to(menu, Menu.APPLICATION)
    return menu
