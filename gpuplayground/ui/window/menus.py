"""The two menus of the header: the examples by topic, and the commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMenu, QWidget

from gpuplayground.ui.widgets.commands import Menu
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.window.actions import Actions

if TYPE_CHECKING:
    from gpuplayground.environments.examples import Example


def examples_menu(parent: QWidget) -> QMenu:
    """Return the menu of the examples, to be filled by :func:`fill_examples`."""
    menu = QMenu(QCoreApplication.translate("Menus", "Examples"), parent)
    menu.setObjectName("examples")
    menu.setToolTipsVisible(True)
    return menu


def fill_examples(menu: QMenu, examples: Sequence[Example], choose: Callable[[Example], object]) -> None:
    """List the examples in their menu, a section for each topic, in the order they were loaded."""
    menu.clear()
    topic = None
    for example in examples:
        if example.topic != topic:
            topic = example.topic
            menu.addSection(topic)
        action = menu.addAction(example.title)
        action.setToolTip(plainly(example.summary))
        action.triggered.connect(lambda _checked=False, example=example: choose(example))


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
