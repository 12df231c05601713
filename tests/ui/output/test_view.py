"""The output as the user sees and handles it: selecting, copying, links, following, finding."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QWheelEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gpuplayground.ui.output.view import OutputView
from tests.support.result_panels import SNIPPET, at, click, drag, settle, shown_output, themed, write

TRACEBACK = f"""Traceback (most recent call last):
  File "{SNIPPET}", line 29, in <module>
    run()
  File "/usr/lib/python3/json/decoder.py", line 355, in raw_decode
  File "{SNIPPET}", line 4, in run
ValueError: no
"""


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def color_at(view: OutputView, line: int, index: int) -> set[str]:
    """The colours drawn within a character."""
    image: QImage = view.viewport().grab().toImage()
    middle = at(view, line, index)
    area = [(middle.x() + dx, middle.y() + dy) for dx in range(-3, 4) for dy in range(-6, 7)]
    return {image.pixelColor(x, y).name() for x, y in area if image.valid(x, y)}


def test_what_is_dragged_over_is_copied_exactly(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "first \x1b[31mline\x1b[0m\nsecond\tline\nthird line\n")
    drag(qtbot, panel.view, (0, 6), (2, 5))
    QTest.keyClick(panel.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == "line\nsecond\tline\nthird"


def test_dragging_upwards_selects_the_same(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "first line\nsecond line\n")
    drag(qtbot, panel.view, (1, 6), (0, 6))
    assert panel.view.selection.text() == "line\nsecond"


def test_wide_characters_are_hit_where_they_are_drawn(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "日本語 text\n")
    drag(qtbot, panel.view, (0, 4), (0, 8))
    assert panel.view.selection.text() == "text"


def test_a_double_click_selects_a_word_and_a_third_click_the_line(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "loss is 0.25\nnext\n")
    click(qtbot, panel.view, 0, 5, double=True)
    assert panel.view.selection.text() == "is"
    click(qtbot, panel.view, 0, 5)
    assert panel.view.selection.text() == "loss is 0.25\n"


def test_shift_click_extends_the_selection(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "0123456789\n")
    panel.view.selection.start_at((0, 2))
    click(qtbot, panel.view, 0, 6, shift=True)
    assert panel.view.selection.text() in ("2345", "23456")  # the middle of a character belongs to either side


def test_the_keyboard_selects_all_and_extends_by_arrows(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "one\ntwo\nthree\n")
    QTest.keyClick(panel.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert panel.view.selection.text() == "one\ntwo\nthree"
    panel.view.selection.start_at((0, 1))
    QTest.keyClick(panel.view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(panel.view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert panel.view.selection.text() == "ne\ntw"


def test_a_selection_survives_output_that_drops_its_beginning(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "x" * 50 + "\n")
    panel.view.select_all()
    for _ in range(6):
        write(panel, b"flood\n" * 170_000)
        settle(qtbot, panel)
    assert panel.buffer.first_line > 0
    assert panel.view.selection.text() == ""


def test_lines_of_the_snippets_own_frames_are_links_that_jump(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    panel.set_snippet_paths({SNIPPET: "tab-1"})
    write(panel, TRACEBACK, "stderr")
    with qtbot.waitSignal(panel.lineActivated) as jump:
        click(qtbot, panel.view, 1, 10)
    assert jump.args == [SNIPPET, 29]
    assert panel.view.link_at(at(panel.view, 3, 10)) is None
    assert panel.view.link_at(at(panel.view, 2, 6)) is None


def test_dragging_over_a_link_selects_and_does_not_jump(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    panel.set_snippet_paths({SNIPPET: "tab-1"})
    write(panel, TRACEBACK, "stderr")
    with qtbot.assertNotEmitted(panel.lineActivated):
        drag(qtbot, panel.view, (1, 2), (1, 6))
    assert panel.view.selection.text() == "File"


def test_the_pointer_over_a_link_is_a_hand(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    panel.set_snippet_paths({SNIPPET: "tab-1"})
    write(panel, TRACEBACK, "stderr")
    QTest.mouseMove(panel.view.viewport(), at(panel.view, 1, 10))
    assert panel.view.viewport().cursor().shape() == Qt.CursorShape.PointingHandCursor
    QTest.mouseMove(panel.view.viewport(), at(panel.view, 2, 6))
    assert panel.view.viewport().cursor().shape() == Qt.CursorShape.IBeamCursor


def test_the_keyboard_goes_from_link_to_link_and_follows_one(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    panel.set_snippet_paths({SNIPPET: "tab-1"})
    write(panel, TRACEBACK, "stderr")
    for expected in (4, 29, 4):
        QTest.keyClick(panel.view, Qt.Key.Key_F8)
        with qtbot.waitSignal(panel.lineActivated) as jump:
            QTest.keyClick(panel.view, Qt.Key.Key_Return)
        assert jump.args == [SNIPPET, expected]


def test_the_context_menu_offers_the_link_and_the_rest(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    panel.set_snippet_paths({SNIPPET: "tab-1"})
    write(panel, TRACEBACK, "stderr")
    target = panel.view.link_at(at(panel.view, 1, 10))
    assert target is not None
    menu = panel.view.menu(target[1])
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert texts == ["Go to line 29", "Copy all", "Select all", "Find…", "Save output…", "Clear"]
    with qtbot.waitSignal(panel.lineActivated):
        menu.actions()[0].trigger()
    menu.deleteLater()


def test_colours_of_the_snippet_are_drawn_in_those_of_the_theme(qtbot: QtBot, resources: Path) -> None:
    theme, _ = themed(resources)
    panel = shown_output(qtbot, resources)
    write(panel, "\x1b[31m██\x1b[32m██\x1b[38;2;1;2;250m██\x1b[0m██\x1b[44m  \x1b[0m\n")
    write(panel, "██\n", "stderr")
    ansi = theme.colors.ansi
    assert ansi[1] in color_at(panel.view, 0, 0)
    assert ansi[2] in color_at(panel.view, 0, 2)
    assert "#0102fa" in color_at(panel.view, 0, 4)
    assert theme.colors.text in color_at(panel.view, 0, 6)
    assert ansi[4] in color_at(panel.view, 0, 8)
    assert theme.colors.text not in color_at(panel.view, 1, 0)


def test_selected_text_is_marked(qtbot: QtBot, resources: Path) -> None:
    theme, _ = themed(resources)
    panel = shown_output(qtbot, resources)
    write(panel, "some words\n")
    assert theme.colors.selection not in color_at(panel.view, 0, 6)
    click(qtbot, panel.view, 0, 6, double=True)
    assert theme.colors.selection in color_at(panel.view, 0, 6)
    assert theme.colors.selection not in color_at(panel.view, 0, 1)


def test_the_view_follows_the_end_until_the_user_scrolls_up(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    bar, jump = panel.view.verticalScrollBar(), panel.view.jump_button
    for number in range(100):
        write(panel, f"{number}\n")
    qtbot.waitUntil(lambda: bar.value() == bar.maximum() > 50)
    assert not jump.isVisible()
    bar.setValue(10)
    top = panel.view.position_at(QPoint(0, 8))[0]
    write(panel, "more\n" * 500)
    qtbot.waitUntil(lambda: bar.maximum() > 500)
    assert panel.view.position_at(QPoint(0, 8))[0] == top
    assert jump.isVisible()
    QTest.mouseClick(jump, Qt.MouseButton.LeftButton)
    assert bar.value() == bar.maximum()
    write(panel, "more\n" * 500)
    qtbot.waitUntil(lambda: bar.value() == bar.maximum() > 1000)


def test_scrolled_up_the_same_lines_stay_in_view_while_the_oldest_are_dropped(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "".join(f"{number}\n" for number in range(600_000)))
    settle(qtbot, panel)
    panel.view.verticalScrollBar().setValue(panel.view.verticalScrollBar().maximum() - 1000)
    top = panel.view.position_at(QPoint(0, 8))[0]
    write(panel, "later\n" * 300_000)
    settle(qtbot, panel)
    qtbot.wait(60)
    assert panel.buffer.first_line > 0
    assert panel.view.position_at(QPoint(0, 8))[0] == top


def test_long_lines_wrap_or_scroll_sideways(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    QTest.mouseClick(panel.wrap_button, Qt.MouseButton.LeftButton)
    write(panel, "0123456789" * 1000 + "END\n")
    across = panel.view.horizontalScrollBar()
    qtbot.waitUntil(lambda: across.maximum() > 5000)
    across.setValue(across.maximum())
    last = panel.view.position_at(QPoint(panel.view.viewport().width(), 8))
    assert last == (0, 10_003)
    QTest.mouseClick(panel.wrap_button, Qt.MouseButton.LeftButton)
    assert across.maximum() == 0
    assert panel.view.verticalScrollBar().maximum() > 50
    panel.view.jump_to_end()
    drag(qtbot, panel.view, (0, 10_000), (0, 10_002))
    assert panel.view.selection.text() == "EN"


def test_ctrl_and_wheel_zoom_the_text(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "x" * 40 + "\n")
    before = at(panel.view, 0, 30).x()
    for delta in (120, 120, -120):
        event = QWheelEvent(
            QPointF(20, 20),
            QPointF(20, 20),
            QPoint(),
            QPoint(0, delta),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QGuiApplication.sendEvent(panel.view.viewport(), event)
    assert at(panel.view, 0, 30).x() > before


def test_find_marks_walks_and_closes(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "loss 1\nother\nLoss 2\n" + "fill\n" * 200)
    QTest.keyClick(panel.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert panel.find_bar.isVisible()
    QTest.keyClicks(panel.find_bar.edit, "loss")
    assert panel.view.selection.bounds() == ((0, 0), (0, 4))
    assert panel.view.verticalScrollBar().value() == 0
    QTest.keyClick(panel.find_bar.edit, Qt.Key.Key_Return)
    assert panel.view.selection.bounds()[0] == (2, 0)
    QTest.keyClick(panel.find_bar.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert panel.view.selection.bounds()[0] == (0, 0)
    QTest.keyClicks(panel.find_bar.edit, "xyz")
    assert panel.find_bar.message() == "Not found"
    QTest.keyClick(panel.find_bar.edit, Qt.Key.Key_Escape)
    assert not panel.find_bar.isVisible()


def test_the_newest_lines_are_there_for_a_screen_reader(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "one\ntwo\n")
    assert panel.view.accessibleName() == "Output"
    qtbot.waitUntil(lambda: panel.view.accessibleDescription() == "one\ntwo")


def test_the_view_repaints_in_the_colours_of_another_theme(qtbot: QtBot, resources: Path) -> None:
    from gpuplayground.ui.output.panel import OutputPanel
    from gpuplayground.ui.widgets.icons import Icons
    from gpuplayground.ui.widgets.theme import LIGHT, Theme

    theme = Theme("dark")
    panel = OutputPanel(theme, Icons(resources / "icons", theme))
    qtbot.addWidget(panel)
    panel.resize(400, 200)
    panel.show()
    panel.begin("run-1")
    write(panel, "████\n")
    theme.name = "light"
    theme.changed.emit()
    assert LIGHT.text in color_at(panel.view, 0, 1)
