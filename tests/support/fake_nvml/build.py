"""Builds the fake ``libnvidia-ml.so.1`` and says what it will answer."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).with_name("fake_nvml.c")
CLOCK_SOURCE = SOURCE.with_name("fake_clock.c")
TOTAL_BYTES = 85899345920


def build_fake_nvml(folder: Path | None = None) -> Path:
    """Compile the fake library once for its source text, and return the folder to put on LD_LIBRARY_PATH."""
    return _build(SOURCE, "libnvidia-ml.so.1", folder)


def build_fake_clock() -> Path:
    """Compile what is preloaded to set a process's time of day, and return it."""
    return _build(CLOCK_SOURCE, "libfakeclock.so") / "libfakeclock.so"


def _build(source: Path, name: str, folder: Path | None = None) -> Path:
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    home = (folder or Path(tempfile.gettempdir()) / f"gpuplayground-fake-nvml-{os.getuid()}") / digest
    library = home / name
    if not library.exists():
        home.mkdir(parents=True, exist_ok=True)
        # Built beside and renamed, because several test runs may do it at the same time.
        partial = home / f".{os.getpid()}.so"
        command = ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
        command += [f"-Wl,-soname,{name}", "-o", str(partial), str(source), "-lm"]
        subprocess.run(command, check=True)
        partial.replace(library)
    return home


def gpu_uuid(identity: int) -> str:
    """The UUID of a fake GPU."""
    return f"GPU-fa4e0000-0000-0000-0000-{identity:012d}"


class FakeNvml:
    """The settings of one fake library, changeable while processes use it. Keys are described in ``fake_nvml.c``."""

    def __init__(self, control: Path, **settings: object) -> None:
        self._control = control
        self._settings: dict[str, object] = {}
        self.set(**settings)

    @property
    def env(self) -> dict[str, str]:
        """The environment of a process that shall find this library."""
        return {**_library_path(os.environ), "FAKE_NVML_CONTROL": str(self._control)}

    def set(self, **settings: object) -> None:
        """Change settings; None removes one."""
        self._settings = {key: value for key, value in {**self._settings, **settings}.items() if value is not None}
        partial = self._control.with_suffix(".partial")
        partial.write_text(_text(self._settings, "\n"))
        partial.replace(self._control)


def fake_nvml_env(gpus: int = 1, **settings: object) -> dict[str, str]:
    """Return what to add to a process's environment so that it sees fake GPUs, for instance ``lost="1"``."""
    return {**_library_path(os.environ), "FAKE_NVML": _text({"gpus": gpus, **settings}, ";")}


class FakeClock:
    """The time of day of processes that are started with ``env``, which can be set forward and back."""

    def __init__(self, control: Path) -> None:
        self._control = control
        self.set(0)

    @property
    def env(self) -> dict[str, str]:
        """What to add to a process's environment."""
        return {"LD_PRELOAD": str(build_fake_clock()), "FAKE_CLOCK": str(self._control)}

    def set(self, seconds: int) -> None:
        """Set the time of day to so many seconds beside the real one."""
        partial = self._control.with_suffix(".partial")
        partial.write_text(str(seconds))
        partial.replace(self._control)


def no_nvml_env() -> dict[str, str]:
    """Return what to add to a process's environment so that it finds no driver, not even this machine's own."""
    folder = build_fake_nvml() / "none"
    folder.mkdir(exist_ok=True)
    # The loader stops at the first file of the name, and this one is no library.
    (folder / "libnvidia-ml.so.1").touch()
    return {"LD_LIBRARY_PATH": str(folder)}


def wave(time_ns: int, identity: int, middle: float, amplitude: float, period_s: float) -> float:
    """What the fake library's ``wave`` gives at a time."""
    return middle + amplitude * math.sin(2 * math.pi * time_ns / 1e9 / period_s + identity)


def energy_j(time_ns: int, identity: int) -> float:
    """What the fake library's energy counter says at a time: the integral of its power, in steps of 100 ms."""
    step_s, w = time_ns // 100_000_000 / 10, 2 * math.pi / 20
    return 350 * step_s + 250 * (math.cos(identity) - math.cos(w * step_s + identity)) / w


def _library_path(environment: Mapping[str, str]) -> dict[str, str]:
    rest = environment.get("LD_LIBRARY_PATH")
    return {"LD_LIBRARY_PATH": f"{build_fake_nvml()}{os.pathsep + rest if rest else ''}"}


def _text(settings: Mapping[str, object], separator: str) -> str:
    return separator.join(f"{key}={value}" for key, value in settings.items())
