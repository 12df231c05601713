"""Runs an agent, passes on its events, and replaces it when it hangs or dies.

A feed reports :data:`~gpuplayground.model.samples.MonitorEvent`:

- an :class:`Inventory` at the start, after each change, and after each replaced agent. It ends any problem of the feed
  and contains the problems of the driver and the GPUs,
- a tuple of samples per tick, never empty, and a tuple of processes per pass, empty if there are none,
- a :class:`Pace` once the actual sampling rate is known, and when it changes,
- a :class:`Problem` once when the agent hangs (``NOT_RESPONDING``, with the time of the last frame) or ends
  (``AGENT_FAILED``). The feed keeps trying.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event, Lock

from gpuplayground.model.samples import Inventory, MonitorEvent, Problem, ProblemCode
from gpuplayground.monitor.sampling.agent_process import AgentProcess, agent_command
from gpuplayground.monitor.sampling.frames import OPENING, control_frame, event_of
from gpuplayground.runtime.clock import now_ns
from gpuplayground.runtime.io.wire import WireError

#: Delays before each restart of the agent, in seconds.
BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
#: An agent that ran this long resets the delay to the shortest, in seconds.
BACK_OFF_RESET_S = 20.0
#: Maximum silence of an agent in seconds before it is replaced and the driver is reported as not responding. The agent
#: reports after each slow call, so this limits a single call.
STALL_S = 3.0
#: Opening the driver may take this many times longer: a server with many sleeping GPUs needs many seconds.
START_STALLS = 5
#: Maximum time from a start to an inventory or a problem, in seconds.
START_S = START_STALLS * STALL_S
#: Silence is counted in slices, so that a pause of this process itself is not blamed on the agent.
_SLICES = 6

OnEvent = Callable[[MonitorEvent], None]


class Feed:
    """Reports the events of an agent process. Runs once: a stopped feed stays stopped.

    Args:
        command: the agent's command line; by default this installation's agent.
        hz: samples per second.
        env: the agent's environment; by default this process's.
        stall_s: an agent without frames for this many seconds hangs; while it opens the driver,
            :data:`START_STALLS` times as long.
        batch_s: samples within this many seconds are reported together.
    """

    def __init__(
        self,
        command: Sequence[str] | None = None,
        hz: float = 10.0,
        env: Mapping[str, str] | None = None,
        stall_s: float = STALL_S,
        batch_s: float = 0.0,
    ) -> None:
        self._command = tuple(command) if command is not None else agent_command(hz)
        self._env = env
        self._stall_s = stall_s
        self._hz = hz
        self._slow_tier = True
        self._batch_s = batch_s
        self._slow_s: float | None = None
        self._stopping = Event()
        self._lock = Lock()
        self._agent: AgentProcess | None = None
        self._last_frame_ns = 0
        self._is_reported = False

    def run(self, on_event: OnEvent) -> None:
        """Call ``on_event`` in this thread for each event until :meth:`stop`."""
        self._last_frame_ns = now_ns()
        failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            self._run_agent(on_event)
            failures = 0 if time.monotonic() - started > BACK_OFF_RESET_S else failures
            self._stopping.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            failures += 1

    def stop(self) -> None:
        """End :meth:`run` and the agent. Thread-safe; returns at once, even if the agent hangs in the driver."""
        self._stopping.set()
        with self._lock:
            if self._agent is not None:
                self._agent.kill()

    def set_rate(self, hz: float) -> None:
        """Set the sampling rate in samples per second."""
        self._hz = hz
        self._send_control()

    def set_batch(self, seconds: float) -> None:
        """Report samples within this many seconds together, which is later but cheaper; 0 reports at once."""
        self._batch_s = seconds
        self._send_control()

    def pause_slow_tier(self) -> None:
        """Stop reading processes and energy, which would disturb a measurement, until :meth:`resume_slow_tier`."""
        self._slow_tier = False
        self._send_control()

    def resume_slow_tier(self) -> None:
        """Resume reading processes and energy."""
        self._slow_tier = True
        self._send_control()

    def set_process_period(self, seconds: float | None) -> None:
        """Set the period of passes over the processes in seconds; None is the default of 2 s."""
        self._slow_s = seconds
        self._send_control()

    def _send_control(self) -> None:
        with self._lock:
            if self._agent is not None:
                frame = control_frame(self._hz, self._slow_tier, self._batch_s, self._slow_s)
                self._agent.send(frame)

    def _run_agent(self, on_event: OnEvent) -> None:
        try:
            agent = AgentProcess(self._command, self._env)
        except OSError as error:
            self._report(on_event, self._failed(f"{self._command[0]}: {error.strerror}"))
            return
        with self._lock:
            self._agent = agent
            if self._stopping.is_set():  # stop() was called before there was an agent.
                agent.kill()
        try:
            self._send_control()
            self._follow(agent, on_event)
        finally:
            with self._lock:
                self._agent = None
            agent.kill()
            agent.reap()

    def _follow(self, agent: AgentProcess, on_event: OnEvent) -> None:
        """Report an agent's events until it hangs, ends or is stopped."""
        silent_slices, max_slices = 0, _SLICES * START_STALLS
        while not self._stopping.is_set():
            frame = agent.next_frame(self._stall_s / _SLICES)
            if frame is None:
                silent_slices += 1
                if silent_slices >= max_slices:
                    self._report(on_event, self._hangs())
                    return
                continue
            silent_slices = 0
            if isinstance(frame, str):
                if not self._stopping.is_set():
                    self._report(on_event, self._failed(frame))
                return
            try:
                event = event_of(frame)
            except WireError as error:
                self._report(on_event, self._failed(str(error)))
                return
            self._last_frame_ns = now_ns()
            if frame["kind"] == OPENING:
                max_slices = _SLICES * START_STALLS
            elif event is not None:
                max_slices = _SLICES
            if isinstance(event, Inventory):
                self._is_reported = False
            if event is not None and not self._stopping.is_set():
                on_event(event)

    def _report(self, on_event: OnEvent, problem: Problem) -> None:
        """Report a problem once until the next inventory."""
        if not self._is_reported:
            self._is_reported = True
            on_event(problem)

    def _hangs(self) -> Problem:
        sentence = (
            "The NVIDIA driver is not responding: the monitor keeps trying. Restart the computer if this persists."
        )
        return Problem(ProblemCode.NOT_RESPONDING, sentence, since_ns=self._last_frame_ns)

    def _failed(self, detail: str) -> Problem:
        sentence = "The sampling process ended unexpectedly and is being restarted."
        return Problem(ProblemCode.AGENT_FAILED, sentence, detail, self._last_frame_ns)
