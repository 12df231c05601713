"""Theme, icons and editor tabs for the tests of widgets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme
from tests.ui.editor.tab_helpers import User, front


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    """The dark theme."""
    return Theme("dark")


@pytest.fixture
def icons(resources: Path, theme: Theme) -> Icons:
    """The icons that ship."""
    return Icons(resources / "icons", theme)


@pytest.fixture
def user() -> User:
    return User()


@pytest.fixture
def tabs(qtbot: QtBot, theme: Theme, icons: Icons, user: User) -> Iterator[EditorTabs]:
    tabs = EditorTabs(theme, icons, None, user.ask, user.choose)
    qtbot.addWidget(tabs)
    tabs.resize(800, 500)
    tabs.show()
    tabs.activateWindow()
    qtbot.waitUntil(tabs.isActiveWindow)
    front(tabs).setFocus()
    yield tabs
    assert not user.answers, "not everything was asked that was expected"
