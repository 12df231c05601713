"""The sides of a run's results: which is in front, and where the keyboard goes with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, Qt, QTranslator
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gpuplayground.model.samples import GpuInfo
from gpuplayground.receipts.run_observer import ObservedRun
from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.ui.past_runs.panel import HistoryPanel
from gpuplayground.ui.results.pages import HISTORY, PAGES, TIMELINE, page_header
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.panel_header import PanelHeader
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.window.playground import PlaygroundPanel
from tests.past_runs.runs_to_keep import receipt
from tests.support.application import StartApplication
from tests.ui.trace_timeline.places import at, click
from tests.ui.trace_timeline.runs import MS, RUN, samples_of, usual_run

Shown = Callable[[int], PlaygroundPanel]


def titles() -> list[str]:
    """The titles of all pages in the language in use."""
    return [page.tab.title for page in PAGES]


class Translator(QTranslator):
    """Translates the titles of the results, and nothing else."""

    def translate(self, context: str, source: str, *_: object) -> str | None:
        return f"<{source}>" if context == "ResultPages" else None

    def isEmpty(self) -> bool:
        return False


@pytest.fixture
def translated(qapp: QApplication) -> Iterator[None]:
    """A language of which only the titles have been translated."""
    translator = Translator()
    QCoreApplication.installTranslator(translator)
    yield
    QCoreApplication.removeTranslator(translator)


@pytest.fixture
def shown(qtbot: QtBot, theme: Theme, icons: Icons) -> Shown:
    """Shows the playground with so many pixels for the results, a history among them."""

    def show(room: int) -> PlaygroundPanel:
        panel = PlaygroundPanel(theme, icons, EditorTabs(theme, icons))
        history = HistoryPanel(theme, icons, page_header(HISTORY, theme, icons))
        history.header.chosen.connect(panel.show_page)
        panel.add_page(HISTORY, history)
        qtbot.addWidget(panel)
        panel.resize(room + 300, 700)
        panel.results.setSizes([300, room])
        panel.show()
        panel.activateWindow()
        qtbot.waitUntil(panel.isActiveWindow)
        for page in (*PAGES, PAGES[0]):
            panel.show_page(page.page_id)
            QApplication.processEvents()
        return panel

    return show


def header_in_front(panel: PlaygroundPanel) -> PanelHeader:
    (found,) = (each for each in panel.findChildren(PanelHeader) if each.isVisible() and each.tabs.count() > 1)
    return found


def step(panel: PlaygroundPanel, key: Qt.Key) -> str:
    """Press a key where the keyboard is, and return the title of the side that has it then."""
    focused = QApplication.focusWidget()
    assert isinstance(focused, QWidget)
    QTest.keyClick(focused, key)
    QApplication.processEvents()
    header = header_in_front(panel)
    assert QApplication.focusWidget() in (header.tabs, header.list)
    return header.list.currentText()


def test_the_tabs_are_stepped_through_from_the_first_to_the_last_and_back(shown: Shown) -> None:
    panel = shown(900)
    header_in_front(panel).tabs.setFocus(Qt.FocusReason.TabFocusReason)
    there = [step(panel, Qt.Key.Key_Right) for _ in range(4)]
    assert there == titles()[1:]
    assert header_in_front(panel).tabs.hasFocus()
    back = [step(panel, Qt.Key.Key_Left) for _ in range(4)]
    assert back == titles()[3::-1]


def test_a_click_on_a_title_leaves_the_keyboard_in_the_editor(shown: Shown) -> None:
    panel = shown(900)
    editor = panel.tabs.current_editor()
    assert editor is not None
    editor.setFocus()
    bar = header_in_front(panel).tabs
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(1).center())
    assert header_in_front(panel).list.currentText() == titles()[1]
    assert editor.hasFocus()


def test_a_click_on_a_statement_leaves_the_keyboard_there_and_enter_takes_it_to_the_source(shown: Shown) -> None:
    panel = shown(900)
    editor, pages = panel.tabs.current_editor(), panel.pages(panel.tabs.current_id() or "")
    assert editor is not None
    text = "\n" * 20
    editor.setPlainText(text)
    pages.clear(RUN, None)
    pages.set_run(usual_run())
    table = pages.timings.table
    QTest.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(table.model().index(3, 1)).center()
    )
    assert (editor.line_and_column()[0], table.hasFocus()) == (5, True)
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "cp.sqrt(d)" in QGuiApplication.clipboard().text()
    panel.show_page(TIMELINE.page_id)
    canvas = pages.page(TIMELINE).canvas
    click(canvas, at(canvas, "GPU 0 · stream 7", 1600 * MS))
    assert (editor.line_and_column()[0], canvas.hasFocus()) == (9, True)
    whole = canvas.view.span
    QTest.keyClicks(canvas, "+")
    assert canvas.view.span < whole
    assert editor.toPlainText() == text
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert editor.hasFocus()


@pytest.mark.parametrize("is_seen_before", [True, False])
def test_the_timeline_has_the_curves_of_the_gpus_that_the_receipts_are_of(shown: Shown, is_seen_before: bool) -> None:
    panel = shown(900)
    pages = panel.pages(panel.tabs.current_id() or "")
    if is_seen_before:
        pages.show_page(TIMELINE.page_id)
    pages.clear(RUN, None)
    pages.set_run(usual_run())
    gpus = tuple(GpuInfo(number, f"GPU-{number}", "") for number in range(4))
    of_two = replace(receipt(), gpu_uuid="GPU-2")
    pages.set_observed(ObservedRun(usual_run(), (of_two,), samples=tuple(samples_of(usual_run(), gpus=4)), gpus=gpus))
    pages.show_page(TIMELINE.page_id)
    curves = pages.page(TIMELINE).canvas.scene.curves
    assert curves is not None
    assert curves.gpus == ("GPU 2",)


@pytest.mark.usefixtures("translated")
def test_in_another_language_every_side_has_its_own_title_in_front(shown: Shown) -> None:
    panel = shown(900)
    assert HISTORY.tab.title == "<History>"
    for page in PAGES:
        panel.show_page(page.page_id)
        header = header_in_front(panel)
        assert header.tabs.tabText(header.tabs.currentIndex()) == page.tab.title


@pytest.mark.usefixtures("translated")
def test_in_another_language_the_history_is_found_too(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    qtbot.waitUntil(lambda: application.playground.findChild(HistoryPanel) is not None)
    application.window.actions_["history"].trigger()
    assert header_in_front(application.playground).list.currentText() == "<History>"
