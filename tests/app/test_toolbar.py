"""The toolbar with the mouse, the wheel and the keyboard: nothing is chosen unseen, and typing goes on afterwards."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gpuplayground.app.application import Application
from gpuplayground.ui.widgets.drop_down import DropDown
from tests.support.application import StartApplication
from tests.support.fakes import fake_nvml_env

PATIENCE_MS = 30_000


def turn_wheel(widget: QWidget) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle, widget.mapToGlobal(middle), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def wait_for_editor(qtbot: QtBot, application: Application) -> None:
    qtbot.waitUntil(lambda: application.window.focusWidget() is application.tabs.current_editor(), timeout=PATIENCE_MS)


def test_the_wheel_over_a_closed_list_chooses_nothing(qtbot: QtBot) -> None:
    box = DropDown()
    qtbot.addWidget(box)
    box.addItems(["one", "two", "three"])
    box.show()
    box.setFocus()
    turn_wheel(box)
    assert box.currentText() == "one"


def test_the_wheel_over_an_open_list_scrolls_it(qtbot: QtBot) -> None:
    box = DropDown()
    qtbot.addWidget(box)
    box.addItems([str(number) for number in range(200)])
    box.show()
    box.showPopup()
    qtbot.waitUntil(box.view().isVisible, timeout=PATIENCE_MS)
    turn_wheel(box.view().viewport())
    qtbot.waitUntil(lambda: box.view().verticalScrollBar().value() > 0, timeout=PATIENCE_MS)
    box.hidePopup()


@pytest.mark.parametrize("name", ["device_box", "interpreter_box"])
def test_after_a_choice_by_key_the_editor_has_the_keyboard(qtbot: QtBot, start: StartApplication, name: str) -> None:
    application = start(fake_nvml_env(gpus=2))
    qtbot.waitUntil(lambda: application.window.header.device_box.count() == 3, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: application.window.header.interpreter_box.count() > 1, timeout=PATIENCE_MS)
    box: DropDown = getattr(application.window.header, name)
    box.setFocus()
    box.showPopup()
    qtbot.waitUntil(box.view().isVisible, timeout=PATIENCE_MS)
    qtbot.keyClick(box.view(), Qt.Key.Key_Return)
    wait_for_editor(qtbot, application)


def test_after_a_click_on_a_button_or_in_a_menu_the_editor_has_the_keyboard(
    qtbot: QtBot, start: StartApplication
) -> None:
    application = start()
    header = application.window.header
    (pause,) = [each for each in header.findChildren(QToolButton) if each.accessibleName().startswith("Pause")]
    pause.setFocus()
    qtbot.mouseClick(pause, Qt.MouseButton.LeftButton)
    wait_for_editor(qtbot, application)
    (settings,) = [each for each in header.findChildren(QToolButton) if application.window.recent_menu in _menus(each)]
    settings.setFocus()
    settings.menu().triggered.emit(application.window.actions_["theme"])
    wait_for_editor(qtbot, application)


def test_what_opens_a_bar_leaves_the_keyboard_there(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    application.window.actions_["find"].trigger()
    application.window.header.chosen.emit()
    qtbot.wait(50)
    focus = application.window.focusWidget()
    assert focus is not None
    assert application.tabs.find_bar.isAncestorOf(focus)


def _menus(button: QToolButton) -> list[QWidget]:
    menu: QWidget | None = button.menu()  # None for most of them, whatever the stubs say
    if menu is None:
        return []
    return [each for action in menu.actions() if isinstance(each := action.menu(), QWidget)]
