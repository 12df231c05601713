"""From needs to an environment: one that fits, or the plan of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Event

import pytest

from gpuplayground.environments.managed.records import (
    BuildCancelledError,
    BuildError,
    BuildPlan,
    BuildProgress,
    ManagedEnvironment,
    OnProgress,
    PlannedPackage,
)
from gpuplayground.environments.managed.store import ManagedEnvironments
from gpuplayground.environments.packages.automatic import Candidate, Kind
from gpuplayground.environments.packages.needs import Needs
from gpuplayground.environments.packages.selection import NoBuildError, Selection
from gpuplayground.environments.provision import (
    CONFIRM_ABOVE_BYTES,
    missing_module,
    needs_confirmation,
    needs_of_module,
    own_candidate,
    plan_build,
    provision,
    variables_for,
    with_module,
)
from tests.support.gpus_elsewhere import machine

HERE = machine((13, 0), (9, 0))
OWN = Candidate("/own/bin/python", "3.12.4", {"numpy": "2.4"}, Kind.OWN)


class Environments(ManagedEnvironments):
    """Plans and builds without uv."""

    def __init__(self, existing: Mapping[str, tuple[str, ...]] | None = None, broken: str = "") -> None:
        super().__init__(Path("/nowhere"))
        self.existing = dict(existing or {})
        self.broken = broken
        self.planned: list[tuple[str, tuple[str, ...]]] = []

    def find(self, name: str) -> ManagedEnvironment | None:
        requirements = self.existing.get(name)
        if requirements is None:
            return None
        return ManagedEnvironment(name, f"/{name}/bin/python", "3.12.4", requirements, {}, 0.0)

    def plan(self, name: str, selection: Selection, cancelled: Event | None = None) -> BuildPlan:
        self.planned.append((name, selection.requirements))
        if self.broken and any(self.broken in requirement for requirement in selection.requirements):
            raise BuildError(f"{self.broken} cannot be had.")
        return BuildPlan(name, selection.requirements, "3.12", (), "")

    def build(self, plan: BuildPlan, on_progress: OnProgress, cancelled: Event | None = None) -> ManagedEnvironment:
        on_progress(BuildProgress("Downloading"))
        self.existing[plan.name] = plan.requirements
        built = self.find(plan.name)
        assert built is not None
        return built


def names(requirements: tuple[str, ...]) -> set[str]:
    return {requirement.partition("[")[0].partition(">")[0].partition("<")[0] for requirement in requirements}


def test_an_environment_that_fits_is_used_as_it_is() -> None:
    environments = Environments()

    found = provision(Needs(("numpy",)), HERE, environments, [OWN], lambda _: True, lambda _: None)

    assert found is OWN
    assert environments.planned == []


def test_otherwise_one_is_built_and_shows_its_progress() -> None:
    steps: list[BuildProgress] = []

    found = provision(Needs(("torch",)), HERE, Environments(), [OWN], lambda _: True, steps.append)

    assert found.name == "pytorch"
    assert found.kind is Kind.MANAGED
    assert [each.step for each in steps] == ["Downloading"]


def test_nothing_is_built_that_is_not_agreed_to() -> None:
    environments = Environments()

    with pytest.raises(BuildCancelledError, match="Nothing was installed"):
        provision(Needs(("torch",)), HERE, environments, [OWN], lambda _: False, lambda _: None)

    assert environments.existing == {}


def test_what_does_not_run_here_is_a_sentence() -> None:
    with pytest.raises(NoBuildError, match="CuPy"):
        plan_build(Needs(("cupy",)), machine(None), Environments())


def test_a_set_that_cannot_be_had_whole_shrinks_to_what_is_needed() -> None:
    environments = Environments(broken="pyopencl")

    plan = plan_build(Needs(("cupy",)), HERE, environments)

    assert names(plan.requirements) == {"cupy-cuda13x"}
    assert plan.name == "cuda"


def test_what_cannot_be_had_at_all_is_said() -> None:
    with pytest.raises(BuildError, match="cupy cannot be had"):
        plan_build(Needs(("cupy",)), HERE, Environments(broken="cupy"))


def test_an_environment_that_is_built_again_keeps_what_it_had() -> None:
    old = machine((12, 4), (6, 1))

    plan = plan_build(Needs(("cupy>=14",)), old, Environments({"cuda": ("cupy-cuda12x[ctk]", "pycuda")}))

    assert "pycuda" in plan.requirements
    assert "pycuda" not in plan_build(Needs(("cupy>=14",)), old, Environments()).requirements


@pytest.mark.parametrize(
    ("package", "asks"),
    [
        (PlannedPackage("a", "1", CONFIRM_ABOVE_BYTES, is_cached=False), False),
        (PlannedPackage("a", "1", CONFIRM_ABOVE_BYTES + 1, is_cached=False), True),
        (PlannedPackage("a", "1", CONFIRM_ABOVE_BYTES + 1, is_cached=True), False),
        (PlannedPackage("a", "1", None, is_cached=False), True),
    ],
)
def test_a_large_download_or_one_of_unknown_size_is_confirmed(package: PlannedPackage, asks: bool) -> None:
    assert needs_confirmation(BuildPlan("a", ("a",), "3.12", (package,), "")) is asks


@pytest.mark.parametrize(
    ("kind", "message", "module"),
    [
        ("ModuleNotFoundError", "No module named 'torch'", "torch"),
        ("ModuleNotFoundError", "ModuleNotFoundError: No module named 'cuda.core'", "cuda.core"),
        ("ModuleNotFoundError", "No module named 'torch.x'; 'torch' is not a package", ""),
        ("ImportError", "cannot import name 'x' from 'torch'", ""),
        ("ValueError", "No module named 'torch'", ""),
    ],
)
def test_the_missing_module_is_read_from_the_exception(kind: str, message: str, module: str) -> None:
    assert missing_module(kind, message) == module


def test_a_missing_module_needs_its_distribution_if_that_is_known() -> None:
    assert needs_of_module("cv2") == Needs(("opencv-python-headless",))
    assert needs_of_module("troch.nn") == Needs(unknown=("troch",))
    assert with_module(Needs(("torch",)), "cv2").requirements == ("torch", "opencv-python-headless")
    assert with_module(Needs(("cupy-cuda12x",)), "cupyx").requirements == ("cupy-cuda12x",)


def test_this_application_has_what_it_was_installed_with() -> None:
    assert "numpy" in own_candidate().packages


def test_without_a_gpu_numba_and_triton_simulate_one() -> None:
    needs = Needs(("numpy", "numba", "numba-cuda[cu12]", "triton"))

    assert variables_for(needs, machine(None)) == {"NUMBA_ENABLE_CUDASIM": "1", "TRITON_INTERPRET": "1"}
    assert variables_for(needs, HERE) == {}
    assert variables_for(Needs(("numpy",)), machine(None)) == {}
