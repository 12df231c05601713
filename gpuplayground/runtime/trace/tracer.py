"""Traces a run with CUPTI and writes the activities of GPU and CPU to the trace file.

Times are CUPTI's; the session converts them to its own clock. Nothing is imported or loaded for a snippet that does not
use a GPU.
"""

from __future__ import annotations

import atexit
import errno
import os
import sys
from contextlib import suppress
from typing import Any, Sequence

from ..clock import now_ns
from ..io.descriptors import OwnDescriptor
from . import file_format
from .compilers import Compilers
from .cupti import CONTEXT_CALLS, CPU_KINDS, GPU_KINDS, KERNEL, MARKER, MEMSET, OVERHEAD, WAIT_CALL, Cupti, CuptiError
from .cupti import DRIVER as DRIVER_CALL
from .gpu_modules import may_use_gpu

#: Environment variables set by profilers such as Nsight Systems that attach to the process.
_INJECTIONS = ("CUDA_INJECTION64_PATH", "NVTX_INJECTION64_PATH")
_NVTX = "NVTX_INJECTION64_PATH"
#: CUpti_ActivityOverheadKind: the driver compiles, or loads code on first use.
_COMPILER, _LOADING = 1, (4 << 16, 5 << 16)
#: CUpti_ActivityFlag of markers: start and end of a range.
_START, _END = 1 << 1, 1 << 2


class Tracer:
    """Records a run from :meth:`attach` on. All methods are safe to call if tracing is not possible.

    Args:
        descriptor: the file to write to, or -1 for no trace.
    """

    def __init__(self, descriptor: int) -> None:
        self._file: OwnDescriptor | None = OwnDescriptor(descriptor) if descriptor >= 0 else None
        self._cupti: Cupti | None = None
        self._has_tried = False
        self._names: dict[int, int] = {}
        self._open_ranges: dict[tuple[int, int], list[Any]] = {}
        self._waits: list[tuple[int, int]] = []
        self._compilers = Compilers()
        #: Why GPU times are missing or incomplete, a sentence; empty if they are complete.
        self.reason = ""

    @property
    def available(self) -> bool:
        """Whether CUPTI is available; attaches it."""
        return self.attach()

    @property
    def is_wanted(self) -> bool:
        """Whether a trace is wanted and attaching has not been tried."""
        return self._file is not None and not self._has_tried

    def would_attach(self, source: str) -> bool:
        """Return whether a snippet seems to use a GPU, so that it should be traced from its start."""
        return bool(self.is_wanted and may_use_gpu(source) and _has_driver())

    def attach(self, *, late: bool = False) -> bool:
        """Start recording, if it has not been tried, and return whether it is possible.

        Args:
            late: whether the snippet has already used the GPU.
        """
        if not self.is_wanted:
            return self._cupti is not None
        self._has_tried = True
        self.reason = self._attach()
        if late and not self.reason:
            self.reason = "GPU times start when the first CUDA context was detected; earlier operations are missing."
        return self._cupti is not None

    def _attach(self) -> str:
        if sys.platform != "linux":
            return "GPU times need CUPTI for Python, which is available only for Linux."
        for name in _INJECTIONS:
            if os.environ.get(name):
                return f"Another profiler is attached to this process ({name}), so there are no GPU times."
        try:
            cupti = Cupti(self._take)
            os.environ[_NVTX] = cupti.path  # read by NVTX on first use
            self._tie_clocks(cupti)
            cupti.enable((*GPU_KINDS, *CPU_KINDS))
            cupti.enable_calls()
        except CuptiError as error:
            return str(error)
        os.register_at_fork(after_in_child=self._detach)
        self._cupti = cupti
        return ""

    def before_statement(self) -> None:
        """Wrap compilers that have been imported since the last statement."""
        if self._cupti is not None:
            self._compilers.watch(self._cupti.timestamp)

    def after_statement(self) -> None:
        """Write the records of a statement while the GPU is idle; a crash or another profiler may lose later ones."""
        if self._cupti is not None:
            self._cupti.flush()
        elif self.is_wanted:
            self.attach(late=True)

    def begin_pass(self) -> None:
        """Start recording the traced pass of a benchmark."""
        if self.available and self._cupti is not None:
            with suppress(CuptiError):
                self._cupti.enable((*GPU_KINDS, *CPU_KINDS))
                self._cupti.enable_calls()

    def end_pass(self) -> None:
        """Stop recording, so that it causes no overhead."""
        if self._cupti is not None:
            self._stop_recording(self._cupti)

    def finish(self, starts_ns: Sequence[int]) -> str:
        """Write the remaining records after the last statement, and return :attr:`reason`.

        Args:
            starts_ns: ``clock.now_ns()`` at the beginning of each executed statement, in order.
        """
        cupti = self._cupti
        if cupti is None:
            return self.reason
        # Runs before the frameworks' exit handlers, because CUPTI must not be used after a context is destroyed.
        atexit.register(self.close)
        if cupti.is_taken():
            # The other profiler receives the records now and may have changed their clock.
            self.reason = "Another profiler took over CUPTI during the run, so later GPU operations are missing."
        else:
            cupti.flush(forced=True)
            self._tie_clocks(cupti)
        self._note(file_format.STATEMENTS, _first_correlations(self._waits, starts_ns))
        self._note(file_format.SPANS, [["compile", *span] for span in self._compilers.take()])
        return self.reason

    def close(self) -> None:
        """Stop recording for good, because CUPTI must not call into an interpreter that is ending."""
        cupti = self._cupti
        if cupti is None:
            return
        if not cupti.is_taken():
            self._stop_recording(cupti)
            # 64 bytes is about the size of an unreadable record.
            self._note(file_format.DROPPED, [[cupti.dropped() + cupti.unreadable // 64]])
            cupti.detach()
        self._note(file_format.REGIONS, [[*started, None, *rest] for started, rest in self._open_regions()])
        self._cupti, self._file = None, None

    def _stop_recording(self, cupti: Cupti) -> None:
        cupti.flush(forced=True)
        cupti.disable((*GPU_KINDS, *CPU_KINDS))
        cupti.disable_calls()
        cupti.flush(forced=True)

    def _open_regions(self) -> list[tuple[list[Any], list[Any]]]:
        return [([name, start], [thread, domain]) for name, start, thread, domain in self._open_ranges.values()]

    def _detach(self) -> None:
        """Disable tracing in a forked child."""
        self._cupti, self._file, self._has_tried = None, None, True

    def _tie_clocks(self, cupti: Cupti) -> None:
        """Write a pair of both clocks' times, the most precise of several attempts."""
        tries = []
        for _ in range(9):
            before = cupti.timestamp()
            now = now_ns()
            after = cupti.timestamp()
            tries.append((after - before, [(before + after) // 2, now]))
        self._note(file_format.CLOCK, [min(tries)[1]])

    # -- records, in CUPTI's thread

    def _take(self, kind: int, records: Any) -> None:
        if self._file is None:
            return
        if kind in GPU_KINDS:
            self._write(file_format.ROWS, self._rows(kind, records))
        elif kind == MARKER:
            self._take_markers(records)
        elif kind == OVERHEAD:
            self._take_overheads(records)
        elif kind == DRIVER_CALL:
            self._take_calls(records)

    def _rows(self, kind: int, records: Any) -> bytes:
        from .rows import rows

        numbers = self._numbers(records["name"]) if kind == KERNEL else None
        return rows(kind, records, numbers, KERNEL, MEMSET)

    def _numbers(self, pointers: Any) -> Any:
        """Return the numbers of kernel names, and write new names to the file."""
        import ctypes

        import numpy

        unique, inverse = numpy.unique(pointers, return_inverse=True)
        new = []
        for pointer in unique.tolist():
            if pointer not in self._names:
                self._names[pointer] = len(self._names)
                name = ctypes.string_at(pointer).decode("utf-8", "replace") if pointer else "?"
                new.append([self._names[pointer], name])
        if new:
            self._note(file_format.NAMES, new)
        return numpy.array([self._names[pointer] for pointer in unique.tolist()], "<u4")[inverse]

    def _take_markers(self, records: Any) -> None:
        import ctypes

        def text(pointer: int) -> str:
            return ctypes.string_at(pointer).decode("utf-8", "replace") if pointer else ""

        ended = []
        for record in records:
            thread = int(record["object_id"]["pt"]["thread_id"])
            number, time, flags = int(record["id"]), int(record["timestamp"]), int(record["flags_"])
            domain = text(int(record["domain"]))
            if flags & _START:
                self._open_ranges[number, thread] = [text(int(record["name"])), time, thread, domain]
            elif flags & _END:
                opened = self._open_ranges.pop((number, thread), None)
                if opened is not None:
                    ended.append([opened[0], opened[1], time, thread, domain])
        if ended:
            self._note(file_format.REGIONS, ended)

    def _take_overheads(self, records: Any) -> None:
        spans = []
        for record in records:
            kind = int(record["overhead_kind"])
            if kind == _COMPILER:
                spans.append(["compile", int(record["start"]), int(record["end"]), "driver"])
            elif kind in _LOADING:
                spans.append(["load", int(record["start"]), int(record["end"]), "driver"])
        if spans:
            self._note(file_format.SPANS, spans)

    def _take_calls(self, records: Any) -> None:
        assert self._cupti is not None
        names, spans = self._cupti.calls, []
        for record in records:
            name = names.get(int(record["cbid"]), "")
            start, end = int(record["start"]), int(record["end"])
            if name == WAIT_CALL:
                self._waits.append((start, int(record["correlation_id"])))
            elif name:
                spans.append(["context" if name in CONTEXT_CALLS else "load", start, end, name])
        if spans:
            self._note(file_format.SPANS, spans)

    def _note(self, key: str, rows: list[Any]) -> None:
        self._write(file_format.NOTE, file_format.note_payload(key, rows))

    def _write(self, tag: bytes, payload: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(file_format.chunk(tag, payload))
        except OSError as error:  # no chunk may follow an incomplete one
            self._file = None
            reason = (
                "the snippet closed all descriptors" if error.errno == errno.EBADF else "the temporary folder is full"
            )
            self.reason = f"The GPU times are incomplete: {reason}."


def _has_driver() -> bool:
    import ctypes

    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _first_correlations(waits: list[tuple[int, int]], starts_ns: Sequence[int]) -> list[list[int]]:
    """Return the first possible correlation number of each statement: the one after the last wait before it."""
    ordered = sorted(waits)
    result, position, last = [], 0, 0
    for index, start in enumerate(starts_ns):
        while position < len(ordered) and ordered[position][0] < start:
            last = max(last, ordered[position][1])
            position += 1
        result.append([index, last + 1])
    return result
