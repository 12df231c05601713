"""Converts CUPTI records to rows of the trace file. Imported only with CUPTI, which requires numpy."""

from __future__ import annotations

from typing import Any

import numpy

#: The layout of ``file_format.ROW``.
ROW = numpy.dtype(
    [
        ("start_ns", "<i8"), ("end_ns", "<i8"), ("bytes", "<u8"),
        ("correlation", "<u4"), ("name", "<u4"), ("context", "<u4"), ("stream", "<u4"), ("graph", "<u4"),
        ("statement", "<i4"),
        ("grid_x", "<u4"), ("grid_y", "<u4"), ("grid_z", "<u4"),
        ("block_x", "<u2"), ("block_y", "<u2"), ("block_z", "<u2"),
        ("registers", "<u2"), ("shared_bytes", "<u4"),
        ("device", "<u2"), ("kind", "u1"), ("copy_kind", "u1"), ("source_memory", "u1"), ("target_memory", "u1"),
    ]
)  # fmt: skip
_COMMON = {
    "start_ns": "start", "end_ns": "end", "correlation": "correlation_id", "context": "context_id",
    "stream": "stream_id", "graph": "graph_id", "device": "device_id",
}  # fmt: skip
_KERNEL = {
    **{f"grid_{axis}": f"grid_{axis}" for axis in "xyz"},
    **{f"block_{axis}": f"block_{axis}" for axis in "xyz"},
    "registers": "registers_per_thread",
}
_COPY = {"bytes": "bytes", "copy_kind": "copy_kind", "source_memory": "src_kind", "target_memory": "dst_kind"}
_SET = {"bytes": "bytes", "target_memory": "memory_kind"}


def rows(kind: int, records: Any, names: Any, kernel: int, memset: int) -> bytes:
    """Return records of one kind (kernels, copies or memory sets) as rows, packed in bytes."""
    table = numpy.zeros(len(records), ROW)
    fields = {**_COMMON, **(_KERNEL if kind == kernel else _SET if kind == memset else _COPY)}
    for ours, theirs in fields.items():
        table[ours] = records[theirs]
    table["statement"] = -1
    table["kind"] = 0 if kind == kernel else 2 if kind == memset else 1
    if kind == kernel:
        table["name"] = names
        table["shared_bytes"] = records["static_shared_memory"] + records["dynamic_shared_memory"]
    return table.tobytes()
