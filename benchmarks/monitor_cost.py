"""CPU and memory of the window and its agent, beside ``nvitop --interval 0.25``, on the same fake NVML library."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from benchmarks.processes import Cost, cost_of, end
from benchmarks.screen import virtual_screen
from tests.fakes import fake_nvml_env

WATCH_S = 20.0
SETTLE_S = 8.0


def nvitop_cost(environment: dict[str, str]) -> Cost:
    """Run nvitop in a terminal of 200 by 60 and watch it."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "nvitop", "--monitor", "full", "--interval", "0.25"],
        env={**environment, "TERM": "xterm-256color", "LINES": "60", "COLUMNS": "200"},
        stdin=child, stdout=child, stderr=child, start_new_session=True,
    )  # fmt: skip
    os.close(child)
    threading.Thread(target=_drain, args=(parent,), daemon=True).start()
    return _watch(process)


def window_cost(environment: dict[str, str], *options: str) -> Cost:
    """Run the window and watch it with its agent."""
    with tempfile.TemporaryDirectory() as home:
        folders = {name: str(Path(home) / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        program = "import sys; from gpuplayground.cli import main; sys.exit(main(sys.argv[1:]))"
        process = subprocess.Popen([sys.executable, "-c", program, *options], env={**environment, **folders})
        return _watch(process)


def _watch(process: subprocess.Popen[bytes]) -> Cost:
    try:
        process.wait(SETTLE_S)
        raise SystemExit(f"It ended by itself with exit code {process.returncode}.")
    except subprocess.TimeoutExpired:
        return cost_of(process.pid, WATCH_S)
    finally:
        end(process.pid)
        process.wait()


def _drain(descriptor: int) -> None:
    while True:
        try:
            if not os.read(descriptor, 1 << 16):
                return
        except OSError:
            return


def main() -> None:
    """Print the costs with one GPU and with eight."""
    with virtual_screen() as screen:
        for gpus in (1, 8):
            environment = {**screen, **fake_nvml_env(gpus=gpus)}
            peer, ours = nvitop_cost(environment), window_cost(environment)
            print(
                f"{gpus} GPU{'s' if gpus > 1 else ' '}   nvitop --interval 0.25 {peer.cpu_percent:4.1f} % of a core   "
                f"window + agent {ours.cpu_percent:4.1f} %   ratio {ours.cpu_percent / peer.cpu_percent:.2f}   "
                f"resident {ours.rss_bytes / 1e6:.0f} MB"
            )


if __name__ == "__main__":
    main()
