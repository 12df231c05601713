"""What the tracer does where there is nothing to trace with, and the parts of it that need no GPU."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import numpy as np
import pytest

from gpuplayground.model.trace import OPERATIONS
from gpuplayground.runtime.trace import file_format
from gpuplayground.runtime.trace.compilers import Compilers
from gpuplayground.runtime.trace.cupti import DRIVER, KERNEL, MEMCPY, MEMSET, _run_length
from gpuplayground.runtime.trace.rows import ROW, rows
from gpuplayground.runtime.trace.tracer import Tracer, _first_correlations


def test_the_rows_of_the_file_have_one_layout_on_both_sides() -> None:
    assert ROW == OPERATIONS
    assert file_format.ROW.size == OPERATIONS.itemsize


def test_a_kernel_becomes_a_row_with_its_launch() -> None:
    names = [
        "start", "end", "correlation_id", "context_id", "stream_id", "graph_id", "device_id", "grid_x", "grid_y",
        "grid_z", "block_x", "block_y", "block_z", "registers_per_thread", "static_shared_memory",
        "dynamic_shared_memory",
    ]  # fmt: skip
    record = np.zeros(1, [(name, "<i8") for name in names])
    for number, name in enumerate(names, 1):
        record[name] = number
    row = np.frombuffer(rows(KERNEL, record, np.array([42]), KERNEL, MEMSET), OPERATIONS)[0]
    assert (row["start_ns"], row["end_ns"], row["correlation"], row["name"]) == (1, 2, 3, 42)
    assert (row["grid_x"], row["block_z"], row["registers"], row["shared_bytes"]) == (8, 13, 14, 15 + 16)
    assert (row["kind"], row["statement"]) == (0, -1)


def test_a_copy_becomes_a_row_with_its_direction() -> None:
    fields = ["start", "end", "correlation_id", "context_id", "stream_id", "graph_id", "device_id", "bytes"]
    record = np.zeros(1, [(name, "<i8") for name in [*fields, "copy_kind", "src_kind", "dst_kind"]])
    record["bytes"], record["copy_kind"], record["src_kind"], record["dst_kind"] = 4096, 1, 2, 3
    row = np.frombuffer(rows(MEMCPY, record, None, KERNEL, MEMSET), OPERATIONS)[0]
    assert (row["bytes"], row["kind"], row["copy_kind"]) == (4096, 1, 1)
    assert (row["source_memory"], row["target_memory"]) == (2, 3)


@pytest.mark.parametrize("same", [0, 1, 2, 3, 4, 5, 31, 32, 33, 100])
@pytest.mark.parametrize("others", [0, 1, 7])
def test_records_of_one_kind_are_read_as_far_as_they_go(same: int, others: int) -> None:
    kinds = np.array([10] * same + [1] * others)
    assert _run_length(kinds, 10) == (same or min(others, 1))


def test_a_statement_begins_behind_the_last_wait_before_it() -> None:
    waits = [(150, 7), (50, 3), (250, 12)]
    assert _first_correlations(waits, [0, 100, 200, 300]) == [[0, 1], [1, 4], [2, 8], [3, 13]]


def test_without_cupti_the_tracer_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupti", None)
    monkeypatch.delenv("NVTX_INJECTION64_PATH", raising=False)
    monkeypatch.delenv("CUDA_INJECTION64_PATH", raising=False)
    tracer = Tracer(2)
    assert not tracer.available
    assert "Linux" in tracer.reason if sys.platform != "linux" else "pip install cupti-python" in tracer.reason
    tracer.after_statement()
    tracer.begin_pass()
    tracer.end_pass()
    assert tracer.finish([]) == tracer.reason
    tracer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="CUPTI for Python is for Linux")
def test_a_module_named_cupti_that_is_another_one_is_a_reason_and_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cupti").mkdir()
    (tmp_path / "cupti" / "__init__.py").write_text("")
    (tmp_path / "cupti" / "cupti.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("cupti", "cupti.cupti"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    tracer = Tracer(2)
    assert not tracer.available
    assert tracer.reason.startswith("CUPTI cannot be used")


@pytest.mark.skipif(sys.platform != "linux", reason="CUPTI for Python is for Linux")
def test_another_profiler_in_the_process_keeps_cupti_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_INJECTION64_PATH", "/opt/nsight/libToolsInjection64.so")
    tracer = Tracer(2)
    assert not tracer.available
    assert tracer.reason.startswith("Another profiler")


def test_a_run_that_wants_no_trace_gets_none() -> None:
    tracer = Tracer(-1)
    assert not tracer.would_attach("import cupy")
    assert not tracer.available
    assert tracer.finish([]) == ""


class LateCupti:
    """Stands for CUPTI: what threads of the snippet did after its last statement comes with the last flush."""

    calls: ClassVar = {1: "cuModuleLoadData"}
    unreadable = 0

    def __init__(self, tracer: Tracer) -> None:
        layout = [("kind", "<u4"), ("cbid", "<u4"), ("start", "<u8"), ("end", "<u8"), ("correlation_id", "<u4")]
        self._left = [np.array([(DRIVER, 1, 5, 6, 1)], layout)]
        self._tracer = tracer

    def is_taken(self) -> bool:
        return False

    def flush(self, *, forced: bool = False) -> None:
        while self._left:
            self._tracer._take(DRIVER, self._left.pop())

    def dropped(self) -> int:
        return 0

    def disable(self, kinds: object) -> None: ...
    def disable_calls(self) -> None: ...
    def detach(self) -> None: ...


def test_what_comes_with_the_last_flush_is_written_too() -> None:
    with tempfile.TemporaryFile() as file:
        tracer = Tracer(file.fileno())
        tracer._cupti = LateCupti(tracer)  # type: ignore[assignment]
        tracer.close()
        file.seek(0)
        assert b'["load",5,6,"cuModuleLoadData"]' in file.read().replace(b" ", b"")
    assert not tracer.available


def test_a_compiler_is_timed_and_does_what_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("pycuda.compiler")
    module.compile = lambda source, *, arch: f"{source} for {arch}"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pycuda.compiler", module)
    times = iter([100, 250])
    compilers = Compilers()
    compilers.watch(lambda: next(times))
    compilers.watch(lambda: 0)
    assert module.compile("code", arch="sm_90") == "code for sm_90"
    assert compilers.take() == [[100, 250, "pycuda.compiler.compile"]]
    assert compilers.take() == []
