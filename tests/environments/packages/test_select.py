"""Which builds are selected, and what is said where none fits."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from gpuplayground.environments.packages.builds import Build, Pair
from gpuplayground.environments.packages.frameworks import PYTORCH_INDEX_VARIABLE
from gpuplayground.environments.packages.machine import Gpu
from gpuplayground.environments.packages.select import select
from gpuplayground.environments.packages.selection import NoBuildError, Selection
from tests.support.gpus_elsewhere import gpu, machine

CPU = "https://download.pytorch.org/whl/cpu"


def requirement(selection: Selection, name: str) -> Requirement:
    parsed = map(Requirement, selection.requirements)
    return next(each for each in parsed if each.name == name)


def names(selection: Selection) -> list[str]:
    return [Requirement(text).name for text in selection.requirements]


@pytest.mark.parametrize(
    ("capability", "driver", "covered"),
    [
        ((8, 6), (12, 6), True),  # its own cubin
        ((8, 9), (12, 6), True),  # a cubin of the same major and a lower minor
        ((7, 0), (12, 6), False),  # a cubin of the same major, but a higher minor
        ((9, 0), (12, 6), True),  # PTX of a lower capability
        ((9, 0), (12, 4), False),  # the driver does not know PTX of a newer CUDA version
        ((8, 6), (12, 2), True),  # but runs its cubins
        ((8, 6), (11, 8), False),  # an older major version
        ((8, 6), (13, 0), True),  # a newer one
    ],
)
def test_a_build_covers_a_gpu_by_a_cubin_or_by_ptx(capability: Pair, driver: Pair, covered: bool) -> None:
    build = Build("x", (12, 6), (("linux", "x86_64"),), "1.0", cubins=((7, 5), (8, 0), (8, 6)), ptx=(8, 6))

    assert build.covers(capability, driver) is covered


@pytest.mark.parametrize(
    ("cuda", "capability", "index"),
    [
        ((11, 4), (7, 0), "cu118"),
        ((12, 4), (8, 0), "cu126"),
        ((12, 8), (12, 0), "cu128"),
        ((13, 0), (6, 1), "cu126"),
        ((13, 0), (9, 0), "cu130"),
        ((13, 2), (9, 0), "cu132"),
        (None, None, "cpu"),
    ],
)
def test_pytorch_comes_from_the_index_for_driver_and_gpu(
    cuda: Pair | None, capability: Pair | None, index: str
) -> None:
    here = machine(cuda, capability) if capability else machine(cuda)

    selection = select(["torch", "torchvision", "numpy"], here)

    assert selection.indexes == dict.fromkeys(("torch", "torchvision"), f"https://download.pytorch.org/whl/{index}")


def test_an_old_gpu_gets_the_last_release_with_kernels_for_it() -> None:
    torch = requirement(select(["torch"], machine((13, 0), (6, 1))), "torch")

    assert torch.specifier.contains("2.14.1")
    assert not torch.specifier.contains("2.15.0")


def test_the_bounds_of_the_snippet_are_kept() -> None:
    selection = select(["torch>=2.4,<2.6"], machine((12, 6), (8, 0)))

    torch = requirement(selection, "torch").specifier
    assert selection.indexes["torch"].endswith("/cu124")
    assert torch.contains("2.5.1")
    assert not torch.contains("2.3.1")
    assert not torch.contains("2.6.0")
    assert "3.14" not in selection.pythons


def test_bounds_that_no_build_for_the_gpu_meets_leave_the_cpu_and_say_which_release_would_do() -> None:
    selection = select(["torch==2.15.0"], machine((13, 0), (6, 1)))

    assert selection.indexes["torch"] == CPU
    assert "GeForce GTX 1080 (compute capability 6.1)" in selection.notes[0]
    assert "2.6 to 2.14" in selection.notes[0]


def test_a_release_that_is_older_than_all_known_ones_is_refused() -> None:
    with pytest.raises(NoBuildError, match=r"ask for torch>=2\.0"):
        select(["torch==1.13.1"], machine((12, 6), (8, 0)))


def test_a_release_that_is_newer_than_all_known_ones_comes_from_the_newest_index() -> None:
    selection = select(["torch>=2.17"], machine((13, 0), (9, 0)))

    assert selection.indexes["torch"].endswith("/cu130")


def test_an_old_pytorch_gets_a_numpy_that_it_was_built_with() -> None:
    selection = select(["numpy>=1.24", "torch==2.2.2"], machine(None))

    assert not requirement(selection, "numpy").specifier.contains("2.0")


def test_the_pytorch_index_can_be_a_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTORCH_INDEX_VARIABLE, "https://mirror.example/torch/")

    assert select(["torch"], machine(None)).indexes == {"torch": "https://mirror.example/torch/cpu"}


def test_on_a_mac_pytorch_comes_from_pypi() -> None:
    assert select(["torch"], machine(None, system="macos", processor="arm64")).indexes == {}


def test_an_old_display_card_does_not_block_a_new_gpu() -> None:
    selection = select(["torch"], machine((13, 0), (5, 0), (8, 6), (9, 0)))

    assert selection.indexes["torch"].endswith("/cu126")  # it covers all three
    selection = select(["torch"], machine((13, 0), (3, 5), (12, 0)))
    assert selection.indexes["torch"].endswith("/cu130")
    assert any("Tesla K40" in note and "does not run" in note for note in selection.notes)


def test_the_gpu_of_the_tab_is_covered_before_all_others() -> None:
    here = machine((13, 0), (5, 0), (6, 1), (12, 0))

    assert select(["torch"], here).indexes["torch"].endswith("/cu126")
    assert select(["torch"], here, gpu((12, 0)).uuid).indexes["torch"].endswith("/cu130")


def test_frameworks_in_one_environment_are_selected_for_the_same_gpus() -> None:
    selection = select(["torch", "numba", "cupy"], machine((13, 0), (6, 1), (12, 0)))

    assert selection.indexes["torch"].endswith("/cu130")
    assert requirement(selection, "numba-cuda").extras == {"cu13"}
    assert requirement(selection, "cupy-cuda13x").extras == {"ctk"}


@pytest.mark.parametrize(
    ("cuda", "capability", "name"),
    [
        ((11, 4), (3, 5), "cupy-cuda11x"),
        ((12, 2), (6, 1), "cupy-cuda12x"),
        ((13, 0), (6, 1), "cupy-cuda12x"),
        ((13, 0), (7, 5), "cupy-cuda13x"),
    ],
)
def test_cupy_is_the_one_with_a_compiler_for_the_gpu(cuda: Pair, capability: Pair, name: str) -> None:
    assert name in names(select(["cupy"], machine(cuda, capability)))


def test_a_header_for_another_cuda_version_gets_the_build_that_fits() -> None:
    selection = select(["cupy-cuda12x[ctk]>=13", "numba-cuda[cu12]"], machine((13, 0), (9, 0)))

    assert names(selection) == ["cupy-cuda13x", "numba", "numba-cuda"]
    assert requirement(selection, "numba-cuda").extras == {"cu13"}


@pytest.mark.parametrize("package", ["cupy", "pycuda"])
def test_what_needs_a_gpu_says_so_where_there_is_no_driver(package: str) -> None:
    with pytest.raises(NoBuildError, match=r"NVIDIA driver, and this machine has none"):
        select([package], machine(None))


def test_without_a_driver_numba_has_its_simulator() -> None:
    selection = select(["numba", "numba-cuda[cu12]"], machine(None))

    assert selection.requirements == ("numba",)
    assert "NUMBA_ENABLE_CUDASIM" in selection.notes[0]


def test_a_driver_that_is_too_old_is_named_with_the_one_that_would_do() -> None:
    selection = select(["numba"], machine((11, 4), (7, 5)))

    assert "driver for CUDA 11.4" in selection.notes[0]
    assert "install a driver for CUDA 12.0 or newer" in selection.notes[0]
    with pytest.raises(NoBuildError, match=r"needs a driver for CUDA 12\.8 or newer"):
        select(["cupy"], machine((12, 4), (12, 0)))


def test_tensorflow_has_a_gpu_build_on_linux_on_x86_64_only() -> None:
    here = requirement(select(["tensorflow"], machine((13, 0), (9, 0))), "tensorflow")
    windows = select(["tensorflow"], machine((13, 0), (9, 0), system="windows"))
    arm = select(["tensorflow"], machine((13, 0), (9, 0), processor="arm64"))

    assert here.extras == {"and-cuda"}
    assert names(windows) == ["tensorflow-cpu"]
    assert "WSL 2" in windows.notes[0]
    assert names(arm) == ["tensorflow"]
    assert "no GPU build for Linux on arm64" in arm.notes[0]


def test_tensorflow_for_maxwell_is_the_last_release_with_kernels_for_it() -> None:
    tensorflow = requirement(select(["tensorflow"], machine((12, 6), (5, 0))), "tensorflow")

    assert tensorflow.specifier.contains("2.16.2")
    assert not tensorflow.specifier.contains("2.17.0")


def test_tensorflow_for_blackwell_is_new_and_says_what_it_lacks() -> None:
    here = machine((12, 8), (5, 0), (12, 0))
    blackwell = select(["tensorflow"], here)
    maxwell = select(["tensorflow"], here, gpu((5, 0)).uuid)

    assert not requirement(blackwell, "tensorflow").specifier.contains("2.19.1")
    assert any("no machine code for Blackwell" in note for note in blackwell.notes)
    assert requirement(maxwell, "tensorflow").specifier.contains("2.16.2")


def test_tensorflow_limits_the_python_to_one_that_it_has_wheels_for() -> None:
    assert "3.14" not in select(["tensorflow"], machine(None)).pythons
    with pytest.raises(NoBuildError, match=r"asks for Python >=3\.14"):
        select(["tensorflow"], machine(None), requires_python=">=3.14")


def test_the_python_of_the_header_is_kept() -> None:
    assert select(["torch"], machine(None), requires_python=">=3.11,<3.13").pythons == ("3.12", "3.11")


def test_keras_gets_a_backend() -> None:
    assert set(names(select(["keras"], machine(None)))) == {"keras", "tensorflow-cpu"}
    assert set(names(select(["keras", "torch"], machine(None)))) == {"keras", "torch"}


@pytest.mark.parametrize(
    ("cuda", "capability", "version"),
    [((13, 1), (9, 0), (13, 1)), ((13, 0), (6, 1), (12, 9)), ((12, 4), (8, 0), (12, 4))],
)
def test_pycuda_is_built_for_a_cuda_version_that_driver_and_gpu_support(
    cuda: Pair, capability: Pair, version: Pair
) -> None:
    selection = select(["pycuda"], machine(cuda, capability))

    assert selection.pycuda == version
    assert any("toolkit" in note for note in selection.notes) is (version < (13, 0))


def test_without_a_gpu_pyopencl_comes_with_pocl_where_it_has_a_wheel() -> None:
    assert requirement(select(["pyopencl"], machine(None)), "pyopencl").extras == {"pocl"}
    assert requirement(select(["pyopencl"], machine((13, 0), (9, 0))), "pyopencl").extras == set()
    arm = select(["pyopencl[pocl]"], machine(None, processor="arm64"))
    assert requirement(arm, "pyopencl").extras == set()
    assert "no wheel for Linux on arm64" in arm.notes[0]


@pytest.mark.parametrize(
    ("cuda", "capability", "cupti"),
    [
        ((13, 1), (9, 0), "cupti-python>=13.0,<13.2"),
        ((13, 0), (6, 1), "cupti-python>=12.8,<12.9"),
        ((12, 6), (8, 0), "cupti-python>=12.6,<12.7"),
        ((12, 4), (8, 0), ""),
    ],
)
def test_tracing_gets_the_cupti_of_the_driver(cuda: Pair, capability: Pair, cupti: str) -> None:
    assert select(["numpy"], machine(cuda, capability)).cupti == cupti


def test_a_gpu_of_unknown_capability_gets_what_the_driver_supports() -> None:
    here = machine((13, 0))
    unknown = type(here)("linux", "x86_64", (13, 0), (Gpu("Thing", "GPU-1", None),))

    assert select(["torch"], unknown).indexes["torch"].endswith("/cu130")


def test_requirements_for_other_platforms_are_left_out() -> None:
    selection = select(["numpy", "cupy; sys_platform == 'win32'", "rich; sys_platform == 'linux'"], machine(None))

    assert selection.requirements == ("numpy", "rich")


def test_what_is_not_a_framework_passes_unchanged() -> None:
    selection = select(["pandas>=2,<3", "thing @ https://example.com/thing-1.0-py3-none-any.whl"], machine(None))

    assert set(Requirement(selection.requirements[0]).specifier) == set(Requirement("pandas>=2,<3").specifier)
    assert selection.requirements[1].startswith("thing @ https://example.com/")


def test_a_requirement_that_is_none_is_one_sentence() -> None:
    with pytest.raises(NoBuildError, match=r'^"not a name!" is no requirement'):
        select(["not a name!"], machine(None))


def test_triton_is_refused_where_it_does_not_run() -> None:
    with pytest.raises(NoBuildError, match="it runs on Linux"):
        select(["triton"], machine((13, 0), (9, 0), system="windows"))
    with pytest.raises(NoBuildError, match=r"needs compute capability 7\.0"):
        select(["triton"], machine((12, 8), (6, 1)))


def test_requirements_for_another_python_than_the_selected_one_are_left_out() -> None:
    asked = ["numpy", "tomli; python_version < '3.11'", "rich; python_version >= '3.11'"]

    assert select(asked, machine(None)).requirements == ("numpy", "rich")
    assert select(asked, machine(None), requires_python="<3.11").requirements == ("numpy", "tomli")


def test_tensorflow_is_refused_where_it_has_no_wheels() -> None:
    with pytest.raises(NoBuildError, match="no wheels for Windows on arm64"):
        select(["tensorflow"], machine(None, system="windows", processor="arm64"))
