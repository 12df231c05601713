"""Snippets run for real in these tests, some of them with a driver library made of C."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake_cuda import build_fake_cuda
from tests.snippets import playground

__all__ = ["playground"]


@pytest.fixture(scope="session")
def libcuda(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fake driver library; its soname is what the clock looks for."""
    return build_fake_cuda(tmp_path_factory.mktemp("cuda"))
