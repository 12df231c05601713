"""``gpuplayground doctor``: without kernels, with that of NumPy, and with what is known of it from before."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.figures import Figure, report

ROUNDS = 7
#: Target for the findings that need no framework, in milliseconds.
QUICK_LIMIT_MS = 5000.0


def main() -> None:
    """Report the figures."""
    quick = _median_ms("--quick")
    fresh = _median_ms("--fresh")
    known = _median_ms()
    report(
        [
            Figure("doctor --quick", quick, "ms", limit=QUICK_LIMIT_MS),
            Figure("doctor with the kernel of NumPy", fresh, "ms"),
            Figure("doctor, nothing changed since", known, "ms"),
        ]
    )


def _median_ms(*options: str) -> float:
    """Return the median time of the whole command, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        command = [sys.executable, "-m", "gpuplayground", "doctor", *options]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


if __name__ == "__main__":
    main()
