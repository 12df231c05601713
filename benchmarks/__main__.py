"""Run the benchmarks behind docs/figures.md: ``python -m benchmarks [NAME ...]``; all of them without a name."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, reported, table
from benchmarks.machine import machine
from benchmarks.screen import virtual_screen
from tests.support.fakes import fake_nvml_env

NAMES = (
    "startup",
    "monitor_cost",
    "run_latency",
    "flood",
    "overhead",
    "history",
    "timeline",
    "big_trace",
    "pyperf_peer",
    "doctor",
)


def main() -> int:
    """Run benchmarks one after the other and print a table; exit code 1 if a target is missed or a benchmark fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args().names or list(NAMES)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        parser.error(f"There is no benchmark {unknown[0]}: choose from {', '.join(NAMES)}.")
    figures: list[Figure] = []
    failed: list[str] = []
    with virtual_screen() as screen:
        for name in names:
            try:
                figures += _figures_of(name, screen)
            except subprocess.CalledProcessError:
                failed.append(name)
    print(machine())
    print(f"load average {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}\n")
    print(table(figures))
    for name in failed:
        print(f"{name} failed; see the traceback above.")
    return 1 if failed or any(figure.is_met is False for figure in figures) else 0


def _figures_of(name: str, screen: dict[str, str]) -> list[Figure]:
    """Run one benchmark in a process of its own, with fresh folders and one fake GPU."""
    sys.stderr.write(f"{name} …\n")
    with tempfile.TemporaryDirectory() as home:
        folders = {key: str(Path(home) / key.lower()) for key in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"],
            env={**_usual_environment(), **screen, **folders, **fake_nvml_env(gpus=1)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return reported(done.stdout)


def _usual_environment() -> dict[str, str]:
    """Return this environment without variables that change how Python runs, such as PYTHONDONTWRITEBYTECODE."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


if __name__ == "__main__":
    sys.exit(main())
