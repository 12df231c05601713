"""Energy from the counter and from power: on a recorded H200, on known integrals, and where it is not measurable."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuplayground.model.samples import GpuSample
from gpuplayground.receipts.energy import Energy, EnergyMethod, measured_energy
from tests.support import h200

S = 1_000_000_000


def of_h200(start_ns: int, end_ns: int) -> Energy:
    return measured_energy(h200.samples(), start_ns, end_ns)


def test_the_whole_recording_took_what_its_counter_says_and_power_confirms_it() -> None:
    window = h200.whole()
    energy = of_h200(window.start_ns, window.end_ns)
    assert energy.method is EnergyMethod.COUNTER
    assert energy.joules == pytest.approx(33_470, abs=1)
    assert energy.integrated_j == pytest.approx(33_476, abs=1)
    # The GPU idled at 80 to 130 W where the counter was read.
    assert energy.resolution_j == pytest.approx(13, abs=1)
    assert energy.sentence == "33,470 ± 14 J by the energy counter; integrated power agrees"


def test_power_over_all_samples_of_the_recording_gives_the_known_figure() -> None:
    times = [sample.time_ns for sample in h200.samples()]
    assert of_h200(times[0], times[-1]).integrated_j == pytest.approx(33_553, abs=5)


@pytest.mark.parametrize(
    ("name", "watts"),
    [("elementwise stream", 397), ("matmul bf16", 693), ("matmul f32", 679), ("host to device copies", 133)],
)
def test_a_phase_takes_its_power_times_its_time_by_counter_and_power_alike(name: str, watts: float) -> None:
    window = h200.phase(name)
    energy = of_h200(window.start_ns, window.end_ns)
    assert energy.joules is not None
    assert energy.integrated_j is not None
    assert energy.joules == pytest.approx(watts * (window.end_ns - window.start_ns) / S, rel=0.01)
    assert energy.joules == pytest.approx(energy.integrated_j, rel=0.01)


@given(st.integers(0, 100_000_000_000), st.integers(1_000_000_000, 20_000_000_000))
def test_counter_and_power_agree_within_the_resolution_wherever_the_ends_lie(offset_ns: int, length_ns: int) -> None:
    start_ns = h200.whole().start_ns + offset_ns
    end_ns = min(start_ns + length_ns, h200.whole().end_ns)
    energy = of_h200(start_ns, end_ns)
    assert energy.integrated_j is not None
    assert energy.joules is not None
    assert energy.resolution_j is not None
    assert abs(energy.joules - energy.integrated_j) <= energy.resolution_j + 0.01 * energy.joules


@given(st.integers(0, 100_000_000_000), st.integers(2_000_000_000, 9_000_000_000), st.floats(0.2, 0.8))
def test_two_parts_take_as_much_as_the_whole(offset_ns: int, length_ns: int, share: float) -> None:
    start_ns = h200.whole().start_ns + offset_ns
    middle_ns, end_ns = start_ns + round(share * length_ns), start_ns + length_ns
    parts = [of_h200(start_ns, middle_ns), of_h200(middle_ns, end_ns)]
    whole = of_h200(start_ns, end_ns)
    assert whole.integrated_j == pytest.approx(sum(part.integrated_j or 0 for part in parts))


@pytest.mark.parametrize("milliseconds", [0, 1, 40, 99])
def test_what_is_shorter_than_the_counters_step_is_not_measurable(milliseconds: int) -> None:
    start_ns = h200.phase("matmul bf16").start_ns + S
    energy = of_h200(start_ns, start_ns + milliseconds * 1_000_000)
    assert (energy.joules, energy.method) == (None, EnergyMethod.NOT_MEASURABLE)
    assert energy.integrated_j is None
    assert "is shorter than the counter's 100 ms step" in energy.sentence
    if milliseconds == 40:
        assert energy.sentence == "not measurable: 40.0 ms is shorter than the counter's 100 ms step"


def test_what_is_less_than_the_resolution_gets_no_false_digit() -> None:
    start_ns = h200.phase("matmul bf16").start_ns + S
    energy = of_h200(start_ns, start_ns + 110_000_000)
    assert energy.joules is None
    assert "is below the resolution of" in energy.sentence
    assert energy.integrated_j == pytest.approx(0.11 * 500, rel=0.5)


def ramp(seconds: float, with_counter: bool = True, hz: int = 10) -> list[GpuSample]:
    """100 W and 10 W more with each second, sampled from time 0 on; the counter is read once a second."""
    found = []
    for tick in range(round(seconds * hz) + 1):
        t = tick / hz
        joules = 100 * t + 5 * t * t if with_counter and tick % hz == 0 else None
        found.append(GpuSample(round(t * S), "GPU-1", power_w=100 + 10 * t, energy_j=joules))
    return found


@given(st.integers(200, 5000), st.integers(400, 4000))
def test_power_leads_from_the_readings_to_the_ends(start_ms: int, length_ms: int) -> None:
    begin, end = start_ms / 1000, (start_ms + length_ms) / 1000
    truth = 100 * (end - begin) + 5 * (end * end - begin * begin)
    energy = measured_energy(ramp(10), start_ms * 1_000_000, (start_ms + length_ms) * 1_000_000)
    assert energy.joules == pytest.approx(truth, rel=1e-3)
    assert energy.integrated_j == pytest.approx(truth, rel=1e-6)


def test_readings_far_from_the_ends_tell_less() -> None:
    """As around a benchmark, while which the counter is left alone."""
    near = measured_energy(ramp(10), 3 * S, 7 * S)
    sparse = [replace(each, energy_j=each.energy_j if each.time_ns in (S, 9 * S) else None) for each in ramp(10)]
    far = measured_energy(sparse, 3 * S, 7 * S)
    assert far.joules == pytest.approx(near.joules, rel=1e-6)
    assert far.resolution_j is not None
    assert near.resolution_j is not None
    assert far.resolution_j > near.resolution_j


def test_without_a_counter_the_power_has_to_do() -> None:
    energy = measured_energy(ramp(10, with_counter=False), 2 * S, 4 * S)
    assert energy.method is EnergyMethod.INTEGRATED
    assert energy.joules == energy.integrated_j == pytest.approx(260)
    assert energy.sentence == "260 ± 17 J from integrated power; the energy counter was not read"


def test_a_counter_that_contradicts_the_power_is_told_of() -> None:
    doubled = [replace(each, energy_j=None if each.energy_j is None else 2 * each.energy_j) for each in ramp(10)]
    energy = measured_energy(doubled, 2 * S, 8 * S)
    assert energy.sentence.endswith("integrated power gives 900 J, 50.0 % less, a contradiction")


def test_a_counter_that_was_set_back_is_not_used() -> None:
    reset = [replace(each, energy_j=5.0 if each.time_ns == 7 * S else each.energy_j) for each in ramp(10)]
    assert measured_energy(reset, 2 * S, 7 * S).method is EnergyMethod.INTEGRATED


def test_a_hole_in_the_samples_is_not_integrated_over() -> None:
    hole = [each for each in ramp(10) if not 3 * S < each.time_ns < 6 * S]
    energy = measured_energy(hole, 2 * S, 8 * S)
    assert energy.integrated_j is None
    assert energy.method is EnergyMethod.COUNTER
    assert energy.sentence.endswith("not cross-checked: too few power samples")


@pytest.mark.parametrize("samples", [[], [GpuSample(3 * S, "GPU-1")], [GpuSample(S, "GPU-1", power_w=70.0)]])
def test_a_gpu_that_tells_nothing_is_not_measurable(samples: list[GpuSample]) -> None:
    energy = measured_energy(samples, 2 * S, 4 * S)
    assert (energy.joules, energy.integrated_j) == (None, None)
    assert energy.sentence == "not measurable: neither the energy counter nor the power was sampled over the whole run"


def test_a_single_sample_of_the_power_is_no_measurement() -> None:
    energy = measured_energy([GpuSample(S, "GPU-1", power_w=700.0)], S, S + 100_000_000)
    assert energy.sentence == "not measurable: about 70.0 J is below the resolution of 73.5 J"


def burst(length_s: float, rnd: random.Random, with_counter: bool) -> tuple[list[GpuSample], float]:
    """700 W from second 10 on and 100 W around it, as a driver shows them: power and counter up to a step old.

    Samples come at 10 Hz, one in ten with the counter, at any phase to the driver's steps and to the burst. The truth
    in joules is returned beside them.
    """
    step_phase, sample_phase, counter_tick = rnd.random() / 10, rnd.random() / 10, rnd.randrange(10)
    found = []
    for tick in range(70, 131 + round(10 * length_s)):
        t = tick / 10 + sample_phase
        shown = math.floor((t - step_phase) * 10) / 10 + step_phase
        joules = 100 * shown + 600 * min(max(shown - 10, 0.0), length_s)
        is_read = with_counter and tick % 10 == counter_tick
        watts = 700.0 if 10 <= shown < 10 + length_s else 100.0
        found.append(GpuSample(round(t * S), "GPU-1", power_w=watts, energy_j=joules if is_read else None))
    return found, 700 * length_s


@pytest.mark.parametrize("with_counter", [True, False], ids=["counter", "power"])
@pytest.mark.parametrize("length_s", [0.4, 1.0, 1.7, 2.54, 8.0])
def test_what_a_burst_took_is_within_the_resolution_at_every_phase(length_s: float, with_counter: bool) -> None:
    rnd = random.Random(15)
    shown = 0
    for _ in range(60):
        samples, truth = burst(length_s, rnd, with_counter)
        energy = measured_energy(samples, 10 * S, round((10 + length_s) * S))
        if energy.joules is not None and energy.resolution_j is not None:
            assert abs(energy.joules - truth) <= energy.resolution_j, energy.sentence
            # Both ends together are known to 0.5 s at most.
            assert energy.resolution_j <= 0.5 * 700 + 0.05 * truth
            shown += 1
    assert shown == 60 or length_s < 1, "a burst of a second and more is measurable"
