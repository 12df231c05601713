"""What stands in for hardware in the tests of every package."""

from __future__ import annotations

from tests.support.fake_nvml.build import (
    FakeClock,
    FakeNvml,
    build_fake_nvml,
    energy_j,
    fake_nvml_env,
    gpu_uuid,
    no_nvml_env,
)

__all__ = ["FakeClock", "FakeNvml", "build_fake_nvml", "energy_j", "fake_nvml_env", "gpu_uuid", "no_nvml_env"]
