"""Runs an agent, hands on what it reports, and replaces it when it hangs or dies.

What a feed calls back with (:data:`~gpuplayground.model.samples.MonitorEvent`):

- an :class:`Inventory` at start, after each change, and after each replaced agent: whatever was wrong with the feed is
  over once an inventory arrives, and what is wrong with the driver or a GPU is in it,
- a tuple of samples per tick, never empty, and a tuple of processes per pass, empty when there are none,
- a :class:`Pace` once it is known how often the GPUs are really sampled, and when that has changed,
- a :class:`Problem` once when the agent hangs (``NOT_RESPONDING``, with the time of the last frame) or ends
  (``AGENT_FAILED``); the feed goes on trying by itself.
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

#: Pauses before the agent is started again, in seconds.
BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
#: An agent that worked for so long has earned the shortest pause again.
GOOD_CONDUCT_S = 20.0
#: How long an agent may be silent, in seconds, before the driver is said not to answer and the agent is replaced. It
#: reports after each call that takes long, so this is the limit of a single call.
STALL_S = 3.0
#: Opening the driver can take many seconds on a server with many sleeping GPUs: so many times that long.
START_STALLS = 5
#: The longest time from a start to an inventory or a problem, in seconds.
START_S = START_STALLS * STALL_S
#: Silence is counted in so many slices, so that a window that was itself stopped does not take it for the agent's.
_SLICES = 6

OnEvent = Callable[[MonitorEvent], None]


class Feed:
    """What the GPUs do, from an agent process. Runs once: a stopped feed stays stopped.

    Args:
        command: starts the agent; by default this installation's own.
        hz: samples per second.
        env: environment of the agent, by default this process's.
        stall_s: no frame for so long means that the agent hangs; while it opens the driver, :data:`START_STALLS` times
            as long.
        batch_s: report what is sampled within so many seconds together.
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
        """Call ``on_event`` from this thread for everything that is reported, until :meth:`stop`."""
        self._last_frame_ns = now_ns()
        attempt = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            self._run_agent(on_event)
            attempt = 0 if time.monotonic() - started > GOOD_CONDUCT_S else attempt
            self._stopping.wait(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
            attempt += 1

    def stop(self) -> None:
        """End :meth:`run` and the agent, from any thread. Returns at once, even when the agent hangs in the driver."""
        self._stopping.set()
        with self._lock:
            if self._agent is not None:
                self._agent.kill()

    def set_rate(self, hz: float) -> None:
        """Sample so many times a second from now on."""
        self._hz = hz
        self._send_control()

    def set_batch(self, seconds: float) -> None:
        """Report what is sampled within so many seconds together: it comes later, and costs less. 0 is at once."""
        self._batch_s = seconds
        self._send_control()

    def pause_slow_tier(self) -> None:
        """Leave out what disturbs a measurement, until :meth:`resume_slow_tier`: the processes and the energy."""
        self._slow_tier = False
        self._send_control()

    def resume_slow_tier(self) -> None:
        """Read the processes and the energy again."""
        self._slow_tier = True
        self._send_control()

    def set_process_period(self, seconds: float | None) -> None:
        """Pass over the processes that often, as while a run is watched; None is the agent's own period, 2 s."""
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
            if self._stopping.is_set():  # stop() came before there was an agent to kill.
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
        """Hand on an agent's events until it hangs, ends or is stopped."""
        silent_slices, patience = 0, _SLICES * START_STALLS
        while not self._stopping.is_set():
            frame = agent.next_frame(self._stall_s / _SLICES)
            if frame is None:
                silent_slices += 1
                if silent_slices >= patience:
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
                patience = _SLICES * START_STALLS
            elif event is not None:
                patience = _SLICES
            if isinstance(event, Inventory):
                self._is_reported = False
            if event is not None and not self._stopping.is_set():
                on_event(event)

    def _report(self, on_event: OnEvent, problem: Problem) -> None:
        """Tell of an outage once; it is over when an inventory arrives."""
        if not self._is_reported:
            self._is_reported = True
            on_event(problem)

    def _hangs(self) -> Problem:
        sentence = "The NVIDIA driver does not answer: the monitor keeps trying; restart the computer if it stays."
        return Problem(ProblemCode.NOT_RESPONDING, sentence, since_ns=self._last_frame_ns)

    def _failed(self, detail: str) -> Problem:
        sentence = "The process that reads the GPUs ended: it is being started again."
        return Problem(ProblemCode.AGENT_FAILED, sentence, detail, self._last_frame_ns)
