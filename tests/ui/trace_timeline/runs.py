"""Made-up runs: one like those of an H200, and others with very many kernels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from gpuplayground.model.results import Run, RunState, StatementTiming
from gpuplayground.model.samples import GpuSample
from gpuplayground.model.trace import OPERATIONS, OpKind, Region, Span, SpanKind, Trace

RUN = "run-1"
START_NS = 1_763_900_000_000_000_000
US, MS = 1_000, 1_000_000
PAGEABLE, PINNED, DEVICE = 1, 2, 3
TO_DEVICE, TO_HOST = 1, 2

ADD = (
    "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>, at::detail::Array<char*, 3>>"
    "(int, at::native::CUDAFunctor_add<float>, at::detail::Array<char*, 3>)"
)
NAMES = (
    ADD,
    "sm90_xmma_gemm_f32f32_f32f32_f32_tn_n_tilesize128x128x8",
    "cupy_sqrt__float32_float32",
    "void softmax_warp_forward<float, float, float, 10, false, false>(float*, float const*, int, int, int)",
    "void cub::CUB_300102_SM_900::DeviceReduceKernel<Policy, float*, int, cub::Sum, float>(float*, float*, int)",
    "bias_gelu",
)


def operations(rows: list[dict[str, Any]]) -> npt.NDArray[np.void]:
    """A trace's operations: ``at`` and ``lasts`` are nanoseconds from the start of the run; other keys are fields."""
    table = np.zeros(len(rows), OPERATIONS)
    for place, row in enumerate(sorted(rows, key=lambda row: row["at"])):
        fields = {"context": 1, "stream": 7, "correlation": place + 1, "statement": -1, **row}
        start = START_NS + fields.pop("at")
        table[place]["start_ns"], table[place]["end_ns"] = start, start + fields.pop("lasts")
        for name, value in fields.items():
            table[place][name] = value
    return table


def kernel(at: int, lasts: int, statement: int = -1, name: int = 0, **fields: Any) -> dict[str, Any]:
    """A kernel of 1024 blocks of 256 threads."""
    shape = {"grid_x": 1024, "grid_y": 1, "grid_z": 1, "block_x": 256, "block_y": 1, "block_z": 1}
    plain = {"at": at, "lasts": lasts, "statement": statement, "name": name, "registers": 32, "shared_bytes": 4096}
    return {**plain, **shape, "kind": OpKind.KERNEL, **fields}


def copy(at: int, lasts: int, statement: int, way: int, size: int, host: int = PAGEABLE, **more: Any) -> dict[str, Any]:
    """A copy between host and device."""
    ends = (host, DEVICE) if way == TO_DEVICE else (DEVICE, host)
    memories = {"source_memory": ends[0], "target_memory": ends[1]}
    kinds = {"kind": OpKind.COPY, "copy_kind": way, "bytes": size}
    return {"at": at, "lasts": lasts, "statement": statement, **kinds, **memories, **more}


def statement(
    index: int, line: int, source: str, at: int, wall: int, idle: int | None = None, **more: Any
) -> StatementTiming:
    """A statement that began ``at`` nanoseconds after the run."""
    return StatementTiming(index, line, line, source, wall, idle, start_ns=START_NS + at, **more)


def finished(timings: tuple[StatementTiming, ...], trace: Trace | None, lasts: int, **more: Any) -> Run:
    """A run that went well."""
    return Run(RUN, "a.py", RunState.FINISHED, START_NS, START_NS + lasts, 0, timings=timings, trace=trace, **more)


def usual_run() -> Run:
    """Two seconds as they are: import, context, compilation, kernels of 20 to 500 µs, 2000 short ones, copies."""
    timings = (
        statement(0, 1, "import cupy as cp", 0, 700 * MS, is_import=True),
        statement(1, 2, "x = np.random.rand(1 << 24).astype(np.float32)", 700 * MS, 90 * MS, 90 * MS),
        statement(2, 3, "d = cp.asarray(x)", 790 * MS, 215 * MS, 222 * MS),
        statement(3, 5, "e = cp.sqrt(d) * 2 + d", 1012 * MS, 512 * MS, 514 * MS),
        statement(4, 8, "train(model, d, steps=40)", 1526 * MS, 22 * MS, 64 * MS),
        statement(5, 9, "for i in range(2000): y = bias_gelu(y)", 1590 * MS, 31 * MS, 36 * MS),
        statement(6, 11, "h = cp.asnumpy(e)", 1626 * MS, 18 * MS, 18 * MS),
        statement(7, 12, "assert h.sum() < 0", 1644 * MS, 3 * MS, 3 * MS, failed=True),
    )
    rows = [
        copy(1003 * MS, 8 * MS, 2, TO_DEVICE, 1 << 26),
        copy(1545 * MS, 3 * MS, 4, TO_DEVICE, 1 << 26, PINNED, stream=14),
    ]
    rows += [kernel(1524 * MS + n * 80 * US, 72 * US, 3, 2) for n in range(3)]
    at, generator = 1527 * MS, np.random.default_rng(1)
    for step in range(40):
        for name in (1, 0, 3, 4):
            lasts = int(generator.integers(20 * US, 500 * US))
            rows.append(kernel(at, lasts, 4, name, stream=7 if step % 8 else 13))
            at += lasts + 3 * US
        rows.append({"at": at, "lasts": 2 * US, "statement": 4, "kind": OpKind.MEMSET, "bytes": 1 << 20})
        at += 3 * US
    rows += [kernel(1592 * MS + n * 15 * US, 5 * US, 5, 5) for n in range(2000)]
    rows.append(copy(1627 * MS, 17 * MS, 6, TO_HOST, 1 << 26))
    spans = (
        Span(SpanKind.CONTEXT, START_NS + 792 * MS, START_NS + 992 * MS, "cuDevicePrimaryCtxRetain"),
        Span(SpanKind.COMPILE, START_NS + 1015 * MS, START_NS + 1500 * MS, "nvrtcCompileProgram"),
        Span(SpanKind.LOAD, START_NS + 1502 * MS, START_NS + 1519 * MS, "cuModuleLoadData"),
    )
    regions = (
        Region("training", START_NS + 1526 * MS, START_NS + 1548 * MS),
        Region("forward", START_NS + 1528 * MS, START_NS + 1535 * MS),
        Region("backward", START_NS + 1536 * MS, START_NS + 1547 * MS),
    )
    return finished(timings, Trace(operations(rows), NAMES, regions, spans), 1660 * MS)


def samples_of(run: Run, every: int = 100 * MS, gpus: int = 1) -> list[GpuSample]:
    """Readings from half a second before a run to half a second after it."""
    found = []
    for time_ns in range(run.start_ns - 500 * MS, run.end_ns + 500 * MS, every):
        share = (time_ns - run.start_ns) / run.duration_ns
        for gpu in range(gpus):
            load = max(0.0, math.sin(math.pi * share)) * (1.0 - 0.3 * gpu)
            found.append(
                GpuSample(
                    time_ns, f"GPU-{gpu}", 96 * load, 10.0, int((0.6 + 8 * load) * 2**30), 141 * 2**30, 40.0,
                    75 + 500 * load, None, 700.0,
                )
            )  # fmt: skip
    return found


def crowded_run(kernels: int, streams: int = 8, seed: int = 3) -> Run:
    """So many kernels of 1 to 9 µs on some streams, of ten names, launched by ten statements."""
    generator = np.random.default_rng(seed)
    each = kernels // streams
    table = np.zeros(each * streams, OPERATIONS)
    for stream in range(streams):
        part = table[stream * each : (stream + 1) * each]
        lasts = generator.integers(1 * US, 9 * US, each)
        gaps = generator.integers(200, 4 * US, each)
        ends = np.cumsum(lasts + gaps)
        part["start_ns"], part["end_ns"] = START_NS + ends - lasts, START_NS + ends
        part["stream"], part["context"] = stream + 7, 1
        part["name"] = generator.integers(0, 10, each)
    table = np.sort(table, order="start_ns", kind="stable")
    length = int(table["end_ns"].max()) - START_NS
    table["statement"] = np.minimum((table["start_ns"] - START_NS) * 10 // length, 9)
    timings = tuple(statement(n, n + 1, f"step({n})", n * length // 10, length // 20, length // 10) for n in range(10))
    return finished(timings, Trace(table, tuple(f"void kernel_{n}<float>(float*)" for n in range(10))), length)
