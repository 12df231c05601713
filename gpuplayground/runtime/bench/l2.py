"""Evicts the L2 cache by writing a buffer of twice its size, through libcuda and ctypes.

The buffer is in the snippet's current context and is written in its legacy stream. See
https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__MEM.html.
"""

from __future__ import annotations

from typing import Any

from ..trace.cuda import loaded_library

_SUCCESS = 0
#: CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, in bytes.
_L2_CACHE_SIZE = 38
#: Size of the buffer relative to the cache: enough even if the cache does not evict the oldest lines first.
_FACTOR = 2


class L2Error(Exception):
    """The cache cannot be evicted; the message is a sentence."""


class L2Flush:
    """A buffer in the current context; :meth:`flush` writes it, :meth:`close` frees it.

    Raises:
        L2Error: there is no current context, or no memory for the buffer.
    """

    def __init__(self) -> None:
        import ctypes

        library: Any = loaded_library()
        if library is None:
            raise L2Error("A cold L2 cache has no effect here: the snippet does not use CUDA.")
        self._cuda = library
        device, size = ctypes.c_int(), ctypes.c_int()
        context = ctypes.c_void_p()
        if library.cuCtxGetCurrent(ctypes.byref(context)) != _SUCCESS or not context.value:
            raise L2Error("A cold L2 cache has no effect here: no CUDA context is current where the body runs.")
        library.cuCtxGetDevice(ctypes.byref(device))
        library.cuDeviceGetAttribute(ctypes.byref(size), _L2_CACHE_SIZE, device)
        if size.value <= 0:
            raise L2Error("A cold L2 cache has no effect here: the GPU does not report an L2 cache.")
        self.bytes = _FACTOR * size.value
        self._buffer = ctypes.c_uint64()
        if library.cuMemAlloc_v2(ctypes.byref(self._buffer), ctypes.c_size_t(self.bytes)) != _SUCCESS:
            raise L2Error(f"There is no GPU memory for the {self.bytes >> 20} MiB needed to evict the L2 cache.")
        self._set = library.cuMemsetD8Async
        self._set.argtypes = (ctypes.c_uint64, ctypes.c_ubyte, ctypes.c_size_t, ctypes.c_void_p)
        self._value = 0

    def flush(self) -> None:
        """Write the buffer and wait. GPU errors are left to the snippet's next call."""
        self._value ^= 0xFF
        self._set(self._buffer.value, self._value, self.bytes, None)
        self._cuda.cuCtxSynchronize()

    def close(self) -> None:
        """Free the buffer."""
        self._cuda.cuMemFree_v2(self._buffer)
