"""Prepared NVML calls of the fast and medium tiers, created once per GPU so that a tick takes microseconds.

nvidia-ml-py allocates, looks up and wraps on every call, which is most of an agent's time at 10 Hz with eight GPUs.
Here each call keeps its function, arguments and result buffer. The library is the one loaded by nvidia-ml-py.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from gpuplayground.model.samples import GpuSample
from gpuplayground.monitor.sampling.nvml_errors import CLOSED, LOST, NOT_AVAILABLE, Code, NvmlCallError
from gpuplayground.runtime.clock import now_ns

#: Values above these limits are invalid (such as 4294967295 %) and dropped.
MAX_PERCENT = 100
MAX_FAN_PERCENT = 200  # nvml.h: the fan speed "may exceed 100% in certain cases"
MAX_TEMPERATURE_C = 200
MAX_POWER_MW = 5_000_000
MAX_CLOCK_MHZ = 10_000
MAX_PERFORMANCE_STATE = 15
MAX_MEMORY_BYTES = 1 << 44
_ALL_ONES = (1 << 64) - 1

_TEMPERATURE_GPU = 0
_CLOCK_SM = 1
_CLOCK_MEMORY = 2
_FIELD_POWER_AVERAGE = 185
_FIELD_POWER_INSTANT = 186
_POWER_FIELDS = {_FIELD_POWER_AVERAGE: "power_average_w", _FIELD_POWER_INSTANT: "power_w"}
#: The return codes for an unsupported field; a driver too old to know its number returns INVALID_ARGUMENT.
_FIELD_REFUSED = frozenset({*NOT_AVAILABLE, Code.INVALID_ARGUMENT})
_MEMORY_V2 = 0x02000028

#: Memory use below this is the driver's own: a CUDA context alone takes hundreds of MiB.
IN_USE_BYTES = 64 << 20

Values = dict[str, Any]


def _nothing() -> None:
    """Do nothing after a call."""


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class _MemoryV1(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


class _MemoryV2(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_uint),
        ("total", ctypes.c_ulonglong),
        ("reserved", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class _FieldValue(ctypes.Structure):
    _fields_ = (
        ("field_id", ctypes.c_uint32),
        ("scope_id", ctypes.c_uint32),
        ("timestamp", ctypes.c_int64),
        ("latency_us", ctypes.c_int64),
        ("value_type", ctypes.c_uint),
        ("code", ctypes.c_uint),
        # A union of eight bytes; both fields read here are unsigned 32-bit integers.
        ("value", ctypes.c_uint32),
        ("_rest", ctypes.c_uint32),
    )


class _Probe:
    """One prepared call.

    ``read`` copies the call's result buffer into the values of a sample, and returns replacement probes if the driver
    refused part of it. ``older`` returns the probes to use if the function is not available.
    """

    __slots__ = ("arguments", "function", "name", "older", "read")

    def __init__(
        self,
        library: Any,
        name: str,
        arguments: tuple[Any, ...],
        read: Callable[[Values], list[_Probe] | None],
        older: Callable[[], list[_Probe]] = list,
    ) -> None:
        self.name = name
        #: None if the driver library has no such function.
        self.function = getattr(library, name, None)
        self.arguments = arguments
        self.read = read
        self.older = older


class GpuProbes:
    """The prepared calls of one GPU.

    Args:
        library: libnvidia-ml as loaded by ctypes.
        handle: the GPU's ``nvmlDevice_t``.
        uuid: the GPU's UUID.
    """

    def __init__(self, library: Any, handle: Any, uuid: str) -> None:
        self._library = library
        self._handle = handle
        self._uuid = uuid
        self._held: Values = {}
        self._is_in_use = False
        self._fast = [
            self._utilization(),
            self._memory_v2(),
            self._number("nvmlDeviceGetTemperature", "temperature_c", MAX_TEMPERATURE_C, _TEMPERATURE_GPU),
            self._field_power(),
            self._number("nvmlDeviceGetClockInfo", "sm_clock_mhz", MAX_CLOCK_MHZ, _CLOCK_SM),
            self._number("nvmlDeviceGetClockInfo", "memory_clock_mhz", MAX_CLOCK_MHZ, _CLOCK_MEMORY),
            self._with_period("nvmlDeviceGetEncoderUtilization", "encoder_util_percent"),
            self._with_period("nvmlDeviceGetDecoderUtilization", "decoder_util_percent"),
            self._number("nvmlDeviceGetPerformanceState", "performance_state", MAX_PERFORMANCE_STATE),
            self._event_reasons(),
        ]
        self._slow = [
            self._number("nvmlDeviceGetFanSpeed", "fan_percent", MAX_FAN_PERCENT),
            self._power("nvmlDeviceGetEnforcedPowerLimit", "power_limit_w"),
        ]
        self._medium = [self._energy()]

    @property
    def is_in_use(self) -> bool:
        """Whether the last sample shows utilization, or more memory than the driver uses itself."""
        return self._is_in_use

    def sample(self, medium: bool = False, touch: Callable[[], None] = _nothing) -> GpuSample:
        """Return a sample of the fast tier, with the last values of the slow tier and, if requested, the medium tier.

        ``touch`` is called after each driver call.

        Raises:
            NvmlCallError: the GPU is lost, or NVML must be reopened.
        """
        time_ns = now_ns()
        values = self._held.copy()
        self._run(self._fast, values, touch)
        if medium:
            # Last, because it usually takes 3 ms and up to 18 ms.
            self._run(self._medium, values, touch)
        used_bytes, busy = values.get("memory_used_bytes") or 0, values.get("gpu_util_percent") or 0
        self._is_in_use = used_bytes >= IN_USE_BYTES or busy > 0
        return GpuSample(time_ns, self._uuid, **values)

    def refresh_slow(self, touch: Callable[[], None] = _nothing) -> None:
        """Read fan and power limit for later samples. May be called from another thread.

        Raises:
            NvmlCallError: the GPU is lost, or NVML must be reopened.
        """
        values: Values = {}
        self._run(self._slow, values, touch)
        self._held = values

    def _run(self, probes: list[_Probe], values: Values, touch: Callable[[], None]) -> None:
        changes = []
        for probe in probes:
            code = Code.FUNCTION_NOT_FOUND if probe.function is None else probe.function(*probe.arguments)
            touch()
            if code == Code.SUCCESS:
                if (replacement := probe.read(values)) is not None:
                    changes.append((probe, replacement))
            elif code in NOT_AVAILABLE:
                changes.append((probe, probe.older()))
            elif code in LOST or code in CLOSED:
                raise NvmlCallError(code, probe.name)
            # Any other error, such as a timeout, skips this metric for this tick.
        for probe, replacement in changes:
            position = probes.index(probe)
            probes[position : position + 1] = replacement

    def _number(self, function: str, metric: str, maximum: int, *selector: int) -> _Probe:
        buffer = ctypes.c_uint()

        def read(values: Values) -> None:
            if buffer.value <= maximum:
                values[metric] = buffer.value

        return _Probe(self._library, function, (self._handle, *selector, ctypes.byref(buffer)), read)

    def _power(self, function: str, metric: str) -> _Probe:
        buffer = ctypes.c_uint()

        def read(values: Values) -> None:
            if buffer.value <= MAX_POWER_MW:
                values[metric] = buffer.value / 1000

        return _Probe(self._library, function, (self._handle, ctypes.byref(buffer)), read)

    def _energy(self) -> _Probe:
        buffer = ctypes.c_ulonglong()

        def read(values: Values) -> None:
            if buffer.value != _ALL_ONES:
                values["energy_j"] = buffer.value / 1000

        name = "nvmlDeviceGetTotalEnergyConsumption"
        return _Probe(self._library, name, (self._handle, ctypes.byref(buffer)), read)

    def _with_period(self, function: str, metric: str) -> _Probe:
        buffer, period_us = ctypes.c_uint(), ctypes.c_uint()

        def read(values: Values) -> None:
            if buffer.value <= MAX_PERCENT:
                values[metric] = buffer.value

        return _Probe(self._library, function, (self._handle, ctypes.byref(buffer), ctypes.byref(period_us)), read)

    def _utilization(self) -> _Probe:
        buffer = _Utilization()

        def read(values: Values) -> None:
            if buffer.gpu <= MAX_PERCENT:
                values["gpu_util_percent"] = buffer.gpu
            if buffer.memory <= MAX_PERCENT:
                values["memory_util_percent"] = buffer.memory

        return _Probe(self._library, "nvmlDeviceGetUtilizationRates", (self._handle, ctypes.byref(buffer)), read)

    def _memory_v2(self) -> _Probe:
        # The older call counts memory reserved by the driver as used.
        older = self._memory("nvmlDeviceGetMemoryInfo", _MemoryV1())
        return self._memory("nvmlDeviceGetMemoryInfo_v2", _MemoryV2(version=_MEMORY_V2), older)

    def _memory(self, function: str, buffer: _MemoryV1 | _MemoryV2, *older: _Probe) -> _Probe:
        def read(values: Values) -> None:
            total, used = buffer.total, buffer.used
            if 0 < total <= MAX_MEMORY_BYTES:
                values["memory_total_bytes"] = total
                if used <= total:
                    values["memory_used_bytes"] = used

        return _Probe(self._library, function, (self._handle, ctypes.byref(buffer)), read, lambda: list(older))

    def _event_reasons(self) -> _Probe:
        names = ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons")
        name = names[0] if hasattr(self._library, names[0]) else names[1]
        buffer = ctypes.c_ulonglong()

        def read(values: Values) -> None:
            if buffer.value != _ALL_ONES:
                values["event_reasons"] = buffer.value

        return _Probe(self._library, name, (self._handle, ctypes.byref(buffer)), read)

    def _field_power(self, fields: tuple[int, ...] = tuple(_POWER_FIELDS)) -> _Probe:
        buffer = (_FieldValue * len(fields))(*(_FieldValue(field_id=field) for field in fields))

        def read(values: Values) -> list[_Probe] | None:
            refused = False
            for answer in buffer:
                if answer.code == Code.SUCCESS:
                    if answer.value <= MAX_POWER_MW:
                        values[_POWER_FIELDS[answer.field_id]] = answer.value / 1000
                elif answer.code in _FIELD_REFUSED:
                    refused = True
            if not refused:
                return None
            return self._power_without({answer.field_id for answer in buffer if answer.code in _FIELD_REFUSED}, fields)

        arguments = (self._handle, len(fields), ctypes.byref(buffer))
        return _Probe(
            self._library, "nvmlDeviceGetFieldValues", arguments, read, lambda: self._power_without(set(fields), fields)
        )

    def _power_without(self, refused: set[int], fields: tuple[int, ...]) -> list[_Probe]:
        left = tuple(field for field in fields if field not in refused)
        probes = [self._field_power(left)] if left else []
        if _FIELD_POWER_INSTANT in refused:
            probes.append(self._power("nvmlDeviceGetPowerUsage", "power_w"))
        return probes
