"""Stop, Kill, time-outs, and what a snippet leaves running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from gpuplayground.model.events import ErrorRaised, OutputAppended, SessionEvent
from gpuplayground.model.results import RunRequest, RunState
from gpuplayground.runs import execution
from gpuplayground.runs.session import Session
from tests.support.command_line import wait_for
from tests.support.snippets import Clock, Playground


def test_stop_raises_keyboard_interrupt(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        try:
            input()  # answered once the run is known to have started: Stop kills what has not
            print("go")
            while True: pass
        finally:
            print("cleaned up")
        """).lstrip(),
        when="go",
        then=Session.interrupt,
        answers=[""],
    )
    assert played.result.state is RunState.STOPPED
    assert RunState.STOPPING in played.states
    assert "cleaned up" in played.output()
    assert "KeyboardInterrupt" in played.stderr
    assert played.result.summary.startswith("stopped at line 1 · ")
    assert played.result.error is None
    assert played.errors == []
    assert played.result.timings[0].failed


def test_what_a_stop_raises_is_no_error_however_busy_the_listener_is(playground: Playground) -> None:
    session, events = playground.launcher.session(), list[SessionEvent]()

    def listen(event: SessionEvent) -> None:
        events.append(event)
        if isinstance(event, OutputAppended) and sum(isinstance(each, OutputAppended) for each in events) == 1:
            session.interrupt()
            wait_for((playground.folder / "raised").exists)  # the exception is reported before the events are read

    source = (
        "import atexit, time\natexit.register(lambda: open('raised', 'w').close())\n"
        "print('go', flush=True)\ntime.sleep(600)\n"
    )
    run = session.run(RunRequest(run_id="run-1", source=source, working_directory=str(playground.folder)), listen)
    assert run.state is RunState.STOPPED
    assert not [event for event in events if isinstance(event, ErrorRaised)]


def test_a_keyboard_interrupt_nobody_asked_for_is_an_error(playground: Playground) -> None:
    played = playground.play("raise KeyboardInterrupt")
    assert played.result.state is RunState.FAILED
    assert played.result.signal_name == "SIGINT"
    assert played.errors[0].error.kind == "KeyboardInterrupt"


def test_stop_works_inside_input_and_await(playground: Playground) -> None:
    played = playground.play("print('go', flush=True)\ninput()", when="go", then=Session.interrupt)
    assert played.result.state is RunState.STOPPED
    assert "/runtime/" not in played.stderr
    played = playground.play("import asyncio\nprint('go')\nawait asyncio.sleep(60)", when="go", then=Session.interrupt)
    assert played.result.state is RunState.STOPPED


def test_stop_works_while_threads_are_waited_for(playground: Playground) -> None:
    def stop_then_kill(session: Session) -> None:
        session.interrupt()
        playground.wait_for_state(RunState.STOPPING)
        session.kill()

    played = playground.play(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\nprint('go')",
        when=RunState.FINISHING,
        then=stop_then_kill,
    )
    assert RunState.FINISHING in played.states
    assert played.result.state is RunState.STOPPED


#: Writes down each signal as it comes, also while no Python code runs.
HEARS = dedent("""
    import os, signal, time
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.set_wakeup_fd(os.open("heard", os.O_CREAT | os.O_WRONLY | os.O_NONBLOCK))
    """)


@pytest.mark.parametrize(
    "source",
    [
        "while 1:\n  try:\n    print('go')\n    time.sleep(60)\n  except KeyboardInterrupt: pass",
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('go')\nwhile True: pass",
        "signal.signal(signal.SIGINT, lambda *_: None)\nprint('go')\nsum(iter(int, 1))",
    ],
    ids=["catches", "ignores", "in C"],
)
def test_what_does_not_heed_stop_is_killed(playground: Playground, source: str) -> None:
    def stop_then_kill(session: Session) -> None:
        session.interrupt()
        session.pass_on(signal.SIGUSR1)
        wait_for(lambda: signal.SIGUSR1 in heard.read_bytes())
        session.kill()

    heard = playground.folder / "heard"
    played = playground.play(HEARS + source, when="go", then=stop_then_kill)
    assert played.result.state is RunState.STOPPED
    assert played.result.signal_name == "SIGKILL"
    assert played.result.summary.startswith("killed at line ")
    assert playground.living() == []


def test_a_stopped_snippet_that_has_not_begun_ends_at_once(playground: Playground) -> None:
    session = playground.launcher.session()
    session.interrupt()
    run = session.run(RunRequest(run_id="1", source="print(1)"), lambda _: None)
    assert run.state is RunState.STOPPED
    assert run.timings == ()


def test_a_time_out_interrupts_and_then_kills(playground: Playground, clock: Clock) -> None:
    played = playground.play(
        "import time\nprint('go', flush=True); time.sleep(60)",
        timeout_s=600.5,
        when="go",
        then=lambda _: clock.move(601),
    )
    assert played.result.state is RunState.STOPPED
    assert played.result.timed_out
    assert played.result.summary.startswith("stopped by its time-out of 600.5 s at line 2")

    def wait_twice(_: Session) -> None:
        clock.move(601)
        playground.wait_for_output("not now")
        clock.move(execution._AFTER_TIMEOUT_S)

    source = dedent("""
        import time
        while True:
            try:
                print("go", flush=True)
                time.sleep(60)
            except KeyboardInterrupt:
                print("not now", flush=True)
        """)
    played = playground.play(source, timeout_s=600, when="go", then=wait_twice)
    assert played.result.timed_out
    assert played.result.signal_name == "SIGKILL"


CHILDREN = {
    "a child": "subprocess.Popen(['sleep', '300'])",
    "a child in a session of its own": "subprocess.Popen(['sleep', '301'], start_new_session=True)",
    "a child that holds the pipes": "subprocess.Popen(['sleep', '302'], stdout=sys.stdout, stderr=sys.stderr)",
    "a daemon": (
        "os.system('setsid sh -c \"sleep 303 & touch up; sleep 304\" &')\n"
        "while not os.path.exists('up'): time.sleep(0.01)"
    ),
    "a child without our environment": "subprocess.Popen(['sleep', '305'], env={})",
    "a stubborn child": (
        "subprocess.Popen([sys.executable, '-c', 'import signal, time; signal.signal(2, 1); signal.signal(15, 1); "
        "print(flush=True); time.sleep(306)'], stdout=subprocess.PIPE).stdout.readline()"
    ),
}


@pytest.mark.parametrize("kind", CHILDREN)
def test_processes_left_running_are_ended_and_counted(playground: Playground, kind: str) -> None:
    # Told from the children of another run of these tests.
    child = re.sub(r"\b(30\d)\b", rf"\1.{os.getpid()}", CHILDREN[kind])
    played = playground.play(f"import os, subprocess, sys, time\n{child}\nprint('done')")
    assert played.output() == "done\n"
    assert played.result.state is RunState.FINISHED
    assert any("left running" in note and "ended" in note for note in played.result.notes)
    assert playground.living() == []
    assert not still_sleeping(rf"30[0-6]\.{os.getpid()}"), "also one without our mark"


def test_kill_ends_a_pool_of_workers(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        import multiprocessing as mp, time
        pool = mp.get_context("fork").Pool(3)
        pool.map_async(time.sleep, [60, 60, 60])
        print("go", flush=True)
        time.sleep(60)
        """),
        when="go",
        then=Session.kill,
    )
    assert played.result.state is RunState.STOPPED
    assert played.result.notes == ()
    assert playground.living() == []


def test_helpers_that_end_by_themselves_are_not_mentioned(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        import multiprocessing as mp
        context = mp.get_context("spawn")
        if __name__ == "__main__":
            process = context.Process(target=print, args=("x",))
            process.start()
            process.join()
        """)
    )
    assert played.result.notes == ()


def test_a_fault_in_the_listener_ends_the_snippet(playground: Playground) -> None:
    def fail(event: object) -> None:
        if isinstance(event, OutputAppended):
            raise LookupError("listener")  # noqa: TRY004 - any error will do

    request = RunRequest(run_id="1", source="import time\nprint('go')\ntime.sleep(60)")
    with pytest.raises(LookupError, match="listener"):
        playground.launcher.session().run(request, fail)
    assert playground.living() == []


def test_a_closed_launcher_starts_nothing(playground: Playground) -> None:
    playground.launcher.close()
    playground.launcher.warm(RunRequest(run_id="1", source=""))
    assert playground.play("print(1)").result.state is RunState.NOT_STARTED


def test_closing_the_launcher_kills_what_runs(playground: Playground) -> None:
    played = playground.play(
        "import subprocess, time\nsubprocess.Popen(['sleep', '300'])\nprint('go', flush=True)\ntime.sleep(60)",
        when="go",
        then=lambda _: playground.launcher.close(),
    )
    assert played.result.state is RunState.STOPPED
    assert playground.living() == []


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess, time; subprocess.Popen(['sleep', '300']); print('go'); time.sleep(60)",
        "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start(); print('go')",
        "import os, time\nclass Z:\n  def __del__(_, os=os, time=time): os.write(1, b'go'); time.sleep(60)\nz = Z()",
    ],
    ids=["in a statement", "waiting for a thread", "in the end of the interpreter"],
)
def test_a_snippet_ends_when_its_window_is_killed(playground: Playground, tmp_path: Path, source: str) -> None:
    window = dedent(f"""
        from pathlib import Path
        from gpuplayground.model.results import RunRequest
        from gpuplayground.runs.session import Launcher
        request = RunRequest(run_id="1", source={source!r})
        launcher = Launcher(runs_folder=Path({str(tmp_path / "elsewhere")!r}))
        launcher.warm(RunRequest(run_id="2", source="import json"))
        launcher.session().run(request, lambda event: print(event, flush=True))
        """)
    process = subprocess.Popen([sys.executable, "-c", window], stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert process.stdout is not None
    for line in process.stdout:
        if "OutputAppended" in line:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_for(lambda: playground.living() == [])
    process.stdout.close()


def still_sleeping(pattern: str) -> bool:
    """Whether a process ``sleep`` with such an argument runs, read off /proc: not every machine has pgrep."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text().split("\0")[:-1]
        except OSError:
            continue
        if len(words) == 2 and words[0] == "sleep" and re.fullmatch(pattern, words[1]):
            return True
    return False
