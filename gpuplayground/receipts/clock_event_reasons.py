"""Names of the clock event reasons, the bits of ``nvmlClocksEventReasons`` in nvml.h.

https://docs.nvidia.com/deploy/nvml-api/group__nvmlClocksEventReasons.html
"""

from __future__ import annotations

from collections.abc import Iterable

from gpuplayground.model.samples import GpuSample

IDLE = 0x1
POWER_LIMIT = 0x4
HARDWARE_SLOWDOWN = 0x8
SOFTWARE_THERMAL = 0x20
HARDWARE_THERMAL = 0x40
POWER_BRAKE = 0x80
BOARD_LIMIT = 0x200

NAMES = {
    IDLE: "idle",
    0x2: "application clocks",
    POWER_LIMIT: "power limit",
    HARDWARE_SLOWDOWN: "hardware slowdown",
    0x10: "sync boost",
    SOFTWARE_THERMAL: "temperature (software)",
    HARDWARE_THERMAL: "temperature (hardware)",
    POWER_BRAKE: "power brake",
    0x100: "display clock",
    BOARD_LIMIT: "board limit",
    0x400: "reliability",
}
#: The reasons that keep a GPU below the clock it would otherwise reach. The others are settings, lack of work, or the
#: highest clock that the voltage allows (“reliability”).
CAPS = POWER_LIMIT | HARDWARE_SLOWDOWN | SOFTWARE_THERMAL | HARDWARE_THERMAL | POWER_BRAKE | BOARD_LIMIT


def shares(samples: Iterable[GpuSample]) -> tuple[tuple[str, float], ...] | None:
    """Return the name of each reason and its share (0 to 1) of the samples, the most frequent first.

    Samples without reasons do not count; without any others the result is None. An unknown bit is shown as a number.
    """
    known = [sample.event_reasons for sample in samples if sample.event_reasons is not None]
    if not known:
        return None
    counts: dict[str, int] = {}
    for reasons in known:
        for position in range(reasons.bit_length()):
            if bit := reasons & 1 << position:
                name = NAMES.get(bit, f"reason {bit:#x}")
                counts[name] = counts.get(name, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return tuple((name, count / len(known)) for name, count in ordered)
