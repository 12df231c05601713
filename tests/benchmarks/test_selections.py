"""What is measured: marked lines, a cell, or the statement at the cursor."""

from __future__ import annotations

import pytest

from gpuplayground.benchmarks.selections import SelectionError, plan_for
from gpuplayground.model.benchmarks import SweepPlan
from gpuplayground.model.cells import cell_at, cells

CELLS = '''import math

# %% Set-up
n = 1000
text = """
# %% not a cell
"""

# %% Sines
import array
values = [
    math.sin(i) for i in range(n)
]
total = sum(values)

#%%
def unused():
    pass  # %% nor this
'''

PLAIN = """\
import math
data = [
    1,
    2,
]

if __name__ == "__main__":
    x = sum(data)
    y = x * 2; z = 3
"""


def test_cells_begin_at_their_markers_and_not_inside_texts() -> None:
    assert [(cell.number, cell.title, cell.first_line, cell.last_line) for cell in cells(CELLS)] == [
        (1, "Set-up", 3, 8),
        (2, "Sines", 9, 15),
        (3, "", 16, 19),
    ]
    assert cell_at(cells(CELLS), 1) is None


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_every_kind_of_line_end_counts_lines_alike(end: str) -> None:
    assert cells(CELLS.replace("\n", end)) == cells(CELLS)


def test_cells_above_a_fault_are_found() -> None:
    assert [cell.title for cell in cells("# %% one\nx = 1\n# %% two\ny = (\n# %% three\n")][:2] == ["one", "two"]


@pytest.mark.parametrize("name", ["Sines", " sines ", "2"])
def test_a_cell_is_named_by_title_or_number_and_its_imports_are_left_to_the_set_up(name: str) -> None:
    plan = plan_for(CELLS, cell=name)
    assert (plan.first_line, plan.last_line, plan.label) == (11, 14, "Sines")


def test_a_title_wins_over_a_number() -> None:
    source = "# %% 2\nx = 1\n# %% other\ny = 1\n"
    assert plan_for(source, cell="2").first_line == 2


def test_the_cell_at_the_cursor_is_taken_and_above_all_cells_the_statement() -> None:
    assert plan_for(CELLS, cursor=15).label == "Sines"
    assert plan_for("x = 1\n" + CELLS, cursor=1).label == "line 1"


def test_without_cells_the_whole_statement_at_the_cursor_is_taken() -> None:
    plan = plan_for(PLAIN, cursor=4)
    assert (plan.first_line, plan.last_line, plan.label) == (2, 5, "lines 2–5")


def test_a_selection_wins_and_grows_to_whole_statements() -> None:
    plan = plan_for(PLAIN, lines=(8, 3), cursor=1, max_time_s=2.0, cold_l2=True)
    assert (plan.first_line, plan.last_line, plan.label) == (2, 8, "lines 2–8")
    assert (plan.max_time_s, plan.cold_l2) == (2.0, True)


def test_statements_of_the_main_guard_count_one_by_one() -> None:
    assert plan_for(PLAIN, lines=(8, 8)).label == "line 8"
    assert plan_for(PLAIN, cursor=9).first_line == 9


@pytest.mark.parametrize(
    ("source", "chosen", "words"),
    [
        (PLAIN, {"lines": (6, 6)}, "There is no statement in line 6"),
        (PLAIN, {"lines": (100, 200)}, "There is no statement in lines 100 to 200"),
        (PLAIN, {"lines": (1, 1)}, "only imports and definitions in line 1"),
        (PLAIN, {"cell": "1"}, "This file has no cells"),
        (PLAIN, {}, "Nothing is selected"),
        (CELLS, {"cell": "Cosines"}, "There is no cell Cosines: this file has 1 (Set-up), 2 (Sines), 3."),
        (CELLS, {"cell": "4"}, "There is no cell 4"),
        (CELLS, {"cell": "3"}, "only imports and definitions in cell 3"),
        ("# %% a\n# %% A\nx = 1", {"cell": "a"}, "2 cells are named a"),
        ("# %% empty\n", {"cell": "1"}, "There is no statement in the cell empty"),
        ("return\n", {"lines": (1, 1)}, "Line 1 is not valid Python"),
        ("x = 1\nawait x\n", {"lines": (1, 2)}, "The selection awaits at top level"),
        ("if 1:\n    from os import *\n", {"lines": (1, 2)}, "The selection has an import *"),
        ("m = 1\nx = m\n", {"lines": (2, 2), "sweep": SweepPlan("n", (1, 2))}, "n is not assigned above"),
        ("x = (\n", {"lines": (1, 1)}, "Line 1 is not valid Python"),
        ("x = 1\0", {"lines": (1, 1)}, "is not valid Python"),
        (f"x = {'-' * 100_000}1", {"lines": (1, 1)}, "cannot be parsed as Python"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_sentence(source: str, chosen: dict[str, object], words: str) -> None:
    with pytest.raises(SelectionError) as refusal:
        plan_for(source, **chosen)  # type: ignore[arg-type]
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
