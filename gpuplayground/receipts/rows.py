"""Formats a receipt as rows of text for the terminal and the window."""

from __future__ import annotations

from typing import NamedTuple

from gpuplayground import units
from gpuplayground.metrics import metric
from gpuplayground.receipts.clock_event_reasons import IDLE, NAMES
from gpuplayground.receipts.energy import figure
from gpuplayground.receipts.receipt import Receipt


class Row(NamedTuple):
    """One row: label, value with unit, and a remark, which may be empty."""

    label: str
    value: str
    remark: str


def rows(receipt: Receipt) -> list[Row]:
    """Return the rows of a receipt. An unknown value is a dash with the reason as its remark."""
    missing = ""
    if not receipt.sample_count:
        was_short = not receipt.unwatched_ns
        missing = "the run was shorter than the sampling interval" if was_short else "the GPU was not monitored"
    return [
        *_watched(receipt),
        Row("Process memory", _peak(units.memory_size(receipt.process_peak_bytes)), _clause(receipt.process_note)),
        Row(
            metric("memory_used_bytes").receipt,
            _peak(units.memory_size(receipt.device_peak_bytes)),
            receipt.came_back_sentence,
        ),
        *(
            Row(f"{framework} memory", _peak(units.memory_size(peak)), "as reported by its allocator")
            for framework, peak in sorted(receipt.allocator_peaks.items())
        ),
        Row(
            metric("gpu_util_percent").receipt,
            _mean_and_peak("gpu_util_percent", receipt.utilization_mean_percent, receipt.utilization_peak_percent),
            missing or "share of time with a kernel or copy running",
        ),
        Row(metric("power_w").receipt, _mean_and_peak("power_w", receipt.power_mean_w, receipt.power_peak_w), missing),
        _energy(receipt),
        _clock(receipt, missing),
        _reasons(receipt, missing),
    ]


def _watched(receipt: Receipt) -> list[Row]:
    """Return the share of the run with samples, unless it is all of it."""
    if not receipt.unwatched_ns or not receipt.sample_count:
        return []
    run_ns = receipt.end_ns - receipt.start_ns
    share = f"{units.duration(run_ns - receipt.unwatched_ns)} of {units.duration(run_ns)}"
    return [Row("Monitored", share, "means, clocks and GPU peaks cover only this time")]


def sentences(receipt: Receipt) -> list[str]:
    """Return the rows of a receipt as lines of text."""
    return [f"{label}: {value}{f' ({remark})' if remark else ''}" for label, value, remark in rows(receipt)]


def _peak(size: str) -> str:
    return size if size == units.DASH else f"{size} peak"


def _clause(sentence: str) -> str:
    """Return a sentence as a remark, without capital and full stop."""
    return sentence[:1].lower() + sentence[1:].removesuffix(".")


def _mean_and_peak(field: str, mean: float | None, peak: float | None) -> str:
    if mean is None or peak is None:
        return units.DASH
    unit = metric(field).unit
    return f"{mean:.0f} {unit} mean, {peak:.0f} {unit} peak"


def _energy(receipt: Receipt) -> Row:
    energy = receipt.energy
    if energy.joules is None or energy.resolution_j is None:
        return Row(metric("energy_j").receipt, units.DASH, energy.sentence)
    # The value already contains the resolution; the rest of the sentence is the remark.
    value = figure(energy.joules, energy.resolution_j)
    return Row(metric("energy_j").receipt, value, energy.sentence.removeprefix(value).strip())


def _clock(receipt: Receipt, missing: str) -> Row:
    low, high = receipt.sm_clock_min_mhz, receipt.sm_clock_max_mhz
    if receipt.sm_clock_mean_mhz is None or low is None or high is None:
        return Row(metric("sm_clock_mhz").receipt, units.DASH, missing)
    remark = "throughout" if low == high else f"{low} to {high} MHz"
    return Row(metric("sm_clock_mhz").receipt, f"{receipt.sm_clock_mean_mhz:.0f} MHz mean", remark)


def _reasons(receipt: Receipt, missing: str) -> Row:
    if receipt.event_reasons is None:
        return Row(metric("event_reasons").receipt, units.DASH, missing)
    given = [f"{name} {_share(share)}" for name, share in receipt.event_reasons if name != NAMES[IDLE]]
    return Row(metric("event_reasons").receipt, ", ".join(given) or "nothing", "of the samples" if given else "")


def _share(share: float) -> str:
    return f"{share:.0%}".replace("%", " %") if share >= 0.005 else "under 1 %"
