"""The table of GPU metrics: one row each with its name, unit, colour, and where it is kept and shown.

To add a metric, add a row here, a field of the same name to :class:`~gpuplayground.model.samples.GpuSample`, and the
NVML call that reads it to :mod:`gpuplayground.monitor.sampling.probes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from gpuplayground.units import GIB


class Kind(Enum):
    """What the values of a metric are, and so what a recording may contain."""

    QUANTITY = auto()
    TEMPERATURE = auto()
    CODE = auto()
    """A number that stands for a state, or a bit mask: never averaged or scaled."""


@dataclass(frozen=True, slots=True)
class Track:
    """One of the monitor's tracks: the metrics that share a plot and its axis, and so have one unit.

    ``headroom`` is the height of the axis as a multiple of the upper limit. With ``draws_limit`` the limit is drawn as
    a line. With ``includes_samples`` the axis also covers the newest samples: a clock can exceed its stated maximum.
    """

    key: str
    title: str
    headroom: float = 1.04
    draws_limit: bool = False
    includes_samples: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. Texts are English message ids, which the window translates.

    Every metric is sampled and is a column of recordings and CSV tables, in the order of the table.

    Args:
        field: the field of ``GpuSample`` and the column's name, with the base unit at its end.
        label: the full name.
        unit: the unit on screen; empty for a code.
        scale: base units (those of the field) in one unit on screen.
        decimals: decimals on screen.
        kind: what the values are.
        role: the colour, a field of the theme's ``Colors``; empty where it is never drawn.
        limit: the field of ``GpuSample`` or ``GpuInfo`` with the upper limit, if there is one.
        top: the upper limit where it is always the same, in base units.
        names_limit: whether the limit is written beside the value, as in ``/ 700 W``.
        card: the heading on a GPU card; empty: not on the card.
        track: the key of its track in :data:`TRACKS`; empty: in no track.
        curve: the name beside the curve, among the other curves of its track.
        trace: the name of its curve under a run's trace, for which it is also kept with past runs; empty: no curve.
        receipt: the label in a run's receipt; empty: not in the receipt.
        in_series: whether it is kept for plots although no track shows it.
        is_steady: whether it hardly ever changes, so that a sample log can number its values.
    """

    field: str
    label: str
    unit: str
    scale: float = 1.0
    decimals: int = 0
    kind: Kind = Kind.QUANTITY
    role: str = ""
    limit: str = ""
    top: float | None = None
    names_limit: bool = False
    card: str = ""
    track: str = ""
    curve: str = ""
    trace: str = ""
    receipt: str = ""
    in_series: bool = False
    is_steady: bool = False


TRACKS = (
    Track("utilization", "Utilization"),
    Track("memory", "Memory"),
    Track("power", "Power", headroom=1.1, draws_limit=True),
    Track("temperature", "Temperature"),
    Track("clocks", "Clocks", headroom=1.08, includes_samples=True),
)

METRICS = (
    Metric(
        "gpu_util_percent", "GPU utilization", "%",
        role="utilization", top=100.0,
        card="Utilization", track="utilization", curve="GPU", trace="Utilization", receipt="Utilization",
    ),
    Metric(
        "memory_util_percent", "Memory controller utilization", "%",
        role="memory_controller", top=100.0,
        track="utilization", curve="Memory controller",
    ),
    Metric(
        "memory_used_bytes", "Memory used", "GiB", scale=GIB, decimals=1,
        role="memory", limit="memory_total_bytes", names_limit=True,
        card="Memory", track="memory", curve="Used", trace="Memory", receipt="GPU memory",
    ),
    Metric("memory_total_bytes", "Total memory", "GiB", scale=GIB, decimals=1, is_steady=True),
    Metric(
        "temperature_c", "Temperature", "°C",
        # Data-centre GPUs slow down at 85 to 95 °C.
        kind=Kind.TEMPERATURE, role="temperature", top=100.0,
        card="Temp", track="temperature", curve="GPU",
    ),
    Metric(
        "power_w", "Power", "W",
        role="power", limit="power_limit_w", names_limit=True,
        card="Power", track="power", curve="Board", trace="Power", receipt="Power",
    ),
    Metric("power_average_w", "Average power", "W"),
    Metric("power_limit_w", "Power limit", "W", is_steady=True),
    Metric(
        "sm_clock_mhz", "SM clock", "MHz",
        role="clock", limit="max_sm_clock_mhz",
        card="SM clock", track="clocks", curve="SM", receipt="SM clock",
    ),
    Metric(
        "memory_clock_mhz", "Memory clock", "MHz",
        role="memory_controller", limit="max_memory_clock_mhz",
        track="clocks", curve="Memory", is_steady=True,
    ),
    Metric("encoder_util_percent", "Encoder utilization", "%", top=100.0),
    Metric("decoder_util_percent", "Decoder utilization", "%", top=100.0),
    Metric("performance_state", "Performance state", "", kind=Kind.CODE),
    Metric("event_reasons", "Clock event reasons", "", kind=Kind.CODE, receipt="Clocks limited by", is_steady=True),
    Metric("fan_percent", "Fan speed", "%", top=100.0, in_series=True),
    Metric("energy_j", "Energy since the driver was loaded", "J", receipt="Energy"),
)  # fmt: skip

#: The fields of all metrics: the columns of recordings and CSV tables.
FIELDS = tuple(metric.field for metric in METRICS)
#: The fields that are kept over time for plots.
SERIES = tuple(metric.field for metric in METRICS if metric.track or metric.in_series)
#: The metrics on a GPU card, from left to right.
CARD = tuple(metric for metric in METRICS if metric.card)
#: The metrics whose curves are drawn under a run's trace, from top to bottom.
TRACE = tuple(metric for metric in METRICS if metric.trace)
#: The fields kept with a past run: those of the trace's curves and of their limits.
TRACE_FIELDS = tuple(field for field in FIELDS if any(field in (metric.field, metric.limit) for metric in TRACE))

_BY_FIELD = {metric.field: metric for metric in METRICS}


def metric(field: str) -> Metric:
    """Return the row of a field.

    Raises:
        KeyError: no metric has this field.
    """
    return _BY_FIELD[field]
