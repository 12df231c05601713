"""The header that panels in one place share: where the keyboard goes when another of them comes into view."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.panel_header import PageTab, PanelHeader
from gpuplayground.ui.widgets.theme import Theme

TABS = (PageTab("timings", "Timings"), PageTab("timeline", "Timeline"))


class Window(QWidget):
    """Two headers that share a place, and another widget to which the keyboard would go next."""

    def __init__(self, theme: Theme, icons: Icons) -> None:
        super().__init__()
        self.headers = [PanelHeader(tab, theme, icons, TABS) for tab in TABS]
        self.other = QLineEdit()
        layout = QVBoxLayout(self)
        for widget in (self.headers[0], self.other, self.headers[1]):
            layout.addWidget(widget)
        self.headers[1].hide()
        for header in self.headers:
            header.chosen.connect(self._show)

    def _show(self, page_id: str) -> None:
        place = [tab.page_id for tab in TABS].index(page_id)
        self.headers[place].show()
        self.headers[1 - place].hide()


@pytest.mark.parametrize("width", [600, 130])
def test_titles_are_stepped_through_by_the_keyboard_whether_they_are_tabs_or_a_list(
    qtbot: QtBot, theme: Theme, icons: Icons, width: int
) -> None:
    window = Window(theme, icons)
    qtbot.addWidget(window)
    window.resize(width, 200)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    first, second = window.headers
    there, back = (Qt.Key.Key_Right, Qt.Key.Key_Left) if first.tabs.isVisible() else (Qt.Key.Key_Down, Qt.Key.Key_Up)
    first.take_focus()
    QTest.keyClick(first.focusWidget(), there)
    qtbot.waitUntil(lambda: second.tabs.hasFocus() or second.list.hasFocus())
    QTest.keyClick(second.focusWidget(), back)
    qtbot.waitUntil(lambda: first.tabs.hasFocus() or first.list.hasFocus())
    assert first.tabs.isVisible() == (width == 600)


def test_the_keyboard_stays_with_the_titles_when_they_become_a_list(qtbot: QtBot, theme: Theme, icons: Icons) -> None:
    window = Window(theme, icons)
    qtbot.addWidget(window)
    window.resize(600, 200)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    header = window.headers[0]
    header.tabs.setFocus(Qt.FocusReason.TabFocusReason)
    window.resize(130, 200)
    qtbot.waitUntil(header.list.isVisible)
    assert header.list.hasFocus()


def test_buttons_keep_their_places_whatever_stands_before_them(qtbot: QtBot, theme: Theme, icons: Icons) -> None:
    header = PanelHeader(PageTab("output", "Output"), theme, icons)
    qtbot.addWidget(header)
    button = header.add_button("copy", "Copy", "Copy", lambda _: None)
    badge = QLabel("short")
    header.add_widget(badge)
    header.resize(600, header.height())
    header.show()
    before = button.pos()
    badge.setText("a text that is a good deal longer")
    header.layout().activate()  # type: ignore[union-attr]
    assert badge.width() > 100
    assert button.pos() == before
