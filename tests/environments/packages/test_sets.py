"""Which environment a snippet shares with others."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from gpuplayground.environments.packages.needs import Needs
from gpuplayground.environments.packages.select import select
from gpuplayground.environments.packages.sets import DEFAULT_SETS, set_for
from tests.support.gpus_elsewhere import machine


def names(requirements: tuple[str, ...]) -> set[str]:
    return {Requirement(text).name for text in requirements}


@pytest.mark.parametrize(
    ("requirements", "name"),
    [
        (("torch", "numpy"), "pytorch"),
        (("torch>=2.4", "pillow"), "pytorch"),
        (("tensorflow",), "tensorflow"),
        (("cupy-cuda12x[ctk]", "numpy"), "cuda"),
        (("numba", "numba-cuda[cu12]"), "cuda"),
        (("pycuda",), "cuda"),
    ],
)
def test_a_part_of_a_default_set_shares_its_environment(requirements: tuple[str, ...], name: str) -> None:
    found, members = set_for(Needs(requirements))

    assert found == name
    assert len(members) == len(DEFAULT_SETS[name])


def test_bounds_from_below_go_into_the_shared_environment() -> None:
    assert "torch>=2.4" in set_for(Needs(("torch>=2.4",)))[1]


@pytest.mark.parametrize(
    "needs",
    [
        Needs(("torch<2.6",)),
        Needs(("torch==2.5.1",)),
        Needs(("torch", "pandas")),
        Needs(("torch", "cupy")),
        Needs(("torch",), requires_python="<3.12"),
        Needs(("numpy",)),
        Needs(("torch @ https://example.com/torch-1.0-py3-none-any.whl",)),
    ],
)
def test_other_requirements_get_an_environment_of_their_own(needs: Needs) -> None:
    name, requirements = set_for(needs)

    assert name not in DEFAULT_SETS
    assert requirements == needs.requirements
    assert set_for(needs)[0] == name


def test_the_name_tells_the_packages_and_differs_by_their_versions() -> None:
    first, second = (set_for(Needs(("pandas", text)))[0] for text in ("torch<2.6", "torch<2.7"))

    assert first.startswith("torch-pandas-")
    assert first != second


def test_on_a_machine_the_set_has_only_what_runs_there() -> None:
    without_gpu = set_for(Needs(("numba",)), machine(None))[1]
    old_gpu = set_for(Needs(("cupy",)), machine((12, 4), (6, 1)))[1]
    new_gpu = set_for(Needs(("cupy",)), machine((13, 0), (9, 0)))[1]

    assert {"cupy", "pycuda"}.isdisjoint(names(without_gpu))
    assert "pycuda" not in names(old_gpu)  # it would need a toolkit
    assert {"cupy", "pycuda", "numba", "pyopencl"} <= names(new_gpu)
    assert "pycuda" in names(set_for(Needs(("pycuda",)), machine((12, 4), (6, 1)))[1])


@pytest.mark.parametrize("name", DEFAULT_SETS)
def test_every_default_set_can_be_selected_on_a_machine_with_a_gpu(name: str) -> None:
    assert select(DEFAULT_SETS[name], machine((13, 0), (9, 0))).pythons
