"""Unknown processes are reported as unknown, never as none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gpuplayground.model.samples import ProcessSample, UnlistedProcesses
from tests.monitor.watch import Watch, quick_feed
from tests.support.fakes import FakeNvml, fake_nvml_env, gpu_uuid

COMPUTE = "nvmlDeviceGetComputeRunningProcesses_v3"
OLDER = "nvmlDeviceGetComputeRunningProcesses_v2"
GRAPHICS = "nvmlDeviceGetGraphicsRunningProcesses_v3"


@pytest.mark.parametrize(
    ("refused", "says"),
    [
        (f"{COMPUTE}:4", "This account may not list"),
        (f"{COMPUTE}:3", "does not list the processes"),
        (f"{COMPUTE}:999", "NVML error 999"),
        (f"{COMPUTE}:13,{OLDER}:13", "too old to list processes"),
        (f"{GRAPHICS}:4", "This account may not list"),
    ],
)
def test_a_refused_list_is_unknown_with_the_reason(nvml: FakeNvml, refused: str, says: str) -> None:
    nvml.set(refuse=refused)
    with Watch(quick_feed(nvml.env)) as watch:
        found = watch.found()
    unlisted = [row for row in found if isinstance(row, UnlistedProcesses)]
    assert [row.gpu_uuid for row in unlisted] == [gpu_uuid(0), gpu_uuid(1)]
    assert all(says in row.reason and row.reason.endswith(".") for row in unlisted)
    # What could be listed is there all the same.
    assert len([row for row in found if isinstance(row, ProcessSample)]) == (2 if GRAPHICS in refused else 0)


def test_one_gpu_that_refuses_leaves_the_others_alone(nvml: FakeNvml) -> None:
    nvml.set(refuse=f"{COMPUTE}@1:4")
    with Watch(quick_feed(nvml.env)) as watch:
        known, unlisted = watch.found()
    assert isinstance(known, ProcessSample)
    assert isinstance(unlisted, UnlistedProcesses)
    assert (known.gpu_uuid, unlisted.gpu_uuid) == (gpu_uuid(0), gpu_uuid(1))


def test_a_gpu_without_a_list_of_graphics_has_no_such_processes(nvml: FakeNvml) -> None:
    nvml.set(refuse=f"{GRAPHICS}:3")
    with Watch(quick_feed(nvml.env)) as watch:
        assert all(isinstance(row, ProcessSample) for row in watch.found())


def test_memory_that_the_driver_does_not_tell_stays_unknown(nvml: FakeNvml) -> None:
    nvml.set(gpus=1, absurd="0")
    with Watch(quick_feed(nvml.env)) as watch:
        (process,) = watch.processes()
    assert process.memory_used_bytes is None


_LOOK = """
import sys, time
from pathlib import Path
from gpuplayground.monitor.sampling.nvml import Nvml
with Nvml(namespace=Path(sys.argv[1])) as nvml:
    nvml.fast()
    nvml.begin_pass()
    while (found := nvml.finished_pass()) is None:
        time.sleep(0.01)
    print([getattr(row, "reason", row.gpu_uuid) for row in found])
"""


@pytest.mark.parametrize(
    ("namespace", "use", "says"),
    [
        ("pid:[4026532201]", {"used": 900, "util": 0}, "outside this container"),
        ("pid:[4026532201]", {"used": 0, "util": 40}, "outside this container"),
        ("pid:[4026532201]", {"used": 0, "util": 0}, "[]"),
        ("pid:[4026531836]", {"used": 900, "util": 40}, "[]"),
    ],
)
def test_a_container_does_not_call_a_gpu_idle_that_others_use(
    tmp_path: Path, namespace: str, use: dict[str, int], says: str
) -> None:
    link = tmp_path / "pid"
    link.symlink_to(namespace)
    env = {**os.environ, **fake_nvml_env(1, processes=0, **use)}
    done = subprocess.run([sys.executable, "-c", _LOOK, link], env=env, capture_output=True, text=True, check=True)
    assert says in done.stdout
