"""The rows of the history: pages, changes and what stays where it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from gpuplayground.past_runs.entries import HistoryEntry
from gpuplayground.ui.past_runs.model import Column, HistoryModel
from tests.ui.past_runs.entries import entry

ROOT = QModelIndex()


def checked() -> HistoryModel:
    """A model whose every change is checked by Qt."""
    model = HistoryModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    return model


def ordered(*numbers: int, pinned: tuple[int, ...] = ()) -> list[HistoryEntry]:
    rows = [entry(number, pinned=number in pinned, start_ns=number) for number in numbers]
    return sorted(rows, key=lambda row: row.order, reverse=True)


def ids(model: HistoryModel) -> list[int]:
    return [row.id for row in model.entries()]


def test_pages_are_asked_for_one_at_a_time(qtbot: QtBot) -> None:
    model = HistoryModel()  # Qt's tester asks for pages itself
    model.replace(ordered(9, 8, 7), is_complete=False)
    with qtbot.waitSignal(model.moreRequested) as asked:
        model.fetchMore(ROOT)
    assert asked.args[0].id == 7
    assert not model.canFetchMore(ROOT)
    model.append(ordered(6, 5), is_complete=False)
    assert model.canFetchMore(ROOT)
    model.append(ordered(4), is_complete=True)
    assert not model.canFetchMore(ROOT)
    assert ids(model) == [9, 8, 7, 6, 5, 4]


def test_a_new_run_leaves_what_is_selected_and_loaded_where_it_was(qtbot: QtBot) -> None:
    model = checked()
    model.replace(ordered(5, 4, 3, 2), is_complete=False)
    held = QPersistentModelIndex(model.index(2, Column.NAME))
    model.refresh(ordered(6, 5, 4), is_complete=False)
    assert ids(model) == [6, 5, 4, 3, 2]
    assert (held.row(), model.entry(held.row()).id) == (3, 3)


def test_a_change_at_the_top_does_not_end_the_list(qtbot: QtBot) -> None:
    model = HistoryModel()
    model.replace(ordered(5, 4, 3, 2), is_complete=False)
    model.refresh(ordered(6, 5, 4), is_complete=False)
    assert model.canFetchMore(ROOT)
    model.append(ordered(1), is_complete=True)
    model.refresh(ordered(7, 6, 5), is_complete=False)
    assert ids(model) == [7, 6, 5, 4, 3, 2, 1]
    assert not model.canFetchMore(ROOT)


def test_what_another_window_deleted_goes_and_what_it_changed_is_shown(qtbot: QtBot) -> None:
    model = checked()
    model.replace(ordered(5, 4, 3, 2), is_complete=True)
    noted = [replace(row, note="new") for row in ordered(5, 2)]
    with qtbot.waitSignal(model.dataChanged):
        model.refresh(noted, is_complete=True)
    assert model.entries() == noted
    assert not model.canFetchMore(ROOT)


def test_a_pinned_row_moves_up_and_stays_selected(qtbot: QtBot) -> None:
    model = checked()
    model.replace(ordered(5, 4, 3, 2), is_complete=True)
    held = QPersistentModelIndex(model.index(2, Column.NAME))
    model.set_pinned([3], pinned=True)
    assert ids(model) == [3, 5, 4, 2]
    assert held.row() == 0
    model.refresh(ordered(5, 4, 3, 2, pinned=(3,)), is_complete=True)
    assert ids(model) == [3, 5, 4, 2]
    model.set_pinned([3], pinned=False)
    assert ids(model) == [5, 4, 3, 2]


def test_what_is_hidden_does_not_come_back_by_itself(qtbot: QtBot) -> None:
    model = checked()
    model.replace(ordered(5, 4, 3, 2), is_complete=False)
    gone = model.hide([4, 3])
    model.refresh(ordered(6, 5, 4), is_complete=False)
    model.append(ordered(3, 1), is_complete=True)
    assert ids(model) == [6, 5, 2, 1]
    model.unhide(gone)
    assert ids(model) == [6, 5, 4, 3, 2, 1]


def test_the_next_page_follows_the_last_one_also_where_its_rows_are_hidden_or_moved(qtbot: QtBot) -> None:
    model = HistoryModel()
    model.replace(ordered(9, 8, 7, 6, 5), is_complete=False)
    model.hide([5])
    asked: list[int] = []
    model.moreRequested.connect(lambda last: asked.append(last.id))
    model.fetchMore(ROOT)
    model.append(ordered(4), is_complete=False)
    model.refresh(ordered(10, 9, 8), is_complete=False)
    assert ids(model) == [10, 9, 8, 7, 6, 4]
    model.fetchMore(ROOT)
    model.refresh(ordered(9, 8, 7, 6, 4), is_complete=False)
    model.fetchMore(ROOT)
    assert asked == [5, 4, 4]


def test_a_run_let_go_from_the_top_does_not_make_pages_between_be_left_out(qtbot: QtBot) -> None:
    model = HistoryModel()
    model.replace(ordered(9, 8, 2, pinned=(2,)), is_complete=False)
    model.set_pinned([2], pinned=False)
    with qtbot.waitSignal(model.moreRequested) as asked:
        model.fetchMore(ROOT)
    assert asked.args[0].id == 8
    model.refresh(ordered(9, 8), is_complete=False)
    model.append(ordered(7, 6), is_complete=False)
    model.append(ordered(2, 1), is_complete=True)
    assert ids(model) == [9, 8, 7, 6, 2, 1]


def test_a_note_is_edited_on_one_line(qtbot: QtBot) -> None:
    model = checked()
    model.replace(ordered(5), is_complete=True)
    index = model.index(0, Column.NOTE)
    assert model.flags(index) & Qt.ItemFlag.ItemIsEditable
    assert not model.flags(model.index(0, Column.FIGURE)) & Qt.ItemFlag.ItemIsEditable
    with qtbot.waitSignal(model.noteEdited) as edited:
        assert model.setData(index, "  slower\nthan before ")
    assert edited.args == [5, "slower than before"]
    assert index.data() == "slower than before"
    assert not model.setData(index, "slower than before")


rows = st.lists(st.integers(1, 30), unique=True, max_size=20)


@given(before=rows, after=rows, pinned_before=st.sets(st.integers(1, 30)), pinned_after=st.sets(st.integers(1, 30)))
@pytest.mark.usefixtures("qapp")
def test_any_list_becomes_any_other(
    before: list[int], after: list[int], pinned_before: set[int], pinned_after: set[int]
) -> None:
    model = checked()
    model.replace(ordered(*before, pinned=tuple(pinned_before)), is_complete=True)
    held = {row.id: QPersistentModelIndex(model.index(number, 0)) for number, row in enumerate(model.entries())}
    wanted = ordered(*after, pinned=tuple(pinned_after))
    model.refresh(wanted, is_complete=True)
    assert model.entries() == wanted
    for entry_id, index in held.items():
        assert index.isValid() == (entry_id in after)
        assert not index.isValid() or model.entry(index.row()).id == entry_id


def test_a_hundred_thousand_rows_are_loaded_page_by_page(qtbot: QtBot) -> None:
    model = HistoryModel()
    everything = ordered(*range(1, 100_001))
    model.replace(everything[:200], is_complete=False)
    for start in range(200, 100_000, 20_000):
        model.append(everything[start : start + 20_000], is_complete=start + 20_000 >= 100_000)
    assert model.rowCount() == 100_000
    assert not model.canFetchMore(ROOT)
