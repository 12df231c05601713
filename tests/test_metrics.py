"""The metrics table against the samples, the theme and the layers that read it."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections import Counter
from dataclasses import replace

from gpuplayground import metrics
from gpuplayground.metrics import CARD, FIELDS, METRICS, SERIES, TRACKS, Kind
from gpuplayground.model.samples import GpuInfo, GpuSample
from gpuplayground.monitor.recording.schema import SCHEMA
from gpuplayground.monitor.sampling.frames import event_of, samples_frame
from gpuplayground.past_runs.curves import from_curves, to_curves
from gpuplayground.ui.widgets.theme import Colors

COLOURS = {field.name for field in dataclasses.fields(Colors)}
SAMPLE_FIELDS = tuple(field.name for field in dataclasses.fields(GpuSample))


def test_every_number_of_a_sample_has_a_row_in_the_same_order() -> None:
    assert ("time_ns", "gpu_uuid", *FIELDS) == SAMPLE_FIELDS


def test_no_field_and_no_track_comes_twice() -> None:
    assert not [field for field, count in Counter(FIELDS).items() if count > 1]
    assert not [key for key, count in Counter(track.key for track in TRACKS).items() if count > 1]


def test_what_is_drawn_has_a_colour_of_the_theme_and_a_unit() -> None:
    for metric in METRICS:
        assert not metric.role or metric.role in COLOURS, metric.field
        if metric.card or metric.track or metric.trace:
            assert metric.role, metric.field
            assert metric.unit, metric.field
            assert metric.kind is not Kind.CODE, metric.field


def test_the_colours_of_a_card_tell_its_figures_apart() -> None:
    assert len({metric.role for metric in CARD}) == len(CARD)


def test_the_metrics_of_a_track_share_a_unit_and_have_different_names() -> None:
    for track in TRACKS:
        own = [metric for metric in METRICS if metric.track == track.key]
        assert own, track.key
        assert len({(metric.unit, metric.scale, metric.decimals) for metric in own}) == 1, track.key
        assert len({metric.curve for metric in own} - {""}) == len(own), track.key
    assert {metric.track for metric in METRICS} - {""} == {track.key for track in TRACKS}


def test_limits_are_fields_of_a_sample_or_of_a_gpu() -> None:
    known = {*FIELDS, *(field.name for field in dataclasses.fields(GpuInfo))}
    assert {metric.limit for metric in METRICS} - {""} <= known
    assert not [metric.field for metric in METRICS if metric.names_limit and not metric.limit]


def test_every_metric_has_a_label_and_a_scale() -> None:
    for metric in METRICS:
        assert metric.label
        assert metric.scale > 0
        assert bool(metric.unit) == (metric.kind is not Kind.CODE), metric.field
        assert metrics.metric(metric.field) is metric


def test_plots_have_a_series_of_every_metric_that_they_draw() -> None:
    assert {metric.field for metric in METRICS if metric.track} <= set(SERIES)


def test_past_runs_keep_the_columns_of_the_traces_curves() -> None:
    (curve,) = to_curves([GpuSample(1, "GPU-1", gpu_util_percent=2.0)])
    columns = ["gpu_uuid", "time_ns", "gpu_util_percent", "memory_used_bytes", "memory_total_bytes", "power_w"]
    assert {*columns, "power_limit_w"} <= set(curve)  # type: ignore[call-overload]


def test_a_past_run_from_before_a_metric_was_added_still_opens() -> None:
    (sample,) = from_curves([{"gpu_uuid": "GPU-1", "time_ns": [7], "power_w": [70.5]}])
    assert sample == GpuSample(7, "GPU-1", power_w=70.5)


def test_the_recorded_columns_are_the_fields_in_order() -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(samples)")]
    connection.close()
    assert columns == ["time_ns", "device_id", *FIELDS]
    known = [
        *("gpu_util_percent", "memory_util_percent", "memory_used_bytes", "memory_total_bytes", "temperature_c"),
        *("power_w", "power_average_w", "power_limit_w", "sm_clock_mhz", "memory_clock_mhz"),
        *("encoder_util_percent", "decoder_util_percent", "performance_state", "event_reasons", "fan_percent"),
        "energy_j",
    ]
    assert columns[2 : 2 + len(known)] == known, "the columns of earlier versions come first"


def test_every_metric_of_a_sample_survives_a_frame() -> None:
    sample = replace(GpuSample(1, "GPU-1"), **dict(zip(FIELDS, range(len(FIELDS)), strict=True)))  # type: ignore[arg-type]
    assert event_of(samples_frame((sample,))) == (sample,)
