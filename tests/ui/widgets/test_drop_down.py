"""The popup of a drop-down list, by what is painted."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame
from pytestqt.qtbot import QtBot

from gpuplayground.ui.widgets.drop_down import DropDown
from gpuplayground.ui.widgets.theme import Theme


def test_the_item_that_is_chosen_has_the_colour_of_a_selection_and_a_separator_is_a_line(qtbot: QtBot) -> None:
    theme = Theme("light")
    theme.apply()
    box = DropDown()
    qtbot.addWidget(box)
    box.addItems(["one", "two"])
    box.insertSeparator(1)
    box.show()
    box.showPopup()
    view = box.view()
    assert isinstance(view, QFrame)
    qtbot.waitUntil(view.isVisible)
    rows = [view.visualRect(box.model().index(row, 0)) for row in range(3)]
    assert rows[1].height() < rows[0].height() == rows[2].height()
    picture = view.viewport().grab().toImage()
    assert picture.pixelColor(rows[0].right() - 6, rows[0].center().y()) == theme.color("selection")
    assert picture.pixelColor(rows[1].center()) == theme.color("border")
    assert picture.pixelColor(rows[2].right() - 6, rows[2].center().y()) == theme.color("card")


def test_one_that_can_be_edited_has_the_same_popup_and_takes_what_is_typed(qtbot: QtBot) -> None:
    theme = Theme("light")
    theme.apply()
    box = DropDown()
    qtbot.addWidget(box)
    box.setEditable(True)
    box.addItems(["rows", "size"])
    box.show()
    box.setEditText("")
    qtbot.keyClicks(box, "batch")
    assert box.currentText() == "batch"
    box.setCurrentIndex(1)
    box.showPopup()
    view = box.view()
    assert isinstance(view, QFrame)
    qtbot.waitUntil(view.isVisible)
    chosen = view.visualRect(box.model().index(1, 0))
    picture = view.viewport().grab().toImage()
    assert picture.pixelColor(chosen.right() - 6, chosen.center().y()) == theme.color("selection")
