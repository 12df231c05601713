"""Joins a run that is over with the trace its process wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gpuplayground.model.results import Run


def with_trace(run: Run, path: Path | None) -> Run:
    """Return the run with the GPU's own times for its statements.

    Args:
        run: the run, without them.
        path: the file its process wrote; None where it wrote nothing.
    """
    if path is None:
        return run
    # numpy is needed from here on only
    from gpuplayground.tracing.attribution import attribute
    from gpuplayground.tracing.reader import TraceError, read_trace

    try:
        read = read_trace(path)
    except TraceError as error:
        return replace(run, trace_note=" ".join(filter(None, (run.trace_note, str(error)))))
    trace, timings = attribute(read.trace, read.first_correlations, run.timings)
    note, notes = " ".join(filter(None, (run.trace_note, trace.loss))), run.notes
    if read.left_out:
        # No GPU time is missing by them, which is all that a trace note says.
        notes = (*notes, f"{read.left_out:,} NVTX ranges are more than can be shown.")
    return replace(run, trace=trace, timings=timings, trace_note=note, notes=notes)
