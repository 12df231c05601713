"""The snippet's parent: it ends whatever the snippet started, however that hides, and tells how the snippet ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from gpuplayground.child.leftovers import lineage
from gpuplayground.model.results import RunState
from gpuplayground.runs.session import Session
from tests.support.command_line import COMMAND, environment, wait_for
from tests.support.lifeline import Lifeline
from tests.support.snippets import Playground

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="watchers need Linux")

#: Each starts descriptors that hold the lifeline, and lets them live on.
DESCENDANTS = {
    "a session of its own": "subprocess.Popen(['sleep', '600'], pass_fds=[LIFE], start_new_session=True)",
    "an empty environment too": (
        "subprocess.Popen(['env', '-i', 'setsid', 'sleep', '600'], pass_fds=[LIFE], start_new_session=True)"
    ),
    "a daemon": dedent("""
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execve('/bin/sleep', ['sleep', '600'], {})
            os._exit(0)
        os.wait()
        """),
    "signals ignored": dedent("""
        code = 'import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; print(1, flush=True)'
        child = subprocess.Popen(
            [sys.executable, '-c', code + '; time.sleep(600)'],
            env={}, pass_fds=[LIFE], start_new_session=True, stdout=subprocess.PIPE,
        )
        child.stdout.readline()
        """),
    "fifty of them": dedent("""
        for _ in range(50):
            subprocess.Popen(['sleep', '600'], env={}, pass_fds=[LIFE], start_new_session=True)
        """),
    "one that forks all the time": dedent("""
        if os.fork() == 0:
            os.setsid()
            while True:
                if os.fork() == 0:
                    os.setsid()
                    time.sleep(600)
                time.sleep(0.002)
        """),
    "one that forks and ends, again and again": dedent("""
        if os.fork() == 0:
            while os.fork() == 0:
                os.setsid()
            os._exit(0)
        """),
}


@pytest.fixture
def lifeline(tmp_path: Path) -> Iterator[Lifeline]:
    lifeline = Lifeline(tmp_path)
    yield lifeline
    lifeline.close()


@pytest.mark.parametrize("kind", DESCENDANTS)
def test_every_descendant_ends_with_the_run(playground: Playground, lifeline: Lifeline, kind: str) -> None:
    played = playground.play(lifeline.held_by(DESCENDANTS[kind]))
    assert lifeline.is_cut()
    assert played.result.state is RunState.FINISHED
    (note,) = played.result.notes
    assert "left running" in note
    assert note.startswith("50 ") or kind != "fifty of them"


@pytest.mark.parametrize("kind", DESCENDANTS)
def test_kill_ends_every_descendant(playground: Playground, lifeline: Lifeline, kind: str) -> None:
    source = lifeline.held_by(f"{DESCENDANTS[kind]}\nprint('go', flush=True)\ntime.sleep(600)")
    played = playground.play(source, when="go", then=Session.kill)
    assert lifeline.is_cut()
    assert played.result.signal_name == "SIGKILL"
    assert played.result.notes == ()


WINDOW = """
import sys
from pathlib import Path
from gpuplayground.model.results import RunRequest
from gpuplayground.runs.session import Launcher
launcher = Launcher(runs_folder=Path(sys.argv[2]))
launcher.warm(RunRequest(run_id="2", source="import json"))
request = RunRequest(run_id="1", source=Path(sys.argv[1]).read_text())
launcher.session().run(request, lambda event: print(event, flush=True))
"""


@pytest.mark.parametrize("kind", DESCENDANTS)
@pytest.mark.parametrize("who", ["window", "command"])
def test_every_descendant_ends_when_the_window_or_the_command_is_killed(
    playground: Playground, lifeline: Lifeline, tmp_path: Path, who: str, kind: str
) -> None:
    path = tmp_path / "snippet.py"
    path.write_text(lifeline.held_by(f"{DESCENDANTS[kind]}\nprint('go', flush=True)\ntime.sleep(600)"))
    command = [*COMMAND, "run", str(path), "--no-history"]
    if who == "window":
        command = [sys.executable, "-c", WINDOW, str(path), str(tmp_path / "runs of it")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        assert any(b"go" in line for line in process.stdout)
        process.kill()
        assert lifeline.wait_until_cut()
    wait_for(lambda: playground.living() == [])  # the spare's processes, too


def test_a_killed_watcher_takes_the_snippet_with_it(playground: Playground, lifeline: Lifeline) -> None:
    child = "subprocess.Popen(['sleep', '600'], pass_fds=[LIFE], start_new_session=True)"
    played = playground.play(
        lifeline.held_by(f"{child}\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(600)\nprint('survived')")
    )
    assert lifeline.is_cut()
    assert played.result.state is RunState.FAILED
    assert played.result.signal_name == "SIGKILL"
    assert played.output() == ""


def test_a_snippet_that_kills_its_process_group_is_told_from_one_that_lost_its_watcher(playground: Playground) -> None:
    played = playground.play("import os, signal\nprint('go', flush=True)\nos.killpg(0, signal.SIGKILL)")
    assert played.result.signal_name == "SIGKILL"
    assert played.output() == "go\n"


ENDS = ["raise KeyboardInterrupt", *(f"sys.exit({code})" for code in (0, 1, 86, 120, 255))] + [
    f"os.kill(os.getpid(), {number})"
    for number in sorted(
        {signal.SIGHUP, signal.SIGQUIT, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE}
        | {signal.SIGKILL, signal.SIGUSR1, signal.SIGSEGV, signal.SIGALRM, signal.SIGTERM, signal.SIGSYS, 34, 64}
    )
]


@pytest.mark.parametrize("end", ENDS)
def test_the_snippet_ends_as_under_plain_python(playground: Playground, end: str) -> None:
    source = f"import os, sys\n{end}\n"
    plain = subprocess.run([sys.executable, "-c", source], check=False, cwd=playground.folder).returncode
    run = playground.play(source).result
    status = run.exit_code if run.signal_name is None else -signal_number(run.signal_name)
    assert status == plain


def signal_number(name: str) -> int:
    return signal.Signals[name] if name in signal.Signals.__members__ else int(name.rpartition(" ")[2])


def test_orphans_that_end_are_reaped(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        import os
        for _ in range(50):
            if os.fork() == 0:
                if os.fork():
                    os._exit(0)
                os._exit(0)
            os.wait()
        watcher = os.getppid()
        while open(f"/proc/{watcher}/task/{watcher}/children").read().split() != [str(os.getpid())]:
            pass
        print("alone")
        """)
    )
    assert played.output() == "alone\n"
    assert played.result.notes == ()


def test_the_number_of_a_run_is_that_of_the_snippet_s_own_process(playground: Playground) -> None:
    played = playground.play("import os\nprint(os.getpid(), os.getpgrp(), os.getsid(0))")
    assert played.output().split() == 3 * [str(played.result.pid)]


def test_a_daemon_is_known_to_descend_from_its_snippet(playground: Playground, lifeline: Lifeline) -> None:
    found: list[frozenset[int]] = []

    def look(session: Session) -> None:
        found.append(lineage(int((playground.folder / "daemon").read_text())))
        session.kill()

    source = dedent("""
        if os.fork() == 0:
            os.setsid()
            if (daemon := os.fork()):
                open('daemon', 'w').write(str(daemon))
                os._exit(0)
            os.execve('/bin/sleep', ['sleep', '600'], {})
        os.wait()
        print('go', flush=True)
        time.sleep(600)
        """)
    played = playground.play(lifeline.held_by(source), when="go", then=look)
    assert played.result.pid in found[0]


def test_threads_of_the_interpreter_s_start_live_on(playground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    (playground.folder / "sitecustomize.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, name='early', daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(playground.folder))
    played = playground.play(
        "import os, threading\nprint([thread.name for thread in threading.enumerate()])\n"
        "print(open(f'/proc/{os.getppid()}/comm').read())"
    )
    assert "early" in played.output()
    assert f"watches {played.result.pid}" in played.output()
    assert played.stderr == ""


def test_the_watcher_holds_none_of_the_snippet_s_descriptors(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        import os
        def held(pid):
            links = {}
            for name in os.listdir(f"/proc/{pid}/fd"):
                try:
                    links[os.readlink(f"/proc/{pid}/fd/{name}")] = name
                except OSError:
                    pass
            return links
        print(held(os.getpid()).keys() & held(os.getppid()).keys())
        """)
    )
    assert played.output() == "set()\n"
