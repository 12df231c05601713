"""Formats a finished run: its exit code, the text after its output, and the JSON of ``run --json``."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from gpuplayground.benchmarks.statistics import summary
from gpuplayground.cli.columns import labelled
from gpuplayground.cli.usage import EXIT_INTERRUPTED, EXIT_SIGNAL_BASE, EXIT_TIMED_OUT, EXIT_USAGE
from gpuplayground.cli.version import version
from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.model.result_value import ResultValue
from gpuplayground.model.results import SCHEMA_VERSION, Run, RunRequest, RunState, StatementTiming
from gpuplayground.model.samples import Inventory
from gpuplayground.model.serial import to_data
from gpuplayground.printable import visible, visible_line
from gpuplayground.receipts.receipt import Receipt
from gpuplayground.receipts.rows import rows as receipt_rows
from gpuplayground.runs.timing_table import STATEMENT_COLUMNS, format_timings, name_of
from gpuplayground.tracing.gpu_table import with_regions

#: Signals that end an interrupted snippet; None if it exits by itself.
_INTERRUPTS = (None, "SIGINT", "SIGKILL")
#: Statements are never truncated to fewer columns; a narrower terminal wraps the table.
_MIN_STATEMENT_COLUMNS = 16


def exit_code(run: Run, interrupted: bool) -> int:
    """Return the exit code of a run.

    It is the snippet's own; 128+N if signal N ended it, 124 after a timeout, and 2 if its interpreter could not be
    started.

    Args:
        run: the run.
        interrupted: whether Ctrl+C was pressed. The code is then 130, even if the snippet had to be killed.
    """
    if run.state is RunState.NOT_STARTED:
        return EXIT_USAGE
    if run.timed_out:
        return EXIT_TIMED_OUT
    if run.state is RunState.STOPPED and interrupted and run.exit_code is None and run.signal_name in _INTERRUPTS:
        return EXIT_INTERRUPTED
    if run.signal_name is not None:
        return EXIT_SIGNAL_BASE + signal_number(run.signal_name)
    return run.exit_code or 0


def signal_number(name: str) -> int:
    """Return the number of a signal such as ``SIGSEGV``, or 0 for one this system lacks."""
    if name in signal.Signals.__members__:
        return signal.Signals[name].value
    digits = name.removeprefix("SIG").removeprefix("RTMIN+")
    return int(digits) if digits.isdecimal() else 0


def as_text(run: Run, terminal_columns: int | None) -> str:
    """Return what is printed on stderr after the run: the table of timings, how it ended, and notes.

    Control characters in text from the snippet are escaped.

    Args:
        run: the run.
        terminal_columns: the width the table should fit, or None if stderr is not a terminal.
    """
    lines = [""]
    if run.timings and terminal_columns is None:
        lines.append(visible(format_timings(run.timings)))
    elif run.timings and terminal_columns is not None:
        lines += _styled(visible(_fitted(run.timings, terminal_columns)))
    ending = [f"{run.name}: {run.summary}", *(f"note: {note}" for note in (*run.notes, run.trace_note) if note)]
    lines += map(visible_line, ending)
    return "\n".join(lines) + "\n"


def _fitted(timings: Sequence[StatementTiming], columns: int) -> str:
    """Return the table with its statements truncated to fit the terminal."""
    table = format_timings(timings)
    excess = max(map(len, table.splitlines())) - columns
    if excess <= 0:
        return table
    rows = with_regions(timings)
    names = [name_of(row) for row in rows]
    limit = max(_MIN_STATEMENT_COLUMNS, min(max(map(len, names)), STATEMENT_COLUMNS) - excess)
    cut = [name if len(name) <= limit else f"{name[: limit - 1].rstrip()}…" for name in names]
    return format_timings(timings, [replace(row, source=name) for row, name in zip(rows, cut, strict=True)])


def _styled(table: str) -> list[str]:
    """Make the header bold and dim the rules."""
    lines = table.splitlines()
    lines[0] = f"\033[1m{lines[0]}\033[0m"
    return [f"\033[2m{line}\033[0m" if line and not line.strip("- ") else line for line in lines]


def receipts_as_text(receipts: Sequence[Receipt]) -> str:
    """Return the receipts of a run as text, a block for each GPU."""
    lines = [""]
    for receipt in receipts:
        lines += [receipt.gpu_name or receipt.gpu_uuid, *labelled(receipt_rows(receipt))]
    return "\n".join([*lines, ""])


def as_json(
    run: Run, request: RunRequest, code: int, inventory: Inventory, receipts: Sequence[Receipt] = ()
) -> dict[str, Any]:
    """Return the JSON object of a run; durations are nanoseconds, ``start_ns`` and ``end_ns`` since the epoch."""
    return {
        "schema_version": SCHEMA_VERSION,
        "generator": f"gpuplayground {version()}",
        "file": {"name": request.name, "path": request.path, "arguments": list(request.arguments)},
        "environment": {"interpreter": request.interpreter, **run.environment},
        "device": {
            **asdict(inventory.driver),
            "cuda_visible_devices": request.cuda_visible_devices,
            "gpus": [asdict(gpu) for gpu in inventory.gpus],
            "problem": inventory.problem.sentence if inventory.problem else None,
        },
        "exit": {
            "code": code,
            "state": run.state.value,
            "signal": run.signal_name,
            "summary": run.summary,
            "error": asdict(run.error) if run.error else None,
            "notes": list(run.notes),
        },
        "start_ns": run.start_ns,
        "end_ns": run.end_ns,
        "duration_ns": run.duration_ns,
        "was_warm": run.was_warm,
        "trace_note": run.trace_note,
        "result": _result(run.result),
        "statements": [{**to_data(timing), "cost_ns": timing.cost_ns} for timing in run.timings],
        "benchmarks": [_benchmark(benchmark) for benchmark in run.benchmarks],
        "receipt": [to_data(receipt) for receipt in receipts],
    }


def _result(value: ResultValue | None) -> Any:
    """Return a snippet's result without the elements that are kept for comparisons."""
    return None if value is None else to_data(replace(value, sample=()))


def _benchmark(benchmark: Benchmark) -> dict[str, Any]:
    """Return a benchmark with its samples and their statistics."""
    times = summary(benchmark.samples_ns) if benchmark.samples_ns else None
    data = {**to_data(benchmark), "result": _result(benchmark.result)}
    return {**data, "gpu_busy_ns": benchmark.gpu_busy_ns, "summary": to_data(times)}
