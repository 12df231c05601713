"""When the GPU is idle: ``cuCtxSynchronize`` through a libcuda that the snippet itself has loaded.

Nothing here loads a driver library, initialises CUDA or creates a context: without CUDA in the process it costs a
look once in a while. Functions and status codes are those of the CUDA driver API reference,
https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__CTX.html.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from .captures import FrameworkStreams

_SUCCESS = 0
#: A context cannot be waited for while one of its streams is captured; having tried has invalidated the capture.
_CAPTURE_UNSUPPORTED = 900
#: The answer to a question about the legacy stream while a stream that blocks it is captured; harmless to that.
_CAPTURE_IMPLICIT = 906
#: CU_STREAM_LEGACY.
_LEGACY_STREAM = 1
_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
#: How much time statements must have taken before it is worth looking: a look for the library costs about 35 µs and
#: loading it milliseconds; a look for a context costs about 1 µs and creating one far more.
_PATIENCE_UNLOADED_NS = 5_000_000
_PATIENCE_LOADED_NS = 50_000
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
    """Knows whether the snippet uses CUDA, and waits until every context it can see is idle.

    Waiting would invalidate a stream capture (CUDA graph) that spans statements, so those go without: asked are the
    driver, which knows of ordinary streams, and PyTorch and CuPy for their current streams. A capture of another kind
    shows by the error that waiting for its context is. From then on nothing is waited for in this run, so that a
    second attempt of the snippet succeeds.
    """

    def __init__(self, library: str = _LIBRARY) -> None:
        self._name = library
        self._driver: _Driver | None = None
        self._streams = FrameworkStreams()
        #: Whether nothing is waited for any more, because of a capture that cannot be told ahead.
        self.has_given_up = False
        #: Whether a context was seen: from then on every statement is followed by a synchronisation.
        self.in_use = False
        #: Look again when statements have taken this long since the last look.
        self.patience_ns = _PATIENCE_UNLOADED_NS

    def look(self) -> bool:
        """Find out whether the process uses CUDA by now, without changing anything about that."""
        if self.has_given_up:
            return False
        if self._driver is None:
            self._driver = _already_loaded(self._name)
        if self._driver is not None:
            driver = self._driver
            self.patience_ns = _PATIENCE_LOADED_NS
            self.in_use = bool(driver.current()) or any(driver.is_active(device) for device in driver.devices())
        return self.in_use

    def synchronize(self) -> bool:
        """Wait until the current context and the active primary contexts are idle; whether they are.

        They may not be during a capture, and are not where there is none. An error from the GPU stays where it is:
        the snippet's next call reports it.
        """
        driver = self._driver
        if driver is None:
            return self.in_use
        # A framework is asked only when a context is current: else the question could create one.
        if driver.current() and (driver.is_capturing() or self._streams.are_capturing()):
            return False
        self.in_use = driver.synchronize()
        if driver.has_met_capture:
            self.has_given_up, self.in_use, self.patience_ns = True, False, _NEVER_NS
        return self.in_use


class _Driver:
    """The few calls needed, with their arguments allocated once: they run after every statement."""

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
        #: Whether a context could not be waited for because of a capture.
        self.has_met_capture = False
        #: The primary context each device was last seen with, to tell that it is the current one.
        self._primary: dict[int, int | None] = {}

    def __getattr__(self, name: str) -> Any:  # the functions set by name above
        raise AttributeError(name)

    def current(self) -> int | None:
        """Return the context of this thread, or None: also before CUDA is initialised and after it is shut down."""
        return self._context.value if self._cuCtxGetCurrent(self._to_context) == _SUCCESS else None

    def devices(self) -> range:
        """Return the ordinals of the devices; none before CUDA is initialised."""
        if not self._count.value and self._cuDeviceGetCount(self._to_count) != _SUCCESS:
            self._count.value = 0
        return range(self._count.value)

    def is_active(self, device: int) -> bool:
        """Return whether the device has a primary context by now."""
        status = self._cuDevicePrimaryCtxGetState(device, self._to_flags, self._to_active)
        return bool(status == _SUCCESS and self._active.value)

    def is_capturing(self) -> bool:
        """Return whether a stream of the current context is captured, as far as it blocks the legacy stream."""
        status = self._cuStreamIsCapturing(self._legacy_stream, self._to_capturing)
        return bool(status == _CAPTURE_IMPLICIT or (status == _SUCCESS and self._capturing.value))

    def synchronize(self) -> bool:
        """Wait for the current context and the active primary ones; whether there was any."""
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
            self.has_met_capture = True

    def _synchronize_primary(self, device: int, current: int | None) -> None:
        # Retaining an active context only counts a reference; it is released again below.
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
    """Return a handle of the driver library if this process has loaded it, else None."""
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
    except AttributeError:  # it lacks a function
        return None
