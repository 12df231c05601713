"""Reads CUPTI's activity records as numpy arrays, with the library and record layouts of cupti-python.

cupti-python itself creates a Python object for every record, which costs more than the kernel it describes. Here numpy
reads each buffer as a whole. Functions, kinds and numbers are documented at
https://docs.nvidia.com/cupti/api/group__CUPTI__ACTIVITY__API.html.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from typing import Any, Callable

from ..io.interrupts import deferred_interrupts

#: CUpti_ActivityKind, and cupti-python's names of the record layouts.
MEMCPY, MEMSET, DRIVER, KERNEL, MARKER, OVERHEAD, PEER_COPY, GRAPH = 1, 2, 4, 10, 12, 17, 22, 51
_LAYOUTS = {
    MEMCPY: "memcpy6", MEMSET: "memset4", DRIVER: "api", KERNEL: "kernel10", MARKER: "marker2",
    OVERHEAD: "overhead3", PEER_COPY: "memcpy_pto_p4", GRAPH: "graph_trace2",
}  # fmt: skip
#: Activities of the GPU and of the CPU. Graphs are traced through their kernels.
GPU_KINDS = (KERNEL, MEMCPY, MEMSET, PEER_COPY)
CPU_KINDS = (MARKER, OVERHEAD)
#: Driver functions that are traced: rare ones that can take long, and the wait at the end of each statement.
CONTEXT_CALLS = ("cuInit", "cuDevicePrimaryCtxRetain", "cuCtxCreate_v2", "cuCtxCreate_v3", "cuCtxCreate_v4")
LOAD_CALLS = (
    "cuModuleLoad", "cuModuleLoadData", "cuModuleLoadDataEx", "cuModuleLoadFatBinary", "cuLibraryLoadData",
    "cuLinkComplete", "cuLinkAddData_v2",
)  # fmt: skip
WAIT_CALL = "cuCtxSynchronize"
#: CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED.
_ANOTHER_PROFILER = 39
_BUFFER_BYTES = 2 << 20
_MAX_POOLED = 8
#: Callbacks that CUPTI may call until the process ends.
_KEPT: list[Any] = []

#: Called in CUPTI's thread with a kind and an array of records, which is only valid during the call.
OnRecords = Callable[[int, Any], None]


class CuptiError(Exception):
    """CUPTI is not available; the message is a sentence for the user."""


class Cupti:
    """The CUPTI library with its buffers; one per process.

    Args:
        on_records: called with the records.

    Raises:
        CuptiError: cupti-python is missing or incompatible, or another profiler uses CUPTI.
    """

    def __init__(self, on_records: OnRecords) -> None:
        try:
            import numpy
            from cupti import cupti
        except ImportError as error:
            missing = error.name or "cupti"
            raise CuptiError(
                "GPU times need cupti-python in this environment: python -m pip install cupti-python"
                + ("." if missing.startswith("cupti") else f" ({error}).")
            ) from error
        self._numpy = numpy
        self._on_records = on_records
        try:
            cupti.get_timestamp()  # loads the library
            self.path = _loaded_path()
            self._library = ctypes.CDLL(self.path)
            self.layouts = {kind: getattr(cupti, f"activity_{name}_dtype") for kind, name in _LAYOUTS.items()}
            self.calls = _calls(cupti)
        except Exception as error:  # CUPTI's own, or from another module of that name
            raise CuptiError(f"CUPTI cannot be used ({error}): install the cupti-python for this driver.") from error
        if self.is_taken():
            raise CuptiError("Another profiler uses CUPTI, so there are no GPU times: end it, or run without it.")
        self._pool: list[Any] = []
        self._lent: dict[int, Any] = {}
        #: Number of bytes that could not be read because their layout is unknown.
        self.unreadable = 0
        self._register()

    def enable(self, kinds: tuple[int, ...]) -> None:
        """Start recording kinds of activity.

        Raises:
            CuptiError: CUPTI refuses.
        """
        for kind in kinds:
            self._check(self._library.cuptiActivityEnable(kind), f"kind {kind}")

    def disable(self, kinds: tuple[int, ...]) -> None:
        """Stop recording kinds of activity."""
        for kind in kinds:
            self._library.cuptiActivityDisable(kind)

    def enable_calls(self) -> None:
        """Start recording the driver functions listed above."""
        for number in self.calls:
            self._library.cuptiActivityEnableDriverApi(ctypes.c_uint32(number), ctypes.c_uint8(1))

    def disable_calls(self) -> None:
        """Stop recording these driver functions."""
        for number in self.calls:
            self._library.cuptiActivityEnableDriverApi(ctypes.c_uint32(number), ctypes.c_uint8(0))

    def detach(self) -> None:
        """Detach CUPTI from the process, because it must not call back after the interpreter has ended."""
        self._library.cuptiFinalize()

    def flush(self, *, forced: bool = False) -> None:
        """Deliver recorded activities; ``forced`` includes unfinished ones."""
        # CUPTI calls back into Python in this thread. A KeyboardInterrupt there would be lost, with the records.
        with deferred_interrupts():
            self._library.cuptiActivityFlushAll(ctypes.c_uint32(int(forced)))

    def timestamp(self) -> int:
        """Return the current time of the records' clock, in nanoseconds."""
        now = ctypes.c_uint64()
        self._library.cuptiGetTimestamp(ctypes.byref(now))
        return now.value

    def dropped(self) -> int:
        """Return the number of records lost since the last call."""
        count = ctypes.c_size_t()
        self._library.cuptiActivityGetNumDroppedRecords(None, ctypes.c_uint32(0), ctypes.byref(count))
        return count.value

    def is_taken(self) -> bool:
        """Return whether another profiler, such as PyTorch's, has subscribed and receives the records."""
        handle = ctypes.c_void_p()
        nothing = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)(
            lambda *_: None
        )
        status = self._library.cuptiSubscribe(ctypes.byref(handle), nothing, None)
        if status == 0:
            self._library.cuptiUnsubscribe(handle)
        return bool(status == _ANOTHER_PROFILER)

    def _check(self, status: int, what: str) -> None:
        if status:
            text = ctypes.c_char_p()
            self._library.cuptiGetResultString(status, ctypes.byref(text))
            reason = (text.value or b"error").decode("ascii", "replace")
            raise CuptiError(f"CUPTI refuses to trace ({what}: {reason}): see the driver's limits on profiling.")

    def _register(self) -> None:
        pointer, size = ctypes.POINTER, ctypes.c_size_t
        requested = ctypes.CFUNCTYPE(None, pointer(ctypes.c_void_p), pointer(size), pointer(size))(self._lend)
        completed = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, size, size)(self._take)
        _KEPT.append((requested, completed, self))
        self._check(self._library.cuptiActivityRegisterCallbacks(requested, completed), "buffers")

    def _lend(self, address: Any, size: Any, records: Any) -> None:
        buffer = self._pool.pop() if self._pool else ctypes.create_string_buffer(_BUFFER_BYTES + 8)
        aligned = (ctypes.addressof(buffer) + 7) & ~7
        self._lent[aligned] = buffer
        address[0], size[0], records[0] = aligned, _BUFFER_BYTES, 0

    def _take(self, _context: Any, _stream: int, address: int, _size: int, valid: int) -> None:
        try:
            if valid:
                self._read(address, valid)
        finally:
            buffer = self._lent.pop(address, None)
            if buffer is not None and len(self._pool) < _MAX_POOLED:
                self._pool.append(buffer)

    def _read(self, address: int, valid: int) -> None:
        """Deliver the records of a buffer in runs of one kind; each record begins with its kind."""
        memory: Any = (ctypes.c_ubyte * valid).from_address(address)
        data = self._numpy.frombuffer(memory, self._numpy.uint8)
        offset = 0
        while offset + 4 <= valid:
            kind = int.from_bytes(data[offset : offset + 4].tobytes(), "little")
            layout = self.layouts.get(kind)
            if layout is None:
                self.unreadable += valid - offset
                return
            most = (valid - offset) // layout.itemsize
            records = data[offset : offset + most * layout.itemsize].view(layout)
            count = _run_length(records["kind"], kind)
            if not count:
                return
            self._on_records(kind, records[:count])
            offset += count * layout.itemsize


def _run_length(kinds: Any, kind: int) -> int:
    """Return the number of leading elements of a kind, checking twice as many at each step."""
    count, total = min(1, len(kinds)), len(kinds)
    while count < total:
        end = min(total, 2 * count)
        others = kinds[count:end] != kind
        if others.any():
            return count + int(others.argmax())
        count = end
    return count


def _loaded_path() -> str:
    """Return the path of the libcupti that this process has loaded.

    Raises:
        OSError: none is loaded.
    """
    with open("/proc/self/maps") as maps:  # noqa: PTH123
        for line in maps:
            path = line.rstrip("\n").partition("/")[2]
            if os.path.basename(path).startswith("libcupti.so"):  # noqa: PTH119 - pathlib is not worth importing
                return "/" + path
    raise OSError("libcupti is not loaded")


def _calls(cupti: Any) -> dict[int, str]:
    names = (*CONTEXT_CALLS, *LOAD_CALLS, WAIT_CALL)
    found = {}
    for name in names:
        with suppress(AttributeError):  # not in this version of the driver API
            found[int(getattr(cupti.driver_api_trace_cbid, name))] = name
    return found
