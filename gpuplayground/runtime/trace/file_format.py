"""The file into which a snippet's process writes what CUPTI reports, and from which the session reads it.

A sequence of chunks, each a header and a payload, so that whatever was written before a crash can be read. Times are
CUPTI's clock in nanoseconds; ``clock`` notes tie it to ``clock.now_ns()``.
"""

from __future__ import annotations

import json
import struct
from typing import Any

#: Tag, and bytes of the payload.
HEADER = struct.Struct("<4sI")
#: Rows of :data:`ROW`, one for each operation of the GPU.
ROWS = b"ROWS"
#: A JSON object: a list under one of the keys below.
NOTE = b"NOTE"

#: start, end, bytes, correlation, name, context, stream, graph, statement (-1), grid xyz, block xyz, registers, shared
#: bytes, device, kind (0 kernel, 1 copy, 2 set, 3 graph), copy kind, kind of source memory, kind of target memory: the
#: numbers of CUPTI. The same layout as ``playground.trace.OPERATIONS``.
ROW = struct.Struct("<qqQIIIIIiIIIHHHHIHBBBB")

#: Keys of notes, with what a row of theirs is:
#: [number, name as CUPTI gives it (mangled)]
NAMES = "names"
#: [name, start, end or null, thread, domain]
REGIONS = "regions"
#: [kind as in playground.trace.SpanKind, start, end, function]
SPANS = "spans"
#: [index of a statement, the first correlation number that it used]
STATEMENTS = "statements"
#: [CUPTI's time, clock.now_ns() at the same moment]
CLOCK = "clock"
#: [number of records lost]
DROPPED = "dropped"


def chunk(tag: bytes, payload: bytes) -> bytes:
    """Return a chunk with its header."""
    return HEADER.pack(tag, len(payload)) + payload


def note_payload(key: str, rows: list[Any]) -> bytes:
    """Return the payload of a note of some rows."""
    return json.dumps({key: rows}, separators=(",", ":")).encode("utf-8", "surrogatepass")


def note(key: str, rows: list[Any]) -> bytes:
    """Return a chunk with a note of some rows."""
    return chunk(NOTE, note_payload(key, rows))
