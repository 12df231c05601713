"""What a sweep has measured so far: its curves, and why some values have none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QCoreApplication

from gpuplayground.benchmarks.sweep_curves import CurvePoint, SweepCurve, curve_of, point_of, rate_gb_per_s
from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.ui.sweep.request import SweepRequest
from gpuplayground.ui.widgets.ticks import number_text


@dataclass(slots=True)
class _Measured:
    """The benchmarks of one implementation by their value, and the place of each on the curve."""

    label: str
    benchmarks: dict[float, Benchmark] = field(default_factory=dict)
    points: dict[float, CurvePoint | None] = field(default_factory=dict)
    failure: str = ""


class SweepResults:
    """The results of the implementations of a request; of none before the first."""

    def __init__(self, request: SweepRequest | None = None, labels: Iterable[str] = ()) -> None:
        """Take the request, and for each of its implementations what it is called."""
        self._request = request
        self.variable = "n" if request is None else request.plan.variable
        ids = () if request is None else request.implementations
        names = _told_apart(labels)
        self._measured = {each: _Measured(name) for each, name in zip(ids, names, strict=True)}

    def label(self, implementation_id: str) -> str:
        """Return what an implementation is called; two of one name are told apart by a number."""
        return self._measured[implementation_id].label

    def add(self, implementation_id: str, benchmarks: Iterable[Benchmark]) -> bool:
        """Take benchmarks, each in place of an earlier one of its value; return whether the implementation is known."""
        measured = self._measured.get(implementation_id)
        if measured is None:
            return False
        for benchmark in benchmarks:
            if benchmark.parameter is not None:
                value = benchmark.parameter[1]
                measured.points[value] = _point(benchmark, measured.benchmarks.get(value), measured.points.get(value))
                measured.benchmarks[value] = benchmark
        return True

    def fail(self, implementation_id: str, sentence: str) -> None:
        """Keep why an implementation could not be measured, or no further. The first reason counts."""
        measured = self._measured.get(implementation_id)
        if measured is not None and not measured.failure:
            measured.failure = sentence

    def by_id(self) -> dict[str, tuple[Benchmark, ...]]:
        """Return what was measured by the id of the implementation, each by ascending value."""
        return {key: _ascending(each) for key, each in self._measured.items()}

    def by_label(self) -> dict[str, tuple[Benchmark, ...]]:
        """Return what was measured by the name of the implementation."""
        return {each.label: _ascending(each) for each in self._measured.values()}

    def curves(self) -> list[SweepCurve]:
        """Return a curve for each implementation."""
        return [curve_of(each.label, _ascending(each), each.points) for each in self._measured.values()]

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many values have a time, how many were reached, and how many were asked for.

        A curve that memory ended is complete: there is nothing more to measure.
        """
        steps = 0 if self._request is None else len(self._request.plan.values)
        found = [tuple(each.benchmarks.values()) for each in self._measured.values()]
        done = sum(bool(benchmark.samples_ns) for benchmarks in found for benchmark in benchmarks)
        reached = sum(steps if any(b.out_of_memory for b in each) else len(each) for each in found)
        return done, reached, steps * len(found)

    def failures(self) -> list[str]:
        """Return a sentence for each implementation that failed, and of the others for each error.

        An error says how many values it hit. Those of an implementation that failed only follow from its failure.
        """
        failed = {each.label: each.failure for each in self._measured.values() if each.failure}
        lines = [f"{label}: {failure}" for label, failure in failed.items()]
        for curve in (curve for curve in self.curves() if curve.label not in failed):
            values_of: dict[str, list[float]] = {}
            for value, sentence in curve.failed_at:
                values_of.setdefault(sentence, []).append(value)
            lines += [f"{curve.label}, {self._values_text(values)}: {text}" for text, values in values_of.items()]
            if values_of and (left := self._not_tried(curve.label)):
                lines[-1] += left
        return lines

    def _not_tried(self, label: str) -> str:
        """Return how many values an error kept from being tried: it ends the process that measures them."""
        measured = next(each for each in self._measured.values() if each.label == label)
        count = (0 if self._request is None else len(self._request.plan.values)) - len(measured.benchmarks)
        if count <= 0:
            return ""
        words = QCoreApplication.translate("SweepResults", "; {count} further values were not tried")
        return words.format(count=count)

    def _values_text(self, values: list[float]) -> str:
        if len(values) == 1:
            return f"{self.variable} = {number_text(values[0])}"
        return QCoreApplication.translate("SweepResults", "{count} values").format(count=len(values))


def _point(benchmark: Benchmark, before: Benchmark | None, known: CurvePoint | None) -> CurvePoint | None:
    """Return a benchmark's place on the curve; of the same samples, judged since, the times stay what they were."""
    if before is None or known is None or before.samples_ns != benchmark.samples_ns:
        return point_of(benchmark)
    return replace(known, gb_per_s=rate_gb_per_s(benchmark, known.median_ns))


def _ascending(measured: _Measured) -> tuple[Benchmark, ...]:
    return tuple(benchmark for _, benchmark in sorted(measured.benchmarks.items(), key=lambda item: item[0]))


def _told_apart(labels: Iterable[str]) -> list[str]:
    names: list[str] = []
    for label in labels:
        name, number = label, 2
        while name in names:
            name, number = f"{label} ({number})", number + 1
        names.append(name)
    return names
