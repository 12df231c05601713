"""The results of a sweep so far: curves, and the reasons for missing values."""

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
    """The benchmarks of one implementation by value, and their points on the curve."""

    label: str
    benchmarks: dict[float, Benchmark] = field(default_factory=dict)
    points: dict[float, CurvePoint | None] = field(default_factory=dict)
    failure: str = ""


class SweepResults:
    """Collects the results of a request; empty before the first."""

    def __init__(self, request: SweepRequest | None = None, labels: Iterable[str] = ()) -> None:
        """Take the request and the label of each of its implementations."""
        self._request = request
        self.variable = "n" if request is None else request.plan.variable
        ids = () if request is None else request.implementations
        names = _unique_names(labels)
        self._measured = {each: _Measured(name) for each, name in zip(ids, names, strict=True)}

    def label(self, implementation_id: str) -> str:
        """Return the name of an implementation; equal names are numbered."""
        return self._measured[implementation_id].label

    def add(self, implementation_id: str, benchmarks: Iterable[Benchmark]) -> bool:
        """Add or replace benchmarks by value; return whether the implementation is known."""
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
        """Record why an implementation failed. The first reason is kept."""
        measured = self._measured.get(implementation_id)
        if measured is not None and not measured.failure:
            measured.failure = sentence

    def by_id(self) -> dict[str, tuple[Benchmark, ...]]:
        """Return the benchmarks of each implementation id by ascending value."""
        return {key: _ascending(each) for key, each in self._measured.items()}

    def by_label(self) -> dict[str, tuple[Benchmark, ...]]:
        """Return the benchmarks of each implementation name by ascending value."""
        return {each.label: _ascending(each) for each in self._measured.values()}

    def curves(self) -> list[SweepCurve]:
        """Return a curve for each implementation."""
        return [curve_of(each.label, _ascending(each), each.points) for each in self._measured.values()]

    @property
    def counts(self) -> tuple[int, int, int]:
        """The numbers of values measured, attempted and requested.

        A curve that ran out of memory counts as fully attempted.
        """
        steps = 0 if self._request is None else len(self._request.plan.values)
        found = [tuple(each.benchmarks.values()) for each in self._measured.values()]
        done = sum(bool(benchmark.samples_ns) for benchmarks in found for benchmark in benchmarks)
        reached = sum(steps if any(b.out_of_memory for b in each) else len(each) for each in found)
        return done, reached, steps * len(found)

    def failures(self) -> list[str]:
        """Return a sentence for each failed implementation, and for each distinct error of the others.

        Errors of a failed implementation are left out, because they follow from its failure.
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
        """Return how many values were not tried because an error ended the measuring process."""
        measured = next(each for each in self._measured.values() if each.label == label)
        count = (0 if self._request is None else len(self._request.plan.values)) - len(measured.benchmarks)
        if count <= 0:
            return ""
        text = QCoreApplication.translate("SweepResults", "; {count} more values were not tried")
        return text.format(count=count)

    def _values_text(self, values: list[float]) -> str:
        if len(values) == 1:
            return f"{self.variable} = {number_text(values[0])}"
        return QCoreApplication.translate("SweepResults", "{count} values").format(count=len(values))


def _point(benchmark: Benchmark, before: Benchmark | None, known: CurvePoint | None) -> CurvePoint | None:
    """Return a benchmark's point; a judged benchmark with the same samples keeps its times."""
    if before is None or known is None or before.samples_ns != benchmark.samples_ns:
        return point_of(benchmark)
    return replace(known, gb_per_s=rate_gb_per_s(benchmark, known.median_ns))


def _ascending(measured: _Measured) -> tuple[Benchmark, ...]:
    return tuple(benchmark for _, benchmark in sorted(measured.benchmarks.items(), key=lambda item: item[0]))


def _unique_names(labels: Iterable[str]) -> list[str]:
    names: list[str] = []
    for label in labels:
        name, number = label, 2
        while name in names:
            name, number = f"{label} ({number})", number + 1
        names.append(name)
    return names
