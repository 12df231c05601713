"""Samples the GPUs and writes frames to stdout: ``python -m gpuplayground.monitor.sampling.agent --hz 10``.

The agent is a separate process because a driver call can hang forever, and only a process can be killed. It ends when
its stdin or stdout is closed, so it never outlives the window. For the frames see
:mod:`gpuplayground.monitor.sampling.frames`.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import BinaryIO

from gpuplayground.model.samples import GpuSample
from gpuplayground.monitor.sampling.frames import (
    CONTROL,
    heartbeat_frame,
    inventory_frame,
    opening_frame,
    pace_frame,
    processes_frame,
    samples_frame,
)
from gpuplayground.monitor.sampling.nvml import Nvml
from gpuplayground.monitor.sampling.sampling_rate import PaceMeter
from gpuplayground.runtime.clock import follow
from gpuplayground.runtime.io.wire import Frame, WireError, read_frame, write_frame

#: Maximum time between frames in seconds, so that silence means that the agent hangs.
HEARTBEAT_S = 1.0
SLOW_TIER_S = 2.0
MIN_SLOW_S = 0.05
#: A tick longer than its period is followed by a pause of 1 / ``REST`` of the tick.
REST = 50
MIN_HZ, MAX_HZ = 0.01, 100.0


class Agent:
    """The sampling loop.

    A slow driver is sampled as often as it responds. It is not reported as hanging, because each call that returns
    counts as a sign of life.

    Args:
        write: writes one frame.
        hz: ticks of the fast tier per second.
        slow_s: period of the slow tier unless a control frame sets another, and of the check for a driver and for
            added or removed GPUs, in seconds.
    """

    def __init__(self, write: Callable[[Frame], None], hz: float, slow_s: float = SLOW_TIER_S) -> None:
        self._changed = threading.Event()
        self._nvml = Nvml(touch=self._called, on_pass=self._changed.set)
        self._pace = PaceMeter()
        self._write = write
        self._look_ns = self._slow_ns = round(slow_s * 1e9)
        self._hz = hz
        self._slow_tier = True
        self._batch_ns = 0
        self._held: list[GpuSample] = []
        self._held_since = 0
        self._revision = 0
        self._slow_tier_at = -self._slow_ns  # the first pass follows the first samples
        self._look_at = 0
        self._written_at = 0

    def control(self, frame: Frame) -> None:
        """Apply a control frame at once. Thread-safe."""
        if frame["kind"] == CONTROL:
            self._hz = float(frame["hz"])
            self._slow_tier = bool(frame["slow_tier"])
            self._batch_ns = round(float(frame.get("batch_s", 0.0)) * 1e9)
            slow_s = frame.get("slow_s")
            self._slow_ns = self._look_ns if slow_s is None else round(max(float(slow_s), MIN_SLOW_S) * 1e9)
            if not self._slow_tier:
                self._nvml.cancel_pass()
            self._changed.set()

    def run(self) -> None:
        """Sample forever. Deadlines are absolute and do not drift; missed ones are skipped."""
        self._open()
        self._look_at = time.monotonic_ns() + self._look_ns
        deadline = time.monotonic_ns()
        while True:
            now = time.monotonic_ns()
            if now < deadline and not self._changed.is_set():
                self._changed.wait(min(deadline - now, self._heartbeat_due(now)) / 1e9)
            self._changed.clear()
            now = time.monotonic_ns()
            if now >= deadline:
                self._tick()
            self._report_pass()
            if self._heartbeat_due(time.monotonic_ns()) <= 0:
                self._send(heartbeat_frame())
            deadline = self._next_deadline(deadline)

    def _next_deadline(self, deadline: int) -> int:
        period = self._period_ns()
        now = time.monotonic_ns()
        if deadline > now:  # The rate may have changed while waiting.
            return min(deadline, now + period)
        if now >= deadline + period:
            # A slow driver is called again almost at once, with a pause for its other users.
            return now + min(self._pace.tick_ns // REST, period)
        return deadline + period

    def _period_ns(self) -> int:
        return round(1e9 / min(max(self._hz, MIN_HZ), MAX_HZ))

    def _heartbeat_due(self, now: int) -> int:
        return self._written_at + round(HEARTBEAT_S * 1e9) - now

    def _tick(self) -> None:
        if time.monotonic_ns() >= self._look_at:
            self._look_for_changes()
        with self._pace.tick(self._period_ns()):
            samples = self._nvml.fast(medium=self._slow_tier)
        # After the first samples, so that an inventory means that the driver responds.
        if self._nvml.revision != self._revision:
            self._revision = self._nvml.revision
            self._report_held()
            self._send(inventory_frame(self._nvml.inventory()))
        if samples:
            self._hold(samples)
        if samples and (pace := self._pace.changed()) is not None:
            self._send(pace_frame(pace))
        now = time.monotonic_ns()
        if samples and self._slow_tier and now >= self._slow_tier_at + self._slow_ns and self._nvml.begin_pass():
            self._slow_tier_at = now

    def _report_pass(self) -> None:
        found = self._nvml.finished_pass()
        if found is not None and self._slow_tier:
            self._report_held()
            self._send(processes_frame(found))

    def _called(self) -> None:
        """Count one returned driver call."""
        self._pace.calls += 1
        if self._heartbeat_due(time.monotonic_ns()) <= 0:
            self._send(heartbeat_frame())

    def _hold(self, samples: tuple[GpuSample, ...]) -> None:
        """Collect the samples of one batch into a frame, because each frame wakes three threads of the window."""
        now = time.monotonic_ns()
        self._held_since = self._held_since if self._held else now
        self._held += samples
        # Report now if the next tick would be too late for this batch; deadlines are met to some microseconds.
        if now - self._held_since + 1.05 * max(self._period_ns(), self._pace.tick_ns) >= self._batch_ns:
            self._report_held()

    def _report_held(self) -> None:
        if self._held:
            self._send(samples_frame(tuple(self._held)))
            self._held.clear()

    def _look_for_changes(self) -> None:
        if self._nvml.must_reopen():
            self._nvml.close()
            self._open()
        self._look_at = time.monotonic_ns() + self._look_ns

    def _open(self) -> None:
        # Announced, because it may take longer than any other call.
        self._send(opening_frame())
        self._nvml.open()

    def _send(self, frame: Frame) -> None:
        self._written_at = time.monotonic_ns()
        self._write(frame)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run an agent until its stdin or stdout is closed."""
    parser = argparse.ArgumentParser(
        prog="gpuplayground.monitor.sampling.agent", description="Sample the GPUs and write frames to stdout."
    )
    parser.add_argument("--hz", type=float, default=10.0, help="samples per second (default: 10)")
    parser.add_argument("--slow", type=float, default=SLOW_TIER_S, help="seconds between passes over the processes")
    parser.add_argument("--clock", type=int, help="offset of the clock of the process that reads the frames")
    options = parser.parse_args(arguments)
    if options.clock is not None:
        follow(options.clock)
    frames = _take_stdout()
    agent = Agent(lambda frame: write_frame(frames, frame), options.hz, options.slow)
    threading.Thread(target=_read_control, args=(agent,), daemon=True).start()
    try:
        agent.run()
    except (OSError, KeyboardInterrupt):
        # The reader is gone, or Ctrl+C in a terminal.
        _exit_now()


def _take_stdout() -> BinaryIO:
    """Reserve stdout for frames and redirect what libraries print there to stderr."""
    frames = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return frames


def _read_control(agent: Agent) -> None:
    """Apply the control frames on stdin. At its end the process exits, even if a driver call never returns."""
    try:
        while (frame := read_frame(sys.stdin.buffer)) is not None:
            agent.control(frame)
    except (OSError, WireError, KeyError, TypeError, ValueError) as error:
        sys.stderr.write(f"agent: {error}\n")
    _exit_now()


def _exit_now() -> None:
    # There is nothing to flush, and a regular exit would wait for a thread that hangs in the driver.
    os._exit(0)


if __name__ == "__main__":
    main()
