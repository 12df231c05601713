"""Waits until the GPU is idle, with ``cuCtxSynchronize`` from the libcuda that the snippet has loaded.

This never loads a driver library, initialises CUDA or creates a context; without CUDA in the process it costs a check
from time to time. Functions and status codes are from the CUDA driver API reference,
https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__CTX.html.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from .captures import FrameworkStreams

_SUCCESS = 0
#: Status of a wait for a context while one of its streams is being captured; the wait invalidates the capture.
_CAPTURE_UNSUPPORTED = 900
#: Status of a query of the legacy stream while a blocking stream is being captured; harmless to the capture.
_CAPTURE_IMPLICIT = 906
#: CU_STREAM_LEGACY.
_LEGACY_STREAM = 1
_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
#: Time that statements must take between two checks. Checking for the library costs about 35 µs, while loading it takes
#: milliseconds; checking for a context costs about 1 µs, while creating one takes much longer.
_CHECK_UNLOADED_NS = 5_000_000
_CHECK_LOADED_NS = 50_000
_NEVER_NS = 1 << 63
_FUNCTIONS = (
    "cuCtxGetCurrent",
    "cuCtxSynchronize",
    "cuCtxPushCurrent_v2",
    "cuCtxPopCurrent_v2",
    "cuDeviceGetCount",
    "cuDevicePrimaryCtxGetState",
    "cuDevicePrimaryCtxRetain",
    "cuDevicePrimaryCtxRelease_v2",
    "cuStreamIsCapturing",
)


class CudaClock:
    """Detects whether the snippet uses CUDA, and waits until every visible context is idle.

    Waiting would invalidate a stream capture (CUDA graph) that spans statements. So there is no wait while the driver
    reports a capture of an ordinary stream, or PyTorch or CuPy one of their current stream. Other captures are detected
    by the error of the wait. After that the run does not wait any more, so that the snippet can retry.
    """

    def __init__(self, library: str = _LIBRARY) -> None:
        self._name = library
        self._driver: _Driver | None = None
        self._streams = FrameworkStreams()
        #: Whether waiting is disabled, because a wait hit a capture that could not be detected in advance.
        self.has_given_up = False
        #: Whether there is a context; then every statement is followed by a synchronisation.
        self.in_use = False
        #: Time that statements must take until the next check.
        self.check_after_ns = _CHECK_UNLOADED_NS

    def detect(self) -> bool:
        """Check whether the process uses CUDA, without side effects on CUDA."""
        if self.has_given_up:
            return False
        if self._driver is None:
            self._driver = _already_loaded(self._name)
        if self._driver is not None:
            driver = self._driver
            self.check_after_ns = _CHECK_LOADED_NS
            self.in_use = bool(driver.current()) or any(driver.is_active(device) for device in driver.devices())
        return self.in_use

    def synchronize(self) -> bool:
        """Wait until the current and the active primary contexts are idle, and return whether they are.

        False during a capture and without a context. A GPU error is left to the snippet's next call.
        """
        driver = self._driver
        if driver is None:
            return self.in_use
        # Frameworks are queried only if a context is current, because the query could create one.
        if driver.current() and (driver.is_capturing() or self._streams.are_capturing()):
            return False
        self.in_use = driver.synchronize()
        if driver.has_hit_capture:
            self.has_given_up, self.in_use, self.check_after_ns = True, False, _NEVER_NS
        return self.in_use


class _Driver:
    """The required driver calls, with preallocated arguments, because they run after every statement."""

    def __init__(self, library: Any) -> None:
        import ctypes

        for name in _FUNCTIONS:
            setattr(self, f"_{name}", getattr(library, name))
        self._context, self._popped = ctypes.c_void_p(), ctypes.c_void_p()
        self._active, self._flags, self._count = ctypes.c_int(), ctypes.c_uint(), ctypes.c_int()
        self._to_context, self._to_popped = ctypes.byref(self._context), ctypes.byref(self._popped)
        self._to_active, self._to_flags = ctypes.byref(self._active), ctypes.byref(self._flags)
        self._to_count = ctypes.byref(self._count)
        self._capturing = ctypes.c_int()
        self._to_capturing = ctypes.byref(self._capturing)
        self._legacy_stream = ctypes.c_void_p(_LEGACY_STREAM)
        #: Whether a wait failed because of a capture.
        self.has_hit_capture = False
        #: Last known primary context of each device, to recognize the current context.
        self._primary: dict[int, int | None] = {}

    def __getattr__(self, name: str) -> Any:  # the functions set by name above
        raise AttributeError(name)

    def current(self) -> int | None:
        """Return the context of this thread; None without one, before CUDA is initialised and after its shutdown."""
        return self._context.value if self._cuCtxGetCurrent(self._to_context) == _SUCCESS else None

    def devices(self) -> range:
        """Return the ordinals of the devices; none before CUDA is initialised."""
        if not self._count.value and self._cuDeviceGetCount(self._to_count) != _SUCCESS:
            self._count.value = 0
        return range(self._count.value)

    def is_active(self, device: int) -> bool:
        """Return whether the device has an active primary context."""
        status = self._cuDevicePrimaryCtxGetState(device, self._to_flags, self._to_active)
        return bool(status == _SUCCESS and self._active.value)

    def is_capturing(self) -> bool:
        """Return whether a stream of the current context that blocks the legacy stream is being captured."""
        status = self._cuStreamIsCapturing(self._legacy_stream, self._to_capturing)
        return bool(status == _CAPTURE_IMPLICIT or (status == _SUCCESS and self._capturing.value))

    def synchronize(self) -> bool:
        """Wait for the current and the active primary contexts; return whether there were any."""
        current = self.current()
        if current:
            self._wait()
        seen = bool(current)
        for device in self.devices():
            if current and self._primary.get(device) == current:
                continue
            if self.is_active(device):
                seen = True
                self._synchronize_primary(device, current)
        return seen

    def _wait(self) -> None:
        if self._cuCtxSynchronize() == _CAPTURE_UNSUPPORTED:
            self.has_hit_capture = True

    def _synchronize_primary(self, device: int, current: int | None) -> None:
        # Retaining an active context only increments its reference count; it is released below.
        if self._cuDevicePrimaryCtxRetain(self._to_context, device) != _SUCCESS:
            return
        try:
            primary = self._primary[device] = self._context.value
            if primary != current and self._cuCtxPushCurrent_v2(self._context) == _SUCCESS:
                try:
                    if not self.is_capturing():
                        self._wait()
                finally:
                    self._cuCtxPopCurrent_v2(self._to_popped)
        finally:
            self._cuDevicePrimaryCtxRelease_v2(device)


def loaded_library(name: str = _LIBRARY) -> Any:
    """Return the driver library if this process has loaded it, else None."""
    import ctypes

    try:
        if sys.platform == "win32":
            return ctypes.WinDLL(name) if ctypes.windll.kernel32.GetModuleHandleW(name) else None
        noload = getattr(os, "RTLD_NOLOAD", None)
        return None if noload is None else ctypes.CDLL(name, mode=noload | os.RTLD_NOW)
    except OSError:
        return None


def _already_loaded(name: str) -> _Driver | None:
    library = loaded_library(name)
    try:
        return None if library is None else _Driver(library)
    except AttributeError:  # the library lacks a function
        return None
