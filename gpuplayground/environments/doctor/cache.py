"""Keeps what became of frameworks' kernels, so that an unchanged environment is not checked again.

Only successes are kept: a failure may have passed. A result counts while the environment, the driver and the variables
that decide what a framework finds are the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from gpuplayground.environments.doctor.kernel_findings import Check
from gpuplayground.environments.doctor.kernel_process import End, KernelResult
from gpuplayground.environments.installed import package_folders, packages_in
from gpuplayground.model.samples import Inventory
from gpuplayground.model.serial import SerialError, from_data, to_data
from gpuplayground.storage import private_files

FILE = "kernel-checks.json"
_MAX_ENTRIES = 300
_MAX_BYTES = 4 << 20
_VARIABLES = ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "PYTHONPATH", "PATH", "CUDA_HOME", "CUDA_PATH")


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept result. ``checked_at`` is in seconds since the epoch."""

    result: KernelResult
    checked_at: float


@dataclass(frozen=True, slots=True)
class _Entries:
    """The content of the file, by key."""

    entries: Mapping[str, Entry] = field(default_factory=dict)


def state_of(check: Check, inventory: Inventory) -> str:
    """Return a key that changes with the environment's packages, the driver, the GPUs and the code of the check."""
    prefix = Path(check.environment.prefix)
    parts: list[object] = [
        check.environment.interpreter,
        check.environment.version,
        check.probe.module,
        check.probe.code,
    ]
    parts += sorted(packages_in(prefix).items())
    for folder in package_folders(prefix):
        with suppress(OSError):
            parts.append(folder.stat().st_mtime_ns)
    parts += [inventory.driver.driver_version, *(gpu.uuid for gpu in inventory.gpus)]
    parts += [os.environ.get(name) for name in _VARIABLES]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


class KernelCache:
    """The kept results in a file. A file that cannot be read or written only costs time.

    Args:
        file: where it is; None keeps nothing.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._entries = dict(_read(file)) if file is not None else {}

    def find(self, key: str) -> Entry | None:
        """Return a kept result."""
        return self._entries.get(key)

    def keep(self, key: str, result: KernelResult) -> None:
        """Keep a result if it is a success; a failure removes an older success."""
        self._entries.pop(key, None)
        if result.end is End.DONE and result.device:
            self._entries[key] = Entry(result, time.time())

    def save(self) -> None:
        """Write the newest results to the file."""
        if self._file is None:
            return
        newest = sorted(self._entries.items(), key=lambda item: item[1].checked_at)[-_MAX_ENTRIES:]
        with suppress(OSError):
            private_files.write(self._file, json.dumps(to_data(_Entries(dict(newest)))).encode())


def _read(file: Path) -> Mapping[str, Entry]:
    try:
        with file.open("rb") as stream:
            return from_data(_Entries, json.loads(stream.read(_MAX_BYTES))).entries
    except (OSError, ValueError, SerialError):
        return {}
