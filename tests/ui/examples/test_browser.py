"""The window of examples, used with the keyboard and the mouse."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QTextLayout
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gpuplayground.environments.example_status import ExampleState, ExampleStatus
from gpuplayground.environments.examples import Example, load_examples
from gpuplayground.ui.examples.browser import ExamplesBrowser
from gpuplayground.ui.examples.example_tree import FRAMEWORK, MARK, TITLE
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import DARK, LIGHT, Theme


def example(name: str, topic: str, framework: str, needs: tuple[int, int] | bool | None = False) -> Example:
    source = f'"""{name}"""\n\nimport {framework.lower()}\n\n# %% Use it\nx = 1\n'
    return Example(
        Path(f"/examples/{name}.py"),
        f"{name} ({framework})",
        f"What {name} shows.",
        topic,
        (framework.lower(),),
        source,
        framework,
        f"Look at {name}.",
        needs is not False,
        needs if isinstance(needs, tuple) else None,
    )


ADD = example("Add", "First steps", "NumPy")
COPY = example("Copy", "Copies", "CuPy", needs=None)
PIN = example("Pin", "Copies", "PyTorch")
MULTIPLY = example("Multiply", "Library", "PyTorch", needs=(8, 0))
ALL = (ADD, COPY, PIN, MULTIPLY)
STATUSES = {
    ADD.path: ExampleStatus(ExampleState.RUNS_HERE),
    COPY.path: ExampleStatus(ExampleState.NEEDS_GPU, "This machine has no NVIDIA GPU."),
    PIN.path: ExampleStatus(ExampleState.INSTALLABLE, "PyTorch 2.13 is installed first.", "190 MB"),
    MULTIPLY.path: ExampleStatus(ExampleState.NEEDS_GPU),
}


@pytest.fixture
def browser(qtbot: QtBot, theme: Theme, icons: Icons) -> ExamplesBrowser:
    browser = ExamplesBrowser(theme, icons, ALL)
    qtbot.addWidget(browser)
    with qtbot.waitExposed(browser):
        browser.show()
    browser.activateWindow()
    qtbot.waitUntil(browser.isActiveWindow)
    return browser


def rows(browser: ExamplesBrowser) -> list[tuple[str, list[str]]]:
    """Return the topics shown, each with the titles shown below it."""
    tree, found = browser.tree, []
    for number in range(tree.topLevelItemCount()):
        topic = tree.topLevelItem(number)
        assert topic is not None
        items = [topic.child(row) for row in range(topic.childCount())]
        if not topic.isHidden():
            found.append((topic.text(TITLE), [item.text(TITLE) for item in items if item and not item.isHidden()]))
    return found


def marks(browser: ExamplesBrowser) -> list[str]:
    tree = browser.tree
    topics = [tree.topLevelItem(number) for number in range(tree.topLevelItemCount())]
    items = [topic.child(row) for topic in topics if topic for row in range(topic.childCount())]
    return [item.text(MARK) for item in items if item]


def select(browser: ExamplesBrowser, wanted: Example) -> None:
    browser.search.setText(wanted.title)
    browser.search.clear()
    assert browser.tree.selected == wanted


def test_examples_stand_below_their_topics_and_the_first_is_shown(browser: ExamplesBrowser) -> None:
    assert rows(browser) == [("First steps", ["Add"]), ("Copies", ["Copy", "Pin"]), ("Library", ["Multiply"])]
    assert browser.tree.selected == ADD
    assert browser.count.text() == "4 examples"


def test_the_preview_shows_what_an_example_is_about_and_its_code(browser: ExamplesBrowser) -> None:
    select(browser, PIN)
    preview = browser.preview
    assert preview.title.text() == "Pin (PyTorch)"
    assert preview.facts.text() == "Copies · PyTorch · Pin.py"
    assert preview.summary.text() == "What Pin shows."
    assert preview.note.text() == "Look at Pin."
    assert preview.source.toPlainText() == "import pytorch\n\n# %% Use it\nx = 1"
    assert preview.source.isReadOnly()


def test_each_example_is_marked_by_what_stands_between_it_and_its_run(browser: ExamplesBrowser) -> None:
    assert marks(browser) == ["", "", "", ""]
    browser.set_status(STATUSES)
    assert marks(browser) == ["Runs here", "Needs a GPU", "Install 190 MB", "Needs GPU 8.0+"]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (ADD, "It runs here as it is."),
        (COPY, "This machine has no NVIDIA GPU."),
        (PIN, "PyTorch 2.13 is installed first."),
        (MULTIPLY, "It needs an NVIDIA GPU of compute capability 8.0 or newer."),
    ],
)
def test_the_status_of_the_selected_example_is_a_sentence(
    browser: ExamplesBrowser, wanted: Example, sentence: str
) -> None:
    browser.set_status(STATUSES)
    select(browser, wanted)
    assert browser.preview.status.text() == sentence
    assert browser.preview.status.isVisible()


def test_what_needs_a_gpu_says_so_before_its_status_is_known(browser: ExamplesBrowser) -> None:
    assert not browser.preview.status.isVisible()
    select(browser, COPY)
    assert browser.preview.status.text() == "It needs an NVIDIA GPU."


def test_a_status_that_arrives_changes_the_example_that_is_shown(browser: ExamplesBrowser) -> None:
    select(browser, COPY)
    assert browser.run_button.isEnabled()
    browser.set_status(STATUSES)
    assert browser.tree.selected == COPY
    assert browser.preview.status.text() == "This machine has no NVIDIA GPU."
    assert not browser.run_button.isEnabled()
    assert browser.open_button.isEnabled()


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("cupy", ["Copy"]),
        ("PYTORCH copies", ["Pin"]),
        ("look multiply", ["Multiply"]),
        ("pytorch", ["Pin", "Multiply"]),
    ],
)
def test_the_search_keeps_what_has_every_word_and_selects_the_first(
    browser: ExamplesBrowser, words: str, titles: list[str]
) -> None:
    browser.search.setText(words)
    assert [title for _, below in rows(browser) for title in below] == titles
    assert browser.count.text() == f"{len(titles)} of 4 examples"
    assert browser.tree.selected is not None
    assert browser.preview.title.text().startswith(titles[0])


def test_a_search_without_a_find_says_how_to_get_back(browser: ExamplesBrowser) -> None:
    browser.search.setText("fortran")
    assert browser.nothing.isVisible()
    assert not browser.tree.isVisible()
    assert browser.tree.selected is None
    assert not browser.open_button.isEnabled()
    assert not browser.run_button.isEnabled()
    assert browser.preview.title.text() == ""
    browser.search.clear()
    assert browser.tree.isVisible()
    assert browser.tree.selected == ADD


def test_the_keyboard_alone_finds_and_opens_an_example_once(qtbot: QtBot, browser: ExamplesBrowser) -> None:
    opened: list[Example] = []
    browser.openWanted.connect(opened.append)
    browser.tree.setFocus()
    QTest.keyClick(browser.tree, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(browser.search.hasFocus)
    QTest.keyClicks(browser.search, "pytorch")
    QTest.keyClick(browser.search, Qt.Key.Key_Down)
    assert browser.tree.hasFocus()
    QTest.keyClick(browser.tree, Qt.Key.Key_Down)
    QTest.keyClick(browser.tree, Qt.Key.Key_Return)
    assert opened == [MULTIPLY]


def test_the_arrow_keys_go_from_example_to_example_across_topics(browser: ExamplesBrowser) -> None:
    browser.tree.setFocus()
    QTest.keyClick(browser.tree, Qt.Key.Key_Down)
    assert browser.tree.selected == COPY
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Home, Qt.Key.Key_PageUp):
        QTest.keyClick(browser.tree, key)
        assert browser.tree.selected == ADD
    QTest.keyClick(browser.tree, Qt.Key.Key_End)
    assert browser.tree.selected == MULTIPLY
    QTest.keyClick(browser.tree, Qt.Key.Key_Left)
    assert browser.tree.selected == MULTIPLY
    QTest.keyClick(browser.tree, Qt.Key.Key_PageUp)
    assert browser.tree.selected == ADD


def test_ctrl_enter_opens_and_runs_from_the_search_and_from_the_list(browser: ExamplesBrowser) -> None:
    run: list[Example] = []
    opened: list[Example] = []
    browser.runWanted.connect(run.append)
    browser.openWanted.connect(opened.append)
    for widget in (browser.search, browser.tree):
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert (run, opened) == ([ADD, ADD], [])


def test_what_needs_a_missing_gpu_is_opened_but_not_run(browser: ExamplesBrowser) -> None:
    run: list[Example] = []
    opened: list[Example] = []
    browser.runWanted.connect(run.append)
    browser.openWanted.connect(opened.append)
    browser.set_status(STATUSES)
    select(browser, COPY)
    QTest.keyClick(browser.tree, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    browser.run_button.click()
    browser.open_button.click()
    assert (run, opened) == ([], [COPY])


def test_a_double_click_opens_an_example_and_a_topic_opens_nothing(browser: ExamplesBrowser) -> None:
    opened: list[Example] = []
    browser.openWanted.connect(opened.append)
    topic = browser.tree.topLevelItem(1)
    assert topic is not None
    second = topic.child(1)
    assert second is not None
    heading, item = browser.tree.visualItemRect(topic), browser.tree.visualItemRect(second)
    left, viewport = Qt.MouseButton.LeftButton, browser.tree.viewport()
    QTest.mouseDClick(viewport, left, pos=heading.center())
    assert opened == []
    assert browser.tree.selected == ADD
    QTest.mouseClick(viewport, left, pos=item.center())
    QTest.mouseDClick(viewport, left, pos=item.center())
    assert opened == [PIN]


def test_esc_clears_the_search_before_it_closes_the_window(browser: ExamplesBrowser) -> None:
    browser.search.setFocus()
    browser.search.setText("cupy")
    QTest.keyClick(browser.search, Qt.Key.Key_Escape)
    assert browser.search.text() == ""
    assert browser.isVisible()
    QTest.keyClick(browser.search, Qt.Key.Key_Escape)
    assert not browser.isVisible()


def test_a_narrow_list_leaves_out_the_frameworks(qtbot: QtBot, browser: ExamplesBrowser) -> None:
    browser.resize(1080, 680)
    qtbot.waitUntil(lambda: not browser.tree.isColumnHidden(FRAMEWORK))
    browser.resize(640, 420)
    qtbot.waitUntil(lambda: browser.tree.isColumnHidden(FRAMEWORK))


def test_the_code_is_coloured_in_both_themes(browser: ExamplesBrowser, theme: Theme) -> None:
    def color_of_import() -> QColor:
        ranges: list[QTextLayout.FormatRange] = browser.preview.source.document().firstBlock().layout().formats()
        return ranges[0].format.foreground().color()

    assert color_of_import() == QColor(DARK.keyword)
    theme.select("light")
    assert color_of_import() == QColor(LIGHT.keyword)


def test_all_that_ships_is_listed(qtbot: QtBot, theme: Theme, icons: Icons, resources: Path) -> None:
    shipped = load_examples(resources / "examples")
    browser = ExamplesBrowser(theme, icons, shipped)
    qtbot.addWidget(browser)
    assert sum(len(titles) for _, titles in rows(browser)) == len(shipped)
    assert [topic for topic, _ in rows(browser)] == list(dict.fromkeys(example.topic for example in shipped))
