"""The text table of statement timings, read as a person would read it in an issue."""

from __future__ import annotations

from gpuplayground.model.results import StatementTiming
from gpuplayground.runs.timing_table import TimingTotals, format_timings, headline
from gpuplayground.units import share_text

IMPORT = StatementTiming(0, 2, 2, "import torch", 12_000, None, True, 4_100_000_000)
LAUNCH = StatementTiming(1, 4, 4, "y = x @ x", 1_000_000, 545_000_000)
PRINT = StatementTiming(2, 5, 5, "print(y)", 2_000_000)
FAILED = StatementTiming(3, 9, 9, "raise ValueError(y)", 900, failed=True)


def test_the_table_reads_well_in_an_issue() -> None:
    assert format_timings((IMPORT, LAUNCH, PRINT, FAILED)).splitlines() == [
        "line  statement                wall  GPU done    share",
        "----  --------------------  -------  --------  -------",
        "   2  import torch           4.10 s         —   88.2 %  preloaded: 4.10 s",
        "   4  y = x @ x             1.00 ms    545 ms   11.7 %",
        "   5  print(y)              2.00 ms         —  < 0.1 %",
        "   9  raise ValueError(y)    900 ns         —  < 0.1 %  failed",
        "----  --------------------  -------  --------  -------",
        "      imports (1)            4.10 s    4.10 s   88.2 %",
        "      total (4 statements)   4.10 s    4.65 s",
    ]


def test_without_cuda_there_is_no_column_for_the_idle_gpu() -> None:
    assert "GPU done" not in format_timings((PRINT,))


def test_selected_rows_keep_their_share_of_the_whole_run() -> None:
    text = format_timings((IMPORT, LAUNCH, PRINT), rows=(LAUNCH,))
    assert "y = x @ x" in text
    assert "11.7 %" in text
    assert "print(y)" not in text
    assert "total (3 statements)" in text


def test_no_statements_make_a_table_that_says_so() -> None:
    assert "total (0 statements)" in format_timings(())


def test_totals_grow_batch_by_batch() -> None:
    assert TimingTotals().plus((IMPORT, LAUNCH)).plus((PRINT,)) == TimingTotals().plus((IMPORT, LAUNCH, PRINT))


def test_a_definition_is_named_by_its_def_line_and_a_block_by_its_first() -> None:
    assert headline("@triton.jit\ndef add(x):\n    return x") == "def add(x):"
    assert headline("for i in range(3):\n    print(i)") == "for i in range(3): …"
    assert headline("x  =  1") == "x = 1"


def test_a_long_or_wide_statement_is_cut_and_keeps_the_columns_aligned() -> None:
    rows = (StatementTiming(0, 1, 1, "x = " + "a" * 90, 1000), StatementTiming(1, 2, 2, "名前 = 'テスト'", 1000))
    lines = format_timings(rows).splitlines()
    assert "…" in lines[2]
    assert len(lines[2]) == len(lines[3]) + 5  # five characters two columns wide


def test_a_share_too_small_to_print_is_not_called_zero() -> None:
    assert share_text(0.0001) == "< 0.1 %"
    assert share_text(0.0) == "0.0 %"
    assert share_text(0.652) == "65.2 %"
