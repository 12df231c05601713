"""Output and input of a snippet: as they come, however much, whatever the bytes."""

from __future__ import annotations

import time
from textwrap import dedent

from gpuplayground.model.events import InputRequested, OutputAppended, SessionEvent
from gpuplayground.model.results import RunRequest, RunState
from tests.support.snippets import Playground


def test_stdout_and_stderr_come_apart_and_bytes_stay_bytes(playground: Playground) -> None:
    played = playground.play(
        "import os, sys\nprint('out')\nprint('err', file=sys.stderr)\nos.write(1, b'\\xff\\xfe\\r')\nprint('é')"
    )
    data = b"".join(
        c.data for e in played.events if isinstance(e, OutputAppended) for c in e.chunks if c.stream == "stdout"
    )
    assert data == b"out\n\xff\xfe\r\xc3\xa9\n"
    assert played.stderr == "err\n"


def test_a_line_comes_while_the_snippet_still_runs(playground: Playground) -> None:
    played = playground.play(
        "import time\nprint('first')\nwhile True: time.sleep(0.01)",
        when="first",
        then=lambda session: session.interrupt(),
    )
    assert played.output() == "first\n"


def test_c_output_comes_line_by_line(playground: Playground) -> None:
    played = playground.play(
        "import ctypes, time\nctypes.CDLL(None).puts(b'from C')\nwhile True: time.sleep(0.01)",
        when="from C",
        then=lambda session: session.interrupt(),
    )
    assert played.output() == "from C\n"


def test_what_a_flood_left_behind_comes_without_another_print(playground: Playground) -> None:
    played = playground.play(
        "import time\nfor i in range(500): print(i)\nprint('last')\nwhile True: time.sleep(0.01)",
        when="last",
        then=lambda session: session.interrupt(),
    )
    assert played.output() == "".join(f"{i}\n" for i in range(500)) + "last\n"


def test_a_flood_of_lines_is_cut_to_the_newest(playground: Playground) -> None:
    played = playground.play("for i in range(200_000): print(i)\nprint('end')", batch_limit_bytes=20_000)
    batches = [event for event in played.events if isinstance(event, OutputAppended)]
    assert played.result.state is RunState.FINISHED
    assert all(sum(len(chunk.data) for chunk in batch.chunks) <= 20_000 for batch in batches)
    assert played.output().endswith("199998\n199999\nend\n")
    received = sum(len(chunk.data) for batch in batches for chunk in batch.chunks)
    written = len("".join(f"{i}\n" for i in range(200_000)) + "end\n")
    assert received + sum(batch.dropped_bytes for batch in batches) == written


def test_a_flood_of_lines_comes_whole_to_one_who_waits_for_it(playground: Playground) -> None:
    played = playground.play("for i in range(200_000): print(i)", batch_limit_bytes=None)
    assert played.output() == "".join(f"{i}\n" for i in range(200_000))
    assert played.result.notes == ()


def test_a_line_of_100_mb_is_cut_and_the_cut_noted(playground: Playground) -> None:
    played = playground.play("print('x' * 100_000_000)\nprint('end')", batch_limit_bytes=100_000)
    assert played.result.state is RunState.FINISHED
    assert played.output().endswith("x\nend\n")
    dropped = sum(event.dropped_bytes for event in played.events if isinstance(event, OutputAppended))
    assert dropped + len(played.output()) == 100_000_005
    assert any("dropped" in note for note in played.result.notes)


def test_flushed_output_survives_a_hard_exit(playground: Playground) -> None:
    played = playground.play("import os\nfor i in range(1000): print(i)\nprint('end', end='', flush=True)\nos._exit(0)")
    assert played.output().endswith("999\nend")


def test_output_at_exit_is_not_lost(playground: Playground) -> None:
    played = playground.play("import atexit\natexit.register(lambda: [print(i) for i in range(1000)])")
    assert played.output() == "".join(f"{i}\n" for i in range(1000))


def test_print_without_a_line_end_comes_at_the_end(playground: Playground) -> None:
    assert playground.play("print('no line end', end='')").output() == "no line end"


def test_input_asks_and_gets_lines(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        import sys
        name = input("name? ")
        print("hello", name)
        print(repr(sys.stdin.readline()))
        try:
            input("more? ")
        except EOFError:
            print("no more")
        """),
        answers=["Ödön", "a line\n", None],
    )
    assert played.output() == "name? hello Ödön\n'a line\\n'\nmore? no more\n"
    kinds = [type(event).__name__ for event in played.events]
    assert kinds.index("OutputAppended") < kinds.index("InputRequested"), "the prompt comes first"
    assert sum(isinstance(event, InputRequested) for event in played.events) == 3
    first = played.states.index(RunState.WAITING_FOR_INPUT)
    assert played.states[first + 1] is RunState.RUNNING


def test_lines_typed_ahead_are_read_one_by_one(playground: Playground) -> None:
    played = playground.play("print(input()); print(input()); print(input())", answers=["1\n2\n3"])
    assert played.output() == "1\n2\n3\n"


def test_input_works_after_a_fork(playground: Playground) -> None:
    played = playground.play(
        "import os\npid = os.fork()\nif not pid: os._exit(0)\nos.waitpid(pid, 0)\nprint(input())", answers=["answer"]
    )
    assert played.output() == "answer\n"


def test_a_forked_child_reads_what_is_typed(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        import os, sys
        pid = os.fork()
        if pid == 0:
            print(repr(sys.stdin.read()), flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
        """),
        answers=["to the child", None],
    )
    assert played.output() == "'to the child\\n'\n"


def test_a_slow_reader_does_not_hang_the_end_of_a_snippet(playground: Playground) -> None:
    source = dedent("""
        import atexit, os, time
        much = b"x" * (4 << 20)
        @atexit.register
        def end():
            print("go", flush=True)
            time.sleep(0.1)
            for i in range(100): print(f"{i:0500}")  # the last of them are held back for a moment
            os.set_blocking(1, False)
            os.write(1, much)
            os.set_blocking(1, True)
            time.sleep(0.1)  # until our thread waits for the full pipe
        """)
    events: list[SessionEvent] = []

    def read_slowly(event: SessionEvent) -> None:
        events.append(event)
        if isinstance(event, OutputAppended):
            time.sleep(0.5)

    run = playground.launcher.session().run(RunRequest("1", source, timeout_s=20), read_slowly, batch_limit_bytes=None)
    assert run.state is RunState.FINISHED, run.summary
    text = b"".join(c.data for e in events if isinstance(e, OutputAppended) for c in e.chunks).decode()
    assert "".join(f"{i:0500}\n" for i in range(100)) == text.replace("x", "").removeprefix("go\n")
