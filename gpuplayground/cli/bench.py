"""``gpuplayground bench``: times some lines of a file in steady state, with a verdict on the result."""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from gpuplayground.benchmarks.selections import SelectionError, plan_for
from gpuplayground.benchmarks.sweep_curves import sweep_csv
from gpuplayground.benchmarks.sweep_values import SweepError, parse_sweep
from gpuplayground.cli import bench_report
from gpuplayground.cli.arguments import Parser, Subparsers, add_run_options, lines, positive
from gpuplayground.cli.bench_progress import ProgressLine
from gpuplayground.cli.best_effort import best_effort
from gpuplayground.cli.gpu_watch import watching
from gpuplayground.cli.past_runs import save_to_history
from gpuplayground.cli.result_files import write_text
from gpuplayground.cli.run import AttendedRun, request_of, results_written, tell_of_missing_package
from gpuplayground.cli.run_report import as_text
from gpuplayground.cli.usage import EXIT_PROBLEM, UsageError, is_same_file, output_file
from gpuplayground.model.benchmarks import DEFAULT_MAX_TIME_S, BenchmarkPlan
from gpuplayground.model.cells import cells
from gpuplayground.model.events import SessionEvent
from gpuplayground.model.results import Run, RunState
from gpuplayground.runs.session import Launcher
from gpuplayground.standard_streams import tell, tell_styled


def add_parser(subparsers: Subparsers) -> Parser:
    """Add the parser of ``gpuplayground bench``."""
    parser = subparsers.add_parser(
        "bench",
        usage="gpuplayground bench FILE (--cell N|TITLE | --lines A-B) [--max-time S] [--cold-l2] [--sweep SWEEP] "
        "[--csv OUT] [--json OUT] [--python INTERPRETER | --install [--yes]] [--timeout S] "
        "[--grace S] [--device GPU] [--no-history] [-- ARGS...]",
        description="Run the code above the selected lines once, then repeat the lines until their time is known. "
        "The results follow the file's output, on stderr.",
        epilog="Exit code: 0, 1 if something could not be measured, 2 for a bad selection; otherwise as for run. "
        "Ctrl+C ends the benchmark and keeps what was measured so far.",
        allow_abbrev=False,
    )
    add_run_options(parser)
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--cell", metavar="N|TITLE", help="the cell to measure: lines from a # %%%% to the next")
    chosen.add_argument("--lines", type=lines, metavar="A-B", help="the lines to measure, such as 12-14, or one line")
    parser.add_argument(
        "--max-time", type=positive, metavar="S", default=DEFAULT_MAX_TIME_S,
        help=f"maximum seconds of warm-up and sampling for each value (default: {DEFAULT_MAX_TIME_S:g})",
    )  # fmt: skip
    parser.add_argument("--cold-l2", action="store_true", help="flush the GPU's L2 cache before each sample")
    parser.add_argument(
        "--sweep",
        metavar="SWEEP",
        help='values of a variable: "n = 2**10 .. 2**26" doubles, "n = 0 .. 100 step 10" adds, "n = 10, 20, 50" lists',
    )
    parser.add_argument(
        "--csv",
        metavar="OUT",
        help='write the results to a CSV file, or to standard output ("-"), a line for each value',
    )
    parser.set_defaults(passes_arguments=True, execute=bench_file)
    return parser


def bench_file(options: argparse.Namespace) -> int:
    """Time the selected lines of a file and return the exit code: 0, 1 if that failed, otherwise as for ``run``.

    Raises:
        UsageError: the file, the selection, the interpreter or an output file cannot be used.
        CommandFailedError: its output cannot be written.
    """
    request = request_of(options, lambda source: _plan(options, source))
    plan = _plan(options, request.source)
    request = replace(request, benchmark=plan)
    json_path = output_file(options.json, request.path) if options.json is not None else None
    csv_path = output_file(options.csv, request.path) if options.csv is not None else None
    if json_path is not None and csv_path is not None and is_same_file(json_path, csv_path):
        raise UsageError(f"{options.csv} is named twice: name two files to write.")
    _tell_if_wider(options, plan)
    progress = ProgressLine(sys.stderr.isatty())
    launcher = Launcher(attached=True)
    try:
        with watching(request) as watch:

            def on_event(event: SessionEvent) -> None:
                watch.follow(event)
                progress.show(event)

            attended = AttendedRun(launcher.session(), request, options.grace, on_event)
            run = attended.wait_for_end()
            progress.clear()
            observed = watch.try_to_observe(run)
            run = replace(run, benchmarks=observed.benchmarks)
    finally:
        launcher.close()
    code = attended.exit_code(run)
    code = code or (0 if _has_measured(run) else EXIT_PROBLEM)
    columns = shutil.get_terminal_size().columns if sys.stderr.isatty() else None
    text = bench_report.as_text(run) if run.benchmarks else f"{as_text(run, columns)}{_unmeasured(run)}"
    if attended.output_error is None and not tell_styled(text):
        code = code or EXIT_PROBLEM
    if not options.no_history:
        kept = replace(observed, run=run)
        best_effort(lambda: save_to_history(request, kept, watch.inventory), "The run is not kept in the history")
    if json_path is not None and not results_written(json_path, run, request, code, observed.receipts):
        code = code or EXIT_PROBLEM  # requested, but not written
    if csv_path is not None and not _csv_written(csv_path, run):
        code = code or EXIT_PROBLEM
    tell_of_missing_package(options, run)
    if attended.output_error is not None:
        raise attended.output_error
    return code


def _csv_written(path: Path, run: Run) -> bool:
    return best_effort(lambda: write_text(path, sweep_csv({run.name: run.benchmarks})), f"{path} is not written")


def _plan(options: argparse.Namespace, source: str) -> BenchmarkPlan:
    if options.cell is None and options.lines is None:
        where = "a cell with --cell" if cells(source) else "lines with --lines"
        raise UsageError(f"No lines are selected: name {where}.")
    try:
        return plan_for(
            source,
            lines=options.lines,
            cell=options.cell,
            max_time_s=options.max_time,
            cold_l2=options.cold_l2,
            sweep=None if options.sweep is None else parse_sweep(options.sweep),
        )
    except (SelectionError, SweepError) as error:
        raise UsageError(str(error)) from None


def _tell_if_wider(options: argparse.Namespace, plan: BenchmarkPlan) -> None:
    """Tell the user if more lines are timed than named, because they are part of a statement."""
    if options.lines is not None and (plan.first_line < min(options.lines) or plan.last_line > max(options.lines)):
        tell(f"Measuring lines {plan.first_line} to {plan.last_line}: a statement is measured as a whole.\n")


def _unmeasured(run: Run) -> str:
    """Return a note if a run ended before the selected lines were timed."""
    if run.state is not RunState.STOPPED:
        return ""
    return "Stopped before anything was measured: the table above shows what ran, its last row all repeats.\n"


def _has_measured(run: Run) -> bool:
    """Return whether there is a result; for a sweep, at least one."""
    return run.state is RunState.FINISHED and any(each.samples_ns and not each.error for each in run.benchmarks)
