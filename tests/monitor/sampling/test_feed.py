"""Failures of the feed and its agent: hangs, deaths, delays, and a clean end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from gpuplayground.model.samples import GpuSample, Inventory, MonitorEvent, Problem, ProblemCode
from gpuplayground.monitor.sampling import feed as feed_module
from gpuplayground.monitor.sampling.agent_process import AgentProcess, agent_command
from gpuplayground.monitor.sampling.feed import Feed
from gpuplayground.monitor.sampling.frames import HEARTBEAT, SAMPLES
from gpuplayground.runtime.io.wire import Frame
from tests.monitor.watch import PATIENCE_S, Watch, has_ended, is_tick, process_state, quick_feed
from tests.support.command_line import wait_for
from tests.support.fakes import FakeNvml, gpu_uuid


def agent_pid(feed: Feed) -> int:
    """The agent that runs now."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if feed._agent is not None:
            return feed._agent.pid
        time.sleep(0.01)
    raise AssertionError("no agent")


def test_a_hanging_driver_is_told_of_once_and_the_agent_replaced(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env, stall_s=1.5)) as watch:
        watch.samples()
        first = agent_pid(watch.feed)
        nvml.set(hang="nvmlDeviceGetTemperature")
        problem = watch.problem()
        assert problem.code is ProblemCode.NOT_RESPONDING
        last_tick = [event for event in watch.events if is_tick(event)][-1]
        assert isinstance(last_tick, tuple)
        assert problem.since_ns is not None
        # The card says since when: the arrival of the last frame, which came after its samples were taken.
        assert problem.since_ns >= last_tick[0].time_ns
        assert has_ended(first)
        second = agent_pid(watch.feed)
        assert second != first
        nvml.set(hang=None)
        position = watch.mark()
        # An inventory says that the problem is over; it comes only once the driver answers again.
        watch.inventory(since=position)
        watch.samples(since=position)
    assert sum(isinstance(event, Problem) for event in watch.events) == 1


def test_a_driver_that_hangs_from_the_start_is_told_of(nvml: FakeNvml) -> None:
    nvml.set(hang="nvmlInitWithFlags")
    with Watch(quick_feed(nvml.env, stall_s=0.3)) as watch:
        assert watch.problem().code is ProblemCode.NOT_RESPONDING
        nvml.set(hang=None)
        # A call that hangs does not come back: the next agent finds the driver well again.
        watch.inventory()


def test_a_driver_that_is_slow_to_wake_is_given_time(nvml: FakeNvml) -> None:
    nvml.set(delay="nvmlInitWithFlags:1500000")
    with Watch(quick_feed(nvml.env, stall_s=1.0)) as watch:
        first = agent_pid(watch.feed)
        watch.samples()
        assert agent_pid(watch.feed) == first


def test_a_slow_driver_costs_ticks_and_never_brings_a_burst(nvml: FakeNvml) -> None:
    nvml.set(gpus=1, delay="nvmlDeviceGetTemperature:120000")
    with Watch(quick_feed(nvml.env, hz=20)) as watch:
        watch.samples()
        position = watch.mark()
        for _ in range(6):
            watch.samples(since=position)
            position = watch.mark()
        nvml.set(delay=None)
        for _ in range(10):
            watch.samples(since=position)
            position = watch.mark()
    times = [event[0].time_ns for event in watch.events if isinstance(event, tuple) and is_tick(event)]
    # Missed deadlines are skipped: never more ticks than periods of 50 ms.
    assert len(times) <= (times[-1] - times[0]) / 50e6 + 2


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_an_agent_that_dies_is_replaced(nvml: FakeNvml, how: signal.Signals) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        watch.samples()
        os.kill(agent_pid(watch.feed), how)
        problem = watch.problem()
        assert problem.code is ProblemCode.AGENT_FAILED
        assert str(-how) in problem.detail
        position = watch.mark()
        watch.inventory(since=position)
        watch.samples(since=position)


def test_what_a_dying_agent_said_last_is_in_the_detail() -> None:
    feed = Feed([sys.executable, "-c", "import sys; sys.exit('out of luck')"])
    with Watch(feed) as watch:
        problem = watch.problem()
    assert problem.code is ProblemCode.AGENT_FAILED
    assert "out of luck" in problem.detail
    assert "Traceback" not in problem.sentence


def test_an_agent_that_cannot_be_started_is_told_of() -> None:
    with Watch(Feed(["/nonexistent/python"])) as watch:
        assert watch.problem().code is ProblemCode.AGENT_FAILED


@pytest.mark.parametrize(
    "output",
    [b"not a frame at all", b"\xff\xff\xff\xff", b"\0\0\0\x10{}", b'\0\0\0\x1f{"kind":"samples","rows":[[1]]}'],
    ids=["text", "absurd length", "cut off", "wrong content"],
)
def test_an_agent_that_writes_nonsense_is_told_of(output: bytes) -> None:
    script = f"import sys; sys.stdout.buffer.write({output!r})"
    with Watch(Feed([sys.executable, "-c", script])) as watch:
        assert watch.problem().code is ProblemCode.AGENT_FAILED


def test_frames_of_an_unknown_kind_are_passed_over() -> None:
    script = textwrap.dedent(
        """
        import sys
        from gpuplayground.runtime.io.wire import write_frame
        write_frame(sys.stdout.buffer, {"kind": "from the future"})
        write_frame(sys.stdout.buffer, {"kind": "processes", "rows": []})
        sys.stdin.read()
        """
    )
    with Watch(Feed([sys.executable, "-c", script])) as watch:
        assert watch.processes() == ()
        assert len(watch.events) == 1


def test_stopping_takes_no_time_and_leaves_no_process(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        watch.samples()
        pid = agent_pid(watch.feed)
        watch.stop()
        assert has_ended(pid)


def test_stopping_takes_no_time_while_the_driver_hangs(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        watch.samples()
        nvml.set(hang="all")
        pid = agent_pid(watch.feed)
        watch.silence(0.2)
        watch.stop()
        assert has_ended(pid)


def test_stopping_takes_no_time_even_when_the_agent_cannot_be_killed(
    nvml: FakeNvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a call hangs in the driver in a way that not even SIGKILL ends."""
    with Watch(quick_feed(nvml.env)) as watch:
        watch.samples()
        pid = agent_pid(watch.feed)
        os.kill(pid, signal.SIGSTOP)  # Else the end of its stdin would end it.
        while process_state(pid) != "T":
            time.sleep(0.01)
        monkeypatch.setattr(AgentProcess, "kill", lambda agent: agent._frames.put("stopped"))
        watch.stop()
    os.kill(pid, signal.SIGKILL)
    assert has_ended(pid)


def test_a_feed_stopped_before_it_runs_returns(nvml: FakeNvml) -> None:
    feed = quick_feed(nvml.env)
    feed.stop()
    events: list[object] = []
    feed.run(events.append)
    assert events == []


def test_a_feed_can_be_stopped_while_it_waits_to_start_an_agent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "BACK_OFF_S", (600.0,))
    feed = Feed(["/nonexistent/python"])
    with Watch(feed) as watch:
        watch.problem()
        watch.stop()


def test_an_agent_does_not_outlive_a_killed_window(nvml: FakeNvml) -> None:
    for hang in (None, "nvmlDeviceGetTemperature"):
        window = subprocess.Popen(
            [sys.executable, "-c", _WINDOW], env={**os.environ, **nvml.env}, stdout=subprocess.PIPE, text=True
        )
        with window:
            assert window.stdout is not None
            pid = int(window.stdout.readline())
            nvml.set(hang=hang)
            time.sleep(0.2)
            window.kill()
        assert has_ended(pid)


_WINDOW = """
from gpuplayground.monitor.sampling.feed import Feed
feed = Feed()
shown = []
def on_event(event):
    if not shown:
        shown.append(event)
        print(feed._agent.pid, flush=True)
feed.run(on_event)
"""


def test_the_rate_can_be_changed_while_running(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env, hz=0.05)) as watch:
        watch.samples()
        position = watch.mark()
        watch.feed.set_rate(50)
        # At the old rate the next tick were 20 s away.
        for _ in range(5):
            watch.samples(since=position)
            position = watch.mark()


def test_a_slow_rate_is_not_taken_for_a_hang(nvml: FakeNvml, monkeypatch: pytest.MonkeyPatch) -> None:
    next_frame = AgentProcess.next_frame
    heartbeats: list[object] = []

    def note_frame(agent: AgentProcess, timeout_s: float) -> Frame | str | None:
        frame = next_frame(agent, timeout_s)
        if isinstance(frame, dict) and frame["kind"] == HEARTBEAT:
            heartbeats.append(frame)
        return frame

    monkeypatch.setattr(AgentProcess, "next_frame", note_frame)
    with Watch(quick_feed(nvml.env, hz=0.05, stall_s=1.6)) as watch:
        watch.samples()
        before = len(heartbeats)
        wait_for(lambda: len(heartbeats) >= before + 2)
        assert not any(isinstance(event, Problem) for event in watch.events)


def test_the_slow_tier_can_be_left_out_while_something_is_measured(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        watch.processes()
        watch.feed.pause_slow_tier()
        watch.ticks_without_a_pass(6)
        position = watch.mark()
        watch.feed.resume_slow_tier()
        watch.processes(since=position)


def test_a_replaced_agent_keeps_what_was_asked_of_the_feed(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        watch.feed.pause_slow_tier()
        watch.samples()
        os.kill(agent_pid(watch.feed), signal.SIGKILL)
        watch.problem()
        position = watch.mark()
        watch.samples(since=position)
        watch.ticks_without_a_pass(6)


def test_an_agent_ends_when_nobody_reads_its_stdout(nvml: FakeNvml) -> None:
    agent = subprocess.Popen(
        agent_command(50), env={**os.environ, **nvml.env}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert agent.stdout is not None
    assert agent.stdin is not None
    agent.stdout.read(1)
    agent.stdout.close()
    assert agent.wait(PATIENCE_S) == 0
    agent.stdin.close()


def test_an_agent_with_nothing_to_report_says_that_it_is_alive(nvml: FakeNvml) -> None:
    nvml.set(init=9)
    agent = AgentProcess(agent_command(10), {**os.environ, **nvml.env})
    try:
        kinds: list[str] = []
        end = time.monotonic() + PATIENCE_S
        while kinds.count(HEARTBEAT) < 2 and time.monotonic() < end:
            frame = agent.next_frame(PATIENCE_S)
            assert isinstance(frame, dict)
            kinds.append(frame["kind"])
        assert kinds.count(HEARTBEAT) >= 2
        assert SAMPLES not in kinds
    finally:
        agent.kill()
        agent.reap()


def test_an_agent_passes_over_requests_it_does_not_know(nvml: FakeNvml) -> None:
    agent = AgentProcess(agent_command(20), {**os.environ, **nvml.env})
    try:
        agent.send({"kind": "from the future"})
        _until_samples(agent)
    finally:
        agent.kill()
        agent.reap()


def test_an_agent_ends_on_a_request_that_is_not_a_frame(nvml: FakeNvml) -> None:
    agent = subprocess.Popen(
        agent_command(1), env={**os.environ, **nvml.env}, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    with agent:
        assert agent.stdin is not None
        agent.stdin.write(b"\0\0\0\x02[]")
        agent.stdin.flush()
        assert agent.wait(PATIENCE_S) == 0


def _until_samples(agent: AgentProcess) -> Frame:
    while True:
        frame = agent.next_frame(PATIENCE_S)
        assert isinstance(frame, dict)
        if frame["kind"] == SAMPLES:
            return frame


def test_samples_reach_the_callback_while_they_are_fresh(nvml: FakeNvml) -> None:
    ages: list[float] = []

    def on_event(event: object) -> None:
        if isinstance(event, tuple) and is_tick(event):
            ages.append((time.time_ns() - event[0].time_ns) / 1e9)
            if len(ages) == 10:
                feed.stop()

    feed = quick_feed(nvml.env)
    feed.run(on_event)
    # None is held back: the quickest of ten, because a busy machine may hold up the others.
    assert min(ages) < 1.0


def test_an_inventory_comes_before_any_samples(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        watch.samples()
    assert isinstance(watch.events[0], Inventory)


def ticks_in(event: MonitorEvent) -> int:
    """How many ticks an event carries the first GPU's samples of."""
    uuid = gpu_uuid(0)
    return sum(isinstance(each, GpuSample) and each.gpu_uuid == uuid for each in event) if is_tick(event) else 0  # type: ignore[union-attr]


def test_samples_of_several_ticks_come_together_where_that_was_asked_for(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env, hz=20, slow_s=60)) as watch:
        watch.feed.set_batch(0.2)
        batch = watch.wait(lambda event: ticks_in(event) >= 3)
        assert isinstance(batch, tuple)
        times = [sample.time_ns for sample in batch]
        assert times == sorted(times)
        watch.feed.set_batch(0)
        watch.wait(lambda event: ticks_in(event) == 1, since=watch.mark())
