"""The NVML curves of a run as the history keeps them: a column for each metric that the timeline draws, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gpuplayground.model.samples import GpuSample
from gpuplayground.model.serial import from_data, to_data


@dataclass(frozen=True, slots=True)
class Curve:
    """What is kept of one GPU's samples, by time; the fields are those of :class:`GpuSample`, a value per sample."""

    gpu_uuid: str
    time_ns: tuple[int, ...]
    gpu_util_percent: tuple[float | None, ...]
    memory_used_bytes: tuple[int | None, ...]
    memory_total_bytes: tuple[int | None, ...]
    power_w: tuple[float | None, ...]
    power_limit_w: tuple[float | None, ...]

    @property
    def samples(self) -> list[GpuSample]:
        """The samples, without the metrics that are not kept.

        Raises:
            ValueError: its columns are not of one length.
        """
        columns = [getattr(self, name) for name in _COLUMNS]
        return [
            GpuSample(gpu_uuid=self.gpu_uuid, **dict(zip(_COLUMNS, row, strict=True)))
            for row in zip(*columns, strict=True)
        ]


_COLUMNS = tuple(name for name in Curve.__dataclass_fields__ if name != "gpu_uuid")


def to_curves(samples: Sequence[GpuSample]) -> list[object]:
    """Return samples as JSON can hold them, a curve for each GPU."""
    by_gpu: dict[str, list[GpuSample]] = {}
    for sample in sorted(samples, key=lambda sample: sample.time_ns):
        by_gpu.setdefault(sample.gpu_uuid, []).append(sample)
    return [
        to_data(Curve(uuid, *(tuple(getattr(each, name) for each in own) for name in _COLUMNS)))
        for uuid, own in by_gpu.items()
    ]


def from_curves(data: list[object]) -> tuple[GpuSample, ...]:
    """Return the samples that :func:`to_curves` was given, without the metrics that are not kept.

    Raises:
        ValueError: the data is of something else.
    """
    return tuple(sample for each in data for sample in from_data(Curve, each).samples)
