"""The panel of the history: what it shows, what it asks for, and what each key does."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QStyle,
    QStyleOptionComboBox,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gpuplayground.model.results import RunState
from gpuplayground.past_runs.entries import EntryKind, HistoryEntry
from gpuplayground.ui.past_runs import entry_text
from gpuplayground.ui.past_runs.model import Column, HistoryModel
from gpuplayground.ui.past_runs.panel import HistoryPanel
from tests.ui.past_runs.entries import benchmark, entry

ROWS = [benchmark(9, pinned=True, note="the reference"), entry(8), benchmark(7, "noisy"), entry(6)]


def fill(panel: HistoryPanel, rows: list[HistoryEntry] | None = None) -> None:
    rows = ROWS if rows is None else rows
    panel.show_entries(rows, len(rows), is_complete=True)


def at(panel: HistoryPanel, row: int, column: Column = Column.NAME) -> QPoint:
    return panel.table.visualRect(panel.model.index(row, column)).center()


def click(panel: HistoryPanel, row: int, column: Column = Column.NAME, *, control: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, modifier, at(panel, row, column))


def option_of(box: QComboBox) -> QStyleOptionComboBox:
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    return option


def press(widget: QWidget, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    combined = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        combined |= modifier
    QTest.keyClick(widget, key, combined)


def keeps(widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> bool:
    """Whether a key is kept from shortcuts of the window while the focus is there."""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, modifier)
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def ids(panel: HistoryPanel) -> list[int]:
    return [row.id for row in panel.model.entries()]


def selected(panel: HistoryPanel) -> list[int]:
    return [row.id for row in panel.table.selected()]


CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_each_state_says_what_it_is(panel: HistoryPanel) -> None:
    assert panel.empty.headline.text() == "Reading the history…"
    fill(panel, [])
    assert panel.empty.headline.text() == "No runs yet"
    assert "F5" in panel.empty.sentence.text()
    assert not panel.empty.clear_button.isVisible()
    panel.filters.search.setText(" matmol  torch ")
    fill(panel, [])
    assert panel.empty.headline.text() == "No runs found for “matmol torch”"
    assert panel.empty.clear_button.isVisible()
    panel.show_problem("The history cannot be used (because): do something.")
    assert panel.empty.headline.text() == "The history cannot be shown"
    assert panel.empty.sentence.text() == "The history cannot be used (because): do something."
    assert panel.empty.isVisible()
    fill(panel)
    assert panel.table.isVisible()
    assert panel.count.text() == "4 runs"


def test_a_list_that_cannot_be_read_again_stays_and_says_so(panel: HistoryPanel) -> None:
    fill(panel)
    panel.show_problem("The history is held by another program: close it.")
    assert panel.table.isVisible()
    assert panel.notice.isVisible()
    assert panel.notice.label.text().startswith("The history is held")


def test_a_row_shows_name_figure_verdict_and_note(panel: HistoryPanel) -> None:
    fill(panel)
    row = [panel.model.index(0, column).data() for column in Column]
    assert row[2:] == ["snippet9.py · fused", "H200", "184 µs", "steady", "the reference"]
    assert "95 % confidence interval" in panel.model.index(0, Column.FIGURE).data(Qt.ItemDataRole.ToolTipRole)


def test_the_search_is_told_once_after_a_pause(qtbot: QtBot, panel: HistoryPanel) -> None:
    told: list[tuple[str, object, bool]] = []
    panel.searchChanged.connect(lambda *wanted: told.append(wanted))
    panel.filters.search.setFocus()
    QTest.keyClicks(panel.filters.search, "gelu")
    qtbot.waitUntil(lambda: bool(told))
    panel.filters.kind.setCurrentIndex(2)
    QTest.mouseClick(panel.filters.pinned, Qt.MouseButton.LeftButton)
    assert told == [
        ("gelu", (), False),
        ("gelu", (EntryKind.BENCHMARK,), False),
        ("gelu", (EntryKind.BENCHMARK,), True),
    ]
    QTest.keyClick(panel.filters.search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(told) == 4)
    assert told[3] == ("", (EntryKind.BENCHMARK,), True)
    fill(panel, [])
    QTest.mouseClick(panel.empty.clear_button, Qt.MouseButton.LeftButton)
    assert told[-1:] == [("", (), False)]


def test_control_f_searches_wherever_the_focus_is_in_the_panel(panel: HistoryPanel) -> None:
    fill(panel)
    for widget in (panel.table, panel.filters.kind, panel.filters.pinned):
        widget.setFocus()
        assert keeps(widget, Qt.Key.Key_F, CONTROL)
        # With the text that a keyboard sends: a letter would be searched for by the list of kinds.
        QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_F, CONTROL, "\x06"))
        assert panel.filters.search.hasFocus(), widget


@pytest.mark.parametrize("width", [300, 360, 480, 900])
def test_the_search_has_room_for_words_at_every_width(panel: HistoryPanel, width: int) -> None:
    panel.resize(width, 300)
    QApplication.processEvents()
    search, kind = panel.filters.search, panel.filters.kind
    metrics = search.fontMetrics()
    # 50 pixels are the magnifier and the margins.
    assert search.width() - 50 >= metrics.horizontalAdvance("fused add")
    assert width > 440 or metrics.horizontalAdvance(search.placeholderText()) <= search.width() - 50
    for index in range(kind.count()):
        kind.setCurrentIndex(index)
        QApplication.processEvents()
        shown = kind.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option_of(kind), QStyle.SubControl.SC_ComboBoxEditField, kind
        )
        assert shown.width() >= kind.fontMetrics().horizontalAdvance(kind.currentText())
    assert kind.view().minimumWidth() >= kind.fontMetrics().horizontalAdvance("Benchmarks")


def test_down_in_the_search_goes_to_the_list(panel: HistoryPanel) -> None:
    fill(panel)
    panel.filters.search.setFocus()
    press(panel.filters.search, Qt.Key.Key_Down)
    assert panel.table.hasFocus()
    assert selected(panel) == [9]


def test_enter_and_a_double_click_open_a_run_as_it_was(qtbot: QtBot, panel: HistoryPanel) -> None:
    fill(panel)
    with qtbot.waitSignal(panel.reopenRequested) as opened:
        click(panel, 1)
        QTest.mouseDClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=at(panel, 1))
    assert opened.args == [8]
    with qtbot.waitSignal(panel.reopenRequested) as opened:
        press(panel.table, Qt.Key.Key_Down)
        press(panel.table, Qt.Key.Key_Return)
    assert opened.args == [7]


def test_two_selected_runs_can_be_compared(qtbot: QtBot, panel: HistoryPanel) -> None:
    fill(panel)
    click(panel, 2)
    assert not panel.filters.compare.isEnabled()
    click(panel, 0, control=True)
    assert panel.filters.compare.isEnabled()
    with qtbot.waitSignal(panel.compareRequested) as compared:
        QTest.mouseClick(panel.filters.compare, Qt.MouseButton.LeftButton)
    assert compared.args == [[9, 7]]
    panel.table.setFocus()
    with qtbot.waitSignal(panel.compareRequested):
        press(panel.table, Qt.Key.Key_M, CONTROL, SHIFT)
    fill(panel)
    assert not panel.filters.compare.isEnabled()


def test_a_click_on_the_pin_and_control_d_pin_at_once(qtbot: QtBot, panel: HistoryPanel) -> None:
    fill(panel)
    with qtbot.waitSignal(panel.pinRequested) as pinned:
        click(panel, 3, Column.PIN)
    assert pinned.args == [6, True]
    assert ids(panel) == [9, 6, 8, 7]
    assert selected(panel) == [6]
    panel.table.setFocus()
    with qtbot.waitSignal(panel.pinRequested) as pinned:
        press(panel.table, Qt.Key.Key_D, CONTROL)
    assert pinned.args == [6, False]
    assert ids(panel) == [9, 8, 7, 6]


@pytest.mark.parametrize(("width", "column"), [(900, Column.NOTE), (420, Column.NAME)])
def test_f2_edits_the_note_in_place(qtbot: QtBot, panel: HistoryPanel, width: int, column: Column) -> None:
    panel.resize(width, 300)
    fill(panel)
    click(panel, 2)
    press(panel.table, Qt.Key.Key_F2)
    editor = panel.table.viewport().findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    assert editor.accessibleName() == "Note"
    assert panel.table.currentIndex().column() == column
    QTest.keyClicks(editor, "slower than eager")
    # Another run ends meanwhile: what is being written stays.
    panel.refresh_entries([ROWS[0], entry(10), *ROWS[1:]], 5, is_complete=True)
    assert editor.text() == "slower than eager"
    with qtbot.waitSignal(panel.noteRequested) as noted:
        press(editor, Qt.Key.Key_Return)
    assert noted.args == [7, "slower than eager"]
    assert panel.model.entry(3).note == "slower than eager"


def test_enter_in_a_note_ends_the_note_and_opens_no_run(qtbot: QtBot, panel: HistoryPanel) -> None:
    fill(panel)
    click(panel, 2)
    press(panel.table, Qt.Key.Key_F2)
    editor = panel.table.viewport().findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    QTest.keyClicks(editor, "slower than eager")
    with qtbot.assertNotEmitted(panel.reopenRequested), qtbot.waitSignal(panel.noteRequested):
        press(editor, Qt.Key.Key_Return)
    with qtbot.waitSignal(panel.reopenRequested) as reopened:
        press(panel.table, Qt.Key.Key_Return)
    assert reopened.args == [7]


def test_escape_leaves_a_note_as_it_was(panel: HistoryPanel) -> None:
    fill(panel)
    click(panel, 0)
    press(panel.table, Qt.Key.Key_F2)
    editor = panel.table.viewport().findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    assert editor.text() == "the reference"
    QTest.keyClicks(editor, "x")
    press(editor, Qt.Key.Key_Escape)
    assert panel.model.entry(0).note == "the reference"


@pytest.mark.parametrize("how", ["pin", "open", "note", "search", "close"])
def test_a_sentence_is_whole_and_goes_with_the_next_action(qtbot: QtBot, panel: HistoryPanel, how: str) -> None:
    fill(panel)
    panel.resize(300, 400)
    panel.say("“/nope/history.json” cannot be written (No such file or directory): choose another folder.")
    label = panel.notice.label
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()) > 2 * label.fontMetrics().height())
    click(panel, 1)
    assert panel.notice.isVisible()
    match how:
        case "pin":
            press(panel.table, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
        case "open":
            press(panel.table, Qt.Key.Key_Return)
        case "note":
            panel.model.setData(panel.model.index(1, Column.NAME), "slow")
        case "search":
            panel.filters.search.setText("a")
        case "close":
            panel.notice.close_button.click()
    qtbot.waitUntil(lambda: not panel.notice.isVisible())


def test_a_deletion_can_still_be_undone_after_another_run_was_pinned(panel: HistoryPanel) -> None:
    fill(panel)
    click(panel, 1)
    press(panel.table, Qt.Key.Key_Delete)
    press(panel.table, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert panel.notice.can_undo


def test_deleted_runs_go_at_once_and_can_be_taken_back(qtbot: QtBot, panel: HistoryPanel) -> None:
    fill(panel)
    deleted: list[list[int]] = []
    panel.deleteRequested.connect(deleted.append)
    click(panel, 1)
    click(panel, 2, control=True)
    press(panel.table, Qt.Key.Key_Delete)
    assert ids(panel) == [9, 6]
    assert panel.notice.label.text() == "2 runs deleted"
    assert panel.count.text() == "2 runs"
    assert keeps(panel.table, Qt.Key.Key_Z, CONTROL)
    press(panel.table, Qt.Key.Key_Z, CONTROL)
    assert ids(panel) == [9, 8, 7, 6]
    assert not panel.notice.isVisible()
    assert not keeps(panel.table, Qt.Key.Key_Z, CONTROL)
    assert deleted == []
    assert panel.count.text() == "4 runs"


@pytest.mark.parametrize("how", ["close", "next", "search", "hide"])
def test_a_deletion_is_final_once_nobody_can_undo_it(qtbot: QtBot, panel: HistoryPanel, how: str) -> None:
    fill(panel)
    click(panel, 0)
    press(panel.table, Qt.Key.Key_Delete)
    assert selected(panel) == [8]
    with qtbot.waitSignal(panel.deleteRequested) as deleted:
        match how:
            case "close":
                QTest.mouseClick(panel.notice.close_button, Qt.MouseButton.LeftButton)
            case "next":
                press(panel.table, Qt.Key.Key_Delete)
            case "search":
                panel.filters.pinned.setChecked(True)
            case "hide":
                panel.hide()
    assert deleted.args == [[9]]
    # An answer that was on its way does not bring it back.
    panel.refresh_entries(ROWS, 4, is_complete=True)
    assert 9 not in ids(panel)


def test_deleting_everything_leaves_an_empty_page(panel: HistoryPanel) -> None:
    fill(panel)
    panel.table.setFocus()
    press(panel.table, Qt.Key.Key_A, CONTROL)
    press(panel.table, Qt.Key.Key_Delete)
    assert ids(panel) == []
    assert panel.empty.isVisible()
    panel.notice.undo()
    assert ids(panel) == [9, 8, 7, 6]


def test_selecting_and_deleting_every_run_asks_the_rows_nothing_one_by_one(
    panel: HistoryPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    flags = HistoryModel.flags

    def count(model: HistoryModel, index: QModelIndex) -> Qt.ItemFlag:
        asked.append(index.row())
        return flags(model, index)

    monkeypatch.setattr(HistoryModel, "flags", count)
    fill(panel, [entry(number) for number in range(5000, 0, -1)])
    asked.clear()
    panel.table.selectAll()
    assert panel.filters.compare.isEnabled()
    assert selected(panel) == list(range(5000, 0, -1))
    panel.grab()
    panel.delete_selected()
    assert ids(panel) == []
    assert len(asked) < 500


def test_deleting_all_that_is_loaded_goes_on_to_the_next_page(qtbot: QtBot, panel: HistoryPanel) -> None:
    pages = [[entry(number) for number in range(last, last - 200, -1)] for last in (1000, 800)]
    panel.show_entries(pages[0], 1000, is_complete=False)
    panel.table.selectAll()
    with qtbot.waitSignal(panel.moreRequested) as more:
        panel.delete_selected()
    assert more.args[0].id == 801
    assert (panel.empty.headline.text(), panel.count.text()) == ("Reading the history…", "800 runs")
    # An answer that knows nothing of the deletion yet asks again, and shows nothing either.
    with qtbot.waitSignal(panel.moreRequested) as more:
        panel.refresh_entries(pages[0], 1000, is_complete=False)
    assert more.args[0].id == 801
    panel.add_entries(pages[1], 1000, is_complete=False)
    assert panel.table.isVisible()
    assert ids(panel) == [row.id for row in pages[1]]
    panel.notice.undo()
    assert ids(panel) == [row.id for page in pages for row in page]


@pytest.mark.parametrize(
    ("typed", "kind", "path"),
    [("a.json", "", "a.json"), ("a.CSV", "", "a.CSV"), ("a", "CSV", "a.csv"), ("a.b", "JSON", "a.b.json")],
)
def test_the_selected_runs_are_exported_by_the_ending_or_the_chosen_kind(
    qtbot: QtBot, panel: HistoryPanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, typed: str, kind: str, path: str
) -> None:
    def choose(_parent: object, _title: str, _name: str, kinds: str) -> tuple[str, str]:
        return str(tmp_path / typed), next((each for each in kinds.split(";;") if each.startswith(kind)), "")

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    fill(panel)
    click(panel, 1)
    with qtbot.waitSignal(panel.exportRequested) as exported:
        QTest.mouseClick(panel.filters.export, Qt.MouseButton.LeftButton)
    assert exported.args == [[8], str(tmp_path / path)]


def test_an_export_overwrites_no_file_that_nobody_was_asked_about(
    panel: HistoryPanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "runs.json").write_text("precious")
    exported: list[str] = []
    panel.exportRequested.connect(lambda _ids, path: exported.append(path))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "runs"), ""))
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.No)
    fill(panel)
    QTest.mouseClick(panel.filters.export, Qt.MouseButton.LeftButton)
    assert exported == []


def test_the_menu_names_its_keys_and_offers_what_fits(qtbot: QtBot, panel: HistoryPanel) -> None:
    fill(panel)
    click(panel, 0)
    items = {action.text(): action for action in panel.table.menu().actions()}
    assert list(items) == ["Open in a new tab", "Compare", "Unpin", "Edit note", "Export…", "Delete"]
    assert not items["Compare"].isEnabled()
    assert items["Delete"].shortcut().toString() == "Del"
    click(panel, 1, control=True)
    items = {action.text(): action for action in panel.table.menu().actions()}
    assert items["Compare"].isEnabled()
    assert not items["Open in a new tab"].isEnabled()
    with qtbot.waitSignal(panel.deleteRequested):
        items["Delete"].trigger()
        panel.notice.settle()


def test_the_menu_opens_the_run_it_was_opened_for(qtbot: QtBot, panel: HistoryPanel) -> None:
    fill(panel)
    click(panel, 2)
    menu = panel.table.menu()
    # A run ends while the menu is open: every row below is one further down.
    panel.refresh_entries([ROWS[0], entry(10), *ROWS[1:]], 5, is_complete=True)
    with qtbot.waitSignal(panel.reopenRequested) as opened:
        menu.actions()[0].trigger()
    assert opened.args == [7]


def test_what_is_opened_is_the_selected_run_also_where_another_row_is_the_current_one(
    qtbot: QtBot, panel: HistoryPanel
) -> None:
    fill(panel)
    click(panel, 1)
    click(panel, 3, control=True)
    click(panel, 3, control=True)  # no longer selected, but current
    assert (selected(panel), panel.table.currentIndex().row()) == ([8], 3)
    for open_it in (panel.table.menu().actions()[0].trigger, lambda: press(panel.table, Qt.Key.Key_Return)):
        with qtbot.waitSignal(panel.reopenRequested) as opened:
            open_it()
        assert opened.args == [8]
    press(panel.table, Qt.Key.Key_F2)
    assert panel.table.currentIndex().row() == 1


def test_columns_make_room_for_names(panel: HistoryPanel) -> None:
    fill(panel)
    shown = {}
    for width in (1100, 700, 420, 310):
        panel.resize(width, 300)
        shown[width] = [column.name for column in Column if not panel.table.isColumnHidden(column)]
        assert panel.width() == width
    assert shown == {
        1100: ["PIN", "WHEN", "NAME", "DEVICE", "FIGURE", "VERDICT", "NOTE"],
        700: ["PIN", "WHEN", "NAME", "FIGURE", "VERDICT", "NOTE"],
        420: ["PIN", "WHEN", "NAME", "FIGURE", "VERDICT"],
        310: ["PIN", "NAME", "FIGURE"],
    }


def test_how_a_run_ended_shows_without_colours_and_without_columns(panel: HistoryPanel) -> None:
    panel.resize(310, 300)
    states = (RunState.FINISHED, RunState.FAILED, RunState.STOPPED, RunState.NOT_STARTED)
    fill(panel, [entry(9 - number, name="a.py", state=state) for number, state in enumerate(states)])
    theme = panel.table._delegate._theme
    assert panel.table.isColumnHidden(Column.WHEN)
    assert panel.table.isColumnHidden(Column.VERDICT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(theme, "color", lambda *_: QColor("magenta"))
        image = panel.table.viewport().grab().toImage()
    cells = [panel.table.visualRect(panel.model.index(row, Column.NAME)) for row in range(len(states))]
    marks = [image.copy(cell.left(), cell.top(), 22, cell.height() - 1) for cell in cells]
    assert all(first != second for first, second in combinations(marks, 2))
    tip = panel.model.index(1, Column.NAME).data(Qt.ItemDataRole.ToolTipRole).splitlines()
    assert tip[:2] == ["a.py", f"{entry_text.full_time(panel.model.entry(1))} · failed"]


@pytest.mark.parametrize("theme_name", ["dark", "light"])
def test_pins_dots_and_pills_are_drawn_in_the_colours_of_the_theme(panel: HistoryPanel, theme_name: str) -> None:
    theme = panel.table._delegate._theme
    theme.name = theme_name
    fill(panel, [benchmark(3, pinned=True), benchmark(2, "noisy"), entry(1, state=RunState.FAILED)])
    image = panel.table.viewport().grab().toImage()
    seen = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(84)}
    for role in ("accent", "good", "warning", "error"):
        assert getattr(theme.colors, role) in seen


def test_scrolling_to_the_end_asks_for_more(qtbot: QtBot, panel: HistoryPanel) -> None:
    rows = [entry(number) for number in range(1000, 800, -1)]
    with qtbot.waitSignal(panel.moreRequested) as more:
        panel.show_entries(rows, 1000, is_complete=False)
        panel.table.scrollToBottom()
    assert more.args[0].id == 801
    panel.add_entries([entry(number) for number in range(800, 600, -1)], 1000, is_complete=False)
    assert panel.model.rowCount() == 400
    assert panel.count.text() == "1,000 runs"


def test_every_control_has_a_name_a_tip_and_a_place_in_the_tab_order(panel: HistoryPanel) -> None:
    fill(panel)
    click(panel, 0)
    press(panel.table, Qt.Key.Key_Delete)
    controls = [
        child
        for kind in (QAbstractButton, QComboBox, QLineEdit, QTableView)
        for child in panel.findChildren(kind)
        if child.isVisible() and not isinstance(child.parent(), (QLineEdit, QTableView))
    ]
    for control in controls:
        assert control.accessibleName() or getattr(control, "text", str)(), control
        assert control.toolTip() or isinstance(control, QTableView), control.accessibleName()
    filters = panel.filters
    wanted = [filters.search, filters.kind, filters.pinned, filters.compare, filters.export, panel.table]
    chain = []
    step = panel.nextInFocusChain()
    while step is not None and step is not panel:
        if step in wanted:
            chain.append(step)
        step = step.nextInFocusChain()
    assert chain == wanted
