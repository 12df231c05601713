"""Defines the trace file that a snippet's process writes and the session reads.

It is a sequence of chunks with header and payload, so that everything written before a crash can be read. Times are
nanoseconds of CUPTI's clock; ``clock`` notes relate it to ``clock.now_ns()``.
"""

from __future__ import annotations

import json
import struct
from typing import Any

#: Tag, and size of the payload in bytes.
HEADER = struct.Struct("<4sI")
#: Rows of :data:`ROW`, one per GPU operation.
ROWS = b"ROWS"
#: A JSON object: a list under one of the keys below.
NOTE = b"NOTE"

#: start, end, bytes, correlation, name, context, stream, graph, statement (-1), grid xyz, block xyz, registers, shared
#: bytes, device, kind (0 kernel, 1 copy, 2 set, 3 graph), and CUPTI's numbers for copy kind, source memory and target
#: memory. The same layout as ``gpuplayground.model.trace.OPERATIONS``.
ROW = struct.Struct("<qqQIIIIIiIIIHHHHIHBBBB")

#: Keys of notes, each with the contents of a row.
#: [number, mangled name]
NAMES = "names"
#: [name, start, end or null, thread, domain]
REGIONS = "regions"
#: [kind as in gpuplayground.model.trace.SpanKind, start, end, function]
SPANS = "spans"
#: [index of a statement, its first correlation number]
STATEMENTS = "statements"
#: [CUPTI's time, clock.now_ns() at the same time]
CLOCK = "clock"
#: [number of records lost]
DROPPED = "dropped"


def chunk(tag: bytes, payload: bytes) -> bytes:
    """Return a chunk with its header."""
    return HEADER.pack(tag, len(payload)) + payload


def note_payload(key: str, rows: list[Any]) -> bytes:
    """Return the payload of a note with rows."""
    return json.dumps({key: rows}, separators=(",", ":")).encode("utf-8", "surrogatepass")
