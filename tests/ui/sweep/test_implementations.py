"""The list of what can be measured: what is ticked, and what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gpuplayground.ui.sweep.implementations import ImplementationList
from gpuplayground.ui.sweep.request import Implementation
from tests.support.result_panels import themed


def only(wanted: str) -> Callable[[str], str]:
    """Refuse every other variable."""
    return lambda variable: "" if variable == wanted else f"{variable} is not assigned above: set it there"


FILL = Implementation("1", "fill", "a.py", only("k"))
SORT = Implementation("2", "sort", "a.py", only("n"))
SUM = Implementation("3", "sum", "a.py", only("n"))


@pytest.fixture
def view(qtbot: QtBot, resources: Path) -> ImplementationList:
    theme, _ = themed(resources)
    view = ImplementationList(theme)
    qtbot.addWidget(view)
    view.set_variable("n")
    view.offer([FILL, SORT, SUM], "3")
    view.show()
    return view


def click(view: ImplementationList, row: int) -> None:
    area = view.visualItemRect(view.item(row))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(area.left() + 11, area.center().y()))


def test_the_preferred_one_is_ticked(view: ImplementationList) -> None:
    assert view.chosen() == ("3",)
    view.offer([FILL, SORT, SUM], "2")
    assert view.chosen() == ("2",)


def test_without_a_preferred_one_that_can_be_measured_the_first_that_can_is_ticked(view: ImplementationList) -> None:
    view.offer([FILL, SORT, SUM], "1")
    assert view.chosen() == ("2",)
    view.offer([FILL], "1")
    assert view.chosen() == ()


def test_what_cannot_be_measured_is_disabled_and_says_why_as_long_as_that_variable_is_chosen(
    view: ImplementationList,
) -> None:
    assert view.item(0).text() == "fill  ·  n is not assigned above"
    assert view.item(0).toolTip() == "a.py\nn is not assigned above: set it there"
    click(view, 0)
    assert view.chosen() == ("3",)
    view.set_variable("k")
    assert view.item(0).text() == "fill  ·  a.py"
    assert view.chosen() == ("1",)


def test_a_tick_by_hand_comes_back_with_its_variable(view: ImplementationList) -> None:
    click(view, 1)
    assert view.chosen() == ("2", "3")
    view.set_variable("k")
    assert view.chosen() == ()
    click(view, 0)
    view.set_variable("n")
    assert view.chosen() == ("2", "3")


def test_ticks_by_hand_stay_whatever_is_preferred_then(view: ImplementationList) -> None:
    click(view, 1)
    click(view, 2)
    view.offer([FILL, SORT, SUM], "3")
    assert view.chosen() == ("2",)
    view.offer([SUM], "3")
    assert view.chosen() == ("3",), "nothing of what was ticked is left"


def test_ticks_of_another_file_go_when_this_one_comes_to_the_front(view: ImplementationList) -> None:
    here, there = Implementation("b 1", "work", group="b"), Implementation("a 1", "sum", group="a")
    view.offer([there], "a 1")
    view.item(0).setCheckState(Qt.CheckState.Unchecked)
    view.item(0).setCheckState(Qt.CheckState.Checked)
    view.offer([here, there], "b 1")
    assert view.chosen() == ("b 1",)
    view.item(1).setCheckState(Qt.CheckState.Checked)
    view.offer([there, here], "a 1")
    assert set(view.chosen()) == {"a 1", "b 1"}, "one of the file in front is among them"
