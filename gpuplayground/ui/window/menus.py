"""The two menus of the header: the examples by topic, and everything else the window can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMenu, QWidget

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
    """Return the menu behind the gear: files, editing, view, help."""
    menu = QMenu(QCoreApplication.translate("Menus", "Menu and settings"), parent)
    menu.setObjectName("main")
    actions.add_to(menu, "new", "open")
    menu.addMenu(recent)
    actions.add_to(menu, "save", "save_as", "close_tab", "reopen_tab", "")
    measure = menu.addMenu(QCoreApplication.translate("Menus", "Measure"))
    actions.add_to(measure, "benchmark", "sweep", "", "history", "compare")
    edit = menu.addMenu(QCoreApplication.translate("Menus", "Edit"))
    actions.add_to(edit, "find", "replace", "go_to_line", "", "toggle_comment")
    view = menu.addMenu(QCoreApplication.translate("Menus", "View"))
    actions.add_to(
        view, "theme", "line_timings", "", "zoom_in", "zoom_out", "zoom_reset", "", "next_tab", "previous_tab"
    )
    monitor = menu.addMenu(QCoreApplication.translate("Menus", "Monitor"))
    actions.add_to(monitor, "pause", "", "record", "", "open_recording", "live")
    actions.add_to(menu, "", "screenshot", "", "about", "quit")
    return menu
