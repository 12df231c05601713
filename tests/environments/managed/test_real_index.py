"""A small package from the package index itself, with the settings of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuplayground.environments.managed.records import BuildPlan
from gpuplayground.environments.managed.store import ManagedEnvironments
from gpuplayground.environments.managed.uv import UvError
from tests.support.managed import build_plan, said_by, selection


@pytest.fixture
def plan(environments: ManagedEnvironments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildPlan:
    """The plan for a package with one dependency, without anything in the cache."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    try:
        return environments.plan("text", selection("jinja2"))
    except UvError as error:
        if error.kind not in ("network", "proxy"):
            raise
        pytest.skip(f"the package index cannot be reached: {error}")


def test_a_package_of_the_real_index_is_planned_built_and_imported(
    environments: ManagedEnvironments, plan: BuildPlan
) -> None:
    assert {package.name for package in plan.packages} == {"jinja2", "markupsafe"}
    assert plan.is_size_known
    built = build_plan(environments, plan)
    code = "import jinja2; print(jinja2.Template('{{ 2 + 3 }}').render())"
    assert said_by(built.interpreter, code) == "5\n"
    again = environments.plan("text", selection("jinja2"))
    assert again.download_bytes == 0
    assert all(package.is_cached for package in again.packages)
