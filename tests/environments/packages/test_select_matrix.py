"""Every driver, GPU, platform and framework: a build that has kernels for the GPU, or a sentence that says why not."""

from __future__ import annotations

import re
from itertools import product

import pytest
from packaging.requirements import Requirement

from gpuplayground.environments.packages import builds
from gpuplayground.environments.packages.builds import Build, Pair
from gpuplayground.environments.packages.machine import Gpu, Machine
from gpuplayground.environments.packages.needs import Needs
from gpuplayground.environments.packages.select import select
from gpuplayground.environments.packages.selection import NoBuildError, Selection
from gpuplayground.environments.packages.sets import DEFAULT_SETS, set_for
from tests.support.gpus_elsewhere import NAMES, gpu

DRIVERS: tuple[Pair | None, ...] = (
    None, (11, 4), (11, 8), (12, 2), (12, 4), (12, 6), (12, 8), (13, 0), (13, 1),
)  # fmt: skip
MIXED = (((6, 1), (12, 0)), ((5, 0), (8, 6), (9, 0)), ((3, 5), (7, 5)))
GPUS = (*(((capability),) for capability in NAMES), *MIXED)
PLATFORMS = (("linux", "x86_64"), ("linux", "arm64"), ("windows", "x86_64"), ("macos", "arm64"))
CPU = {"torch", "tensorflow", "numba", "jax", "pyopencl"}
#: The frameworks that have no use without a GPU.
GPU_ONLY = {"cupy", "pycuda"}


def built_by(selection: Selection, framework: str) -> list[Build]:
    """The builds of the table that a selection stands for; none for a CPU build."""
    names = {each.name: each for each in map(Requirement, selection.requirements)}
    if framework == "torch":
        label = selection.indexes.get("torch", "").rpartition("/")[2]
        return [build for build in builds.TORCH if build.label == label]
    if framework == "tensorflow":
        own = names.get("tensorflow")
        if own is None or "and-cuda" not in own.extras:
            return []
        return [build for build in builds.TENSORFLOW if own.specifier.contains(build.first)]
    if framework == "pycuda":
        assert selection.pycuda is not None
        return [build for build in builds.PYCUDA if build.cuda[0] == selection.pycuda[0]]
    table = {"cupy": builds.CUPY, "numba": builds.NUMBA, "jax": builds.JAX}.get(framework, ())
    wanted = [(Requirement(build.distribution), build) for build in table]
    return [build for own, build in wanted if (found := names.get(own.name)) is not None and own.extras <= found.extras]


def selected(framework: str, here: Machine) -> Selection | str:
    """The selection, or the sentence that says why there is none."""
    try:
        return select([framework], here)
    except NoBuildError as error:
        return str(error)


def runs_on(build: Build, machine: Machine, each: Gpu) -> bool:
    """The rule of NVIDIA's guides, written down once more."""
    assert machine.cuda is not None
    assert each.capability is not None
    if (machine.system, machine.processor) not in build.platforms or build.cuda[0] > machine.cuda[0]:
        return False
    if build.compiles is not None:
        return build.compiles[0] <= each.capability <= build.compiles[1]
    same_major = [cubin for cubin in build.cubins if cubin[0] == each.capability[0]]
    if any(cubin[1] <= each.capability[1] for cubin in same_major):
        return True
    return build.ptx is not None and build.ptx <= each.capability and build.cuda <= machine.cuda


@pytest.mark.parametrize("framework", sorted(CPU | GPU_ONLY))
@pytest.mark.parametrize("platform", PLATFORMS, ids="-".join)
def test_every_row_has_a_build_with_kernels_for_the_gpu_or_a_sentence(
    framework: str, platform: tuple[str, str]
) -> None:
    for cuda, capabilities in product(DRIVERS, GPUS):
        here = Machine(*platform, cuda, tuple(map(gpu, capabilities)) if cuda is not None else ())
        row = f"{framework}, CUDA {cuda}, {capabilities}, {platform}"
        selection = selected(framework, here)
        if isinstance(selection, str):
            assert framework in GPU_ONLY, row
            assert selection.endswith("."), row
            continue
        assert selection.pythons, row
        chosen = built_by(selection, framework)
        if not chosen:
            assert framework in CPU, row
            has_reason = cuda is None or here.system == "macos" or framework == "pyopencl" or selection.notes
            assert has_reason, row
            continue
        for build in chosen:
            if (here.system, here.processor) in build.platforms:
                covered = [each for each in here.gpus if runs_on(build, here, each)]
                assert covered, row
                left_out = [each for each in here.gpus if each not in covered]
                assert all(any(each.name in note for note in selection.notes) for each in left_out), row


@pytest.mark.parametrize("framework", ["torch", "cupy", "numba"])
@pytest.mark.parametrize("cuda", [(12, 8), (13, 0), (13, 1)])
@pytest.mark.parametrize("capability", [each for each in NAMES if each >= (5, 0)], ids=str)
def test_a_current_driver_has_a_gpu_build_for_every_gpu_since_maxwell(
    framework: str, cuda: Pair, capability: Pair
) -> None:
    selection = select([framework], Machine("linux", "x86_64", cuda, (gpu(capability),)))

    assert built_by(selection, framework)


@pytest.mark.parametrize("framework", ["torch", "tensorflow", "numba", "pyopencl", "cupy", "pycuda"])
@pytest.mark.parametrize("platform", PLATFORMS, ids="-".join)
def test_the_shared_environment_can_be_built_wherever_the_framework_alone_can(
    framework: str, platform: tuple[str, str]
) -> None:
    for cuda, capabilities in product(DRIVERS, GPUS):
        here = Machine(*platform, cuda, tuple(map(gpu, capabilities)) if cuda is not None else ())
        row = f"{framework}, CUDA {cuda}, {capabilities}, {platform}"
        alone = selected(framework, here)
        name, members = set_for(Needs((framework,)), here)
        if isinstance(alone, str):
            with pytest.raises(NoBuildError, match=re.escape(alone)):
                select(members, here)
            continue
        together = select(members, here)
        assert name in DEFAULT_SETS, row
        assert together.pythons, row
        # The others in the set do not take the framework its build for the GPU.
        assert bool(built_by(together, framework)) == bool(built_by(alone, framework)), row
