"""An index of its own for each test, and environments in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gpuplayground.environments.managed.store import ManagedEnvironments
from tests.support.managed import use_index
from tests.support.package_index import PackageIndex, package_index


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """An empty package index that uv takes for the default one."""
    with package_index() as served:
        use_index(monkeypatch, served.url, tmp_path / "uv-cache")
        yield served


@pytest.fixture
def environments(tmp_path: Path) -> ManagedEnvironments:
    """No environments yet."""
    return ManagedEnvironments(tmp_path / "environments")
