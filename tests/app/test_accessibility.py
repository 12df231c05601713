"""Every control has a name, a tooltip with its shortcut, and a place in the tab order."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QComboBox,
    QLineEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gpuplayground.ui.widgets.theme import THEMES
from tests.support.application import StartApplication

CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QAbstractItemView)


def controls(window: QWidget) -> list[QWidget]:
    """The controls a user meets; the parts Qt makes inside others are not ours to name."""
    found = [child for child in window.findChildren(QWidget) if isinstance(child, CONTROLS)]
    return [child for child in found if child.isVisible() and not child.objectName().startswith(("qt_", "Scroll"))
            and not isinstance(child.parent(), (QComboBox, QAbstractScrollArea))]  # fmt: skip


def test_every_visible_control_has_an_accessible_name(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    nameless = [
        f"{type(child).__name__} in {type(child.parent()).__name__}"
        for child in controls(application.window)
        if not (child.accessibleName() or getattr(child, "text", str)())
    ]
    assert nameless == []


def test_every_button_says_what_it_does(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    silent = [
        child.accessibleName()
        for child in controls(application.window)
        if isinstance(child, QAbstractButton) and not child.toolTip()
    ]
    assert silent == []


def test_tooltips_name_the_shortcut_of_their_action(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    for name in ("run", "stop", "new", "open", "save", "find", "pause", "screenshot"):
        action = application.window.actions_[name]
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        assert f"({keys})" in action.toolTip()


def test_no_shortcut_means_two_things(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    keys = [key.toString() for action in application.window.actions() for key in action.shortcuts()]
    assert len(keys) == len(set(keys))


def test_the_tab_key_reaches_every_part_of_the_window(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    window = application.window
    order: list[QWidget] = []
    widget = window.nextInFocusChain()
    while widget is not None and widget is not window:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled():
            order.append(widget)
        widget = widget.nextInFocusChain()
    for part in (window.header, application.monitor_panel, application.tabs, application.playground.results):
        assert any(part.isAncestorOf(reached) for reached in order), part
    first = [widget for widget in order if window.header.isAncestorOf(widget)]
    assert first[0] is window.header.run_button


@pytest.mark.parametrize("theme", sorted(THEMES))
@pytest.mark.parametrize("surface", ["panel", "card", "window"])
def test_text_stands_out_from_its_surface(theme: str, surface: str) -> None:
    colors = THEMES[theme]
    for role in ("text", "muted", "accent", "good", "warning", "error", "comment", "keyword", "string", "number"):
        assert contrast(getattr(colors, role), getattr(colors, surface)) >= 4.5, role


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    channels = (int(color[index : index + 2], 16) / 255 for index in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
