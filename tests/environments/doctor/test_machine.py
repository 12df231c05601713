"""The driver and the GPUs, on machines that are trees of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gpuplayground.environments.doctor.finding import Finding, Level
from gpuplayground.environments.doctor.machine import driver_findings, gpu_finding, gpu_findings
from gpuplayground.model.samples import GpuInfo, Inventory, Problem, ProblemCode
from tests.support.machines import GTX_1080, H200, MachineFiles, inventory, no_driver

VERSION = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {}  Wed Oct  1 00:00:00 UTC 2025\n"


@pytest.fixture
def files(tmp_path: Path) -> MachineFiles:
    return MachineFiles(tmp_path / "root")


def driver(files: MachineFiles, found: Inventory) -> list[Finding]:
    return list(driver_findings(found, files.system()))


def test_a_driver_that_works_names_its_newest_cuda(files: MachineFiles) -> None:
    (finding,) = driver(files, inventory())
    assert (finding.level, finding.command) == (Level.OK, "")
    assert finding.sentence == "The NVIDIA driver 580.159.04 works and supports CUDA up to 13.0."


def test_a_gpu_without_a_driver_asks_for_the_driver(files: MachineFiles) -> None:
    files.pci()
    (finding,) = driver(files, no_driver())
    assert finding.level is Level.PROBLEM
    assert "has an NVIDIA GPU but no NVIDIA driver" in finding.sentence
    assert finding.command


def test_another_pci_device_of_nvidia_is_no_gpu(files: MachineFiles) -> None:
    files.pci(device_class="0x040300")  # the sound of a graphics card
    (finding,) = driver(files, no_driver())
    assert "No NVIDIA driver was found" in finding.sentence


@pytest.mark.parametrize(("mark", "text"), [(".dockerenv", ""), ("proc/1/cgroup", "0::/kubepods/besteffort\n")])
def test_a_container_that_was_given_no_gpu_is_told_how_to_start_it(files: MachineFiles, mark: str, text: str) -> None:
    files.write(mark, text)
    files.pci()
    (finding,) = driver(files, no_driver())
    assert "without access to the machine's NVIDIA GPU" in finding.sentence
    assert finding.command == "docker run --gpus all …"


def test_a_container_that_has_the_devices_has_another_problem(files: MachineFiles) -> None:
    files.write(".dockerenv")
    files.pci()
    files.write("dev/nvidia0")
    (finding,) = driver(files, no_driver())
    assert "--gpus" not in finding.sentence


def test_wsl_without_the_library_of_windows_asks_for_a_driver_in_windows(files: MachineFiles) -> None:
    files.write("proc/version", "Linux version 6.6.87.2-microsoft-standard-WSL2")
    (finding,) = driver(files, no_driver())
    assert finding.level is Level.PROBLEM
    assert "/usr/lib/wsl/lib/libcuda.so.1" in finding.sentence
    assert "wsl.exe --update" in finding.command


def test_a_linux_driver_inside_wsl_hides_that_of_windows(files: MachineFiles) -> None:
    files.write("proc/version", "Linux version 6.6.87.2-microsoft-standard-WSL2")
    files.write("usr/lib/wsl/lib/libcuda.so.1")
    assert len(driver(files, inventory())) == 1
    files.write("usr/lib/x86_64-linux-gnu/libcuda.so.1")
    finding = driver(files, inventory())[-1]
    assert finding.level is Level.WARNING
    assert "hides the one of Windows" in finding.sentence


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_devices_that_this_account_may_not_open_are_named(files: MachineFiles) -> None:
    files.write("dev/nvidia0")
    files.write("dev/nvidiactl", mode=0o000)
    finding = driver(files, inventory())[1]
    assert "/dev/nvidiactl" in finding.sentence
    assert "/dev/nvidia0" not in finding.sentence


def test_access_to_devices_is_asked_of_the_system(files: MachineFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write("dev/nvidia0")
    files.write("dev/nvidia-uvm")
    files.write("dev/nvidia-modeset")
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name == "nvidia-uvm")
    finding = driver(files, inventory())[1]
    assert finding.level is Level.PROBLEM
    assert finding.sentence.startswith("This account may not use /dev/nvidia0:")
    assert finding.command.startswith("sudo usermod -aG ")


def test_a_missing_uvm_device_is_why_cuda_does_not_start(files: MachineFiles) -> None:
    files.write("dev/nvidia0")
    files.write("dev/nvidiactl")
    finding = driver(files, inventory())[1]
    assert "/dev/nvidia-uvm is missing" in finding.sentence
    files.write("dev/nvidia-uvm")
    assert len(driver(files, inventory())) == 1


def test_a_loaded_driver_of_another_version_than_its_libraries_asks_for_a_restart(files: MachineFiles) -> None:
    files.write("proc/driver/nvidia/version", VERSION.format("580.95.05"))
    files.write("usr/lib/x86_64-linux-gnu/libcuda.so.580.159.04")
    problem = Problem(ProblemCode.DRIVER_NOT_LOADED, "The driver was updated: restart the computer.")
    first, mismatch = driver(files, no_driver(problem))
    assert first.command == mismatch.command == "sudo reboot"
    assert "580.95.05" in mismatch.sentence
    assert "580.159.04" in mismatch.sentence
    files.write("proc/driver/nvidia/version", VERSION.format("580.159.04"))
    assert len(driver(files, no_driver(problem))) == 1


def test_a_current_gpu_has_what_its_architecture_has() -> None:
    finding = gpu_finding(H200)
    assert finding.level is Level.OK
    assert "compute capability 9.0 (Hopper)" in finding.sentence
    has, lacks, _uuid = finding.details.splitlines()
    assert all(word in has for word in ("bf16", "TF32", "fp8", "tensor cores (fp16)", "int8"))
    assert lacks == "It lacks fp4."


def test_an_old_gpu_names_the_last_cuda_that_supports_it() -> None:
    finding = gpu_finding(GTX_1080)
    assert finding.level is Level.WARNING
    assert "CUDA 12.9 is the last version that supports it" in finding.sentence
    assert "bf16" in finding.details.splitlines()[1]


@pytest.mark.parametrize(
    ("name", "capability", "has_tensor_cores"),
    [("Tesla T4", (7, 5), True), ("NVIDIA GeForce GTX 1660", (7, 5), False), ("Tesla V100", (7, 0), True)],
)
def test_tensor_cores_depend_on_the_chip(name: str, capability: tuple[int, int], has_tensor_cores: bool) -> None:
    has = gpu_finding(GpuInfo(0, "GPU", name, None, capability)).details.splitlines()[0]
    assert ("tensor cores (fp16)" in has) == has_tensor_cores


def test_a_gpu_newer_than_the_table_is_supported() -> None:
    assert gpu_finding(GpuInfo(0, "GPU", "NVIDIA R100", None, (14, 0))).level is Level.OK


def test_a_gpu_whose_capability_is_not_known_is_only_named() -> None:
    assert gpu_finding(GpuInfo(0, "GPU", "NVIDIA Thing")).level is Level.INFO


@pytest.mark.parametrize(
    ("value", "level", "words"),
    [
        ("", Level.PROBLEM, "hides every GPU"),
        ("-1,0", Level.PROBLEM, "hides every GPU"),
        ("0", Level.INFO, "hides GPU 1"),
        ("GPU-1111", Level.INFO, "hides GPU 0"),
        ("0,7,1", Level.INFO, "hides GPU 1"),
    ],
)
def test_gpus_that_cuda_visible_devices_hides_are_named(
    files: MachineFiles, value: str, level: Level, words: str
) -> None:
    system = files.system(CUDA_VISIBLE_DEVICES=value)
    finding = list(gpu_findings(inventory((H200, GTX_1080)), system, {}))[-1]
    assert finding.level is level
    assert words in finding.sentence


@pytest.mark.parametrize("value", ["0,1", "1, 0", "GPU-0000,GPU-1111"])
def test_cuda_visible_devices_that_hides_nothing_is_not_mentioned(files: MachineFiles, value: str) -> None:
    system = files.system(CUDA_VISIBLE_DEVICES=value)
    assert len(list(gpu_findings(inventory((H200, GTX_1080)), system, {}))) == 2
