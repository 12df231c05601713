"""Fixtures of the monitor's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import FakeNvml


@pytest.fixture
def nvml(tmp_path: Path) -> FakeNvml:
    """A fake driver with two GPUs."""
    return FakeNvml(tmp_path / "nvml", gpus=2)
