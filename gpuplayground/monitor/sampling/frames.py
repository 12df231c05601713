"""Converts monitor events to frames and back. A frame is one JSON object, with rows instead of objects for size."""

from __future__ import annotations

from dataclasses import asdict
from operator import attrgetter
from typing import Any

from gpuplayground.metrics import FIELDS
from gpuplayground.model.samples import (
    DriverInfo,
    GpuInfo,
    GpuSample,
    Inventory,
    MonitorEvent,
    Pace,
    Problem,
    ProblemCode,
    ProcessPass,
    ProcessSample,
    UnlistedProcesses,
)
from gpuplayground.runtime.clock import now_ns
from gpuplayground.runtime.io.wire import Frame, WireError

INVENTORY = "inventory"
SAMPLES = "samples"
PROCESSES = "processes"
PACE = "pace"
#: Sent before opening the driver, which may take longer than any other call.
OPENING = "opening"
#: Sent as a sign of life if there is nothing to report.
HEARTBEAT = "heartbeat"
#: The only frame sent to an agent. It contains all settings, so repeating it is harmless.
CONTROL = "control"

_sample_row = attrgetter("time_ns", "gpu_uuid", *FIELDS)
_process_row = attrgetter("time_ns", "gpu_uuid", "pid", "name", "kind", "memory_used_bytes", "sm_util_percent")
_unlisted_row = attrgetter("time_ns", "gpu_uuid", "reason")


def inventory_frame(inventory: Inventory) -> Frame:
    """Return an inventory as a frame."""
    return {"kind": INVENTORY, **asdict(inventory)}


def samples_frame(samples: tuple[GpuSample, ...]) -> Frame:
    """Return samples as rows: ``time_ns``, ``gpu_uuid``, then the metrics in the order of the table."""
    return {"kind": SAMPLES, "rows": [_sample_row(sample) for sample in samples]}


def processes_frame(found: ProcessPass) -> Frame:
    """Return one pass over the processes as rows in field order."""
    return {
        "kind": PROCESSES,
        "rows": [_process_row(row) for row in found if isinstance(row, ProcessSample)],
        "unlisted": [_unlisted_row(row) for row in found if isinstance(row, UnlistedProcesses)],
    }


def pace_frame(pace: Pace) -> Frame:
    """Return the sampling rate as a frame."""
    return {"kind": PACE, **asdict(pace)}


def heartbeat_frame() -> Frame:
    """Return a sign of life."""
    return {"kind": HEARTBEAT, "time_ns": now_ns()}


def opening_frame() -> Frame:
    """Return the announcement that the driver is about to be opened."""
    return {"kind": OPENING, "time_ns": now_ns()}


def control_frame(hz: float, slow_tier: bool, batch_s: float = 0.0, slow_s: float | None = None) -> Frame:
    """Return the frame that sets an agent's sampling rate, batching and slow tier.

    Without ``slow_tier`` the medium tier is paused as well. ``slow_s`` is the period of passes over the processes in
    seconds; None is the agent's default.
    """
    return {
        "kind": CONTROL,
        "hz": hz,
        "slow_tier": slow_tier,
        "batch_s": batch_s,
        "slow_s": slow_s,
    }


def event_of(frame: Frame) -> MonitorEvent | None:
    """Return the event in a frame, or None for a heartbeat and for unknown kinds.

    Raises:
        WireError: the frame has a known kind but malformed content.
    """
    try:
        match frame["kind"]:
            case "samples":
                return tuple(GpuSample(*row) for row in frame["rows"])
            case "processes":
                return _pass(frame)
            case "pace":
                return Pace(frame["hz"], frame["call_s"])
            case "inventory":
                return _inventory(frame)
            case _:
                return None
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(f"not a monitor frame: {error}") from error


def _pass(frame: Frame) -> ProcessPass:
    found = tuple(ProcessSample(*row) for row in frame["rows"])
    return found + tuple(UnlistedProcesses(*row) for row in frame.get("unlisted", ()))


def _inventory(frame: Frame) -> Inventory:
    problem = frame["problem"]
    return Inventory(
        time_ns=frame["time_ns"],
        driver=DriverInfo(**frame["driver"]),
        gpus=tuple(_gpu(gpu) for gpu in frame["gpus"]),
        problem=None if problem is None else _problem(problem),
        gpu_problems=tuple(_problem(each) for each in frame["gpu_problems"]),
    )


def _gpu(fields: dict[str, Any]) -> GpuInfo:
    capability = fields.pop("compute_capability")
    return GpuInfo(**fields, compute_capability=None if capability is None else (capability[0], capability[1]))


def _problem(fields: dict[str, Any]) -> Problem:
    return Problem(**{**fields, "code": ProblemCode(fields["code"])})
