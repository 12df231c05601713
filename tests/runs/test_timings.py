"""What a run says about the time of each statement."""

from __future__ import annotations

from textwrap import dedent

from gpuplayground.model.events import SessionEvent, StatementsTimed
from gpuplayground.model.results import RunState
from tests.support.snippets import Playground


def test_each_statement_is_timed_with_its_lines_and_first_line(playground: Playground) -> None:
    played = playground.play(
        dedent('''\
        """What it shows."""
        import os, sys
        from json import (
            dumps,
        )
        x = 1; y = "ä"; z = (x,
             y)
        @staticmethod
        @staticmethod
        def f():
            return 1
        if __name__ == "__main__":
            x = 2
            for _ in range(2):
                pass
        ''')
    )
    rows = [(t.index, t.line, t.end_line, t.source, t.is_import) for t in played.result.timings]
    assert rows == [
        (0, 2, 2, "import os, sys", True),
        (1, 3, 5, "from json import (", True),
        (2, 6, 6, "x = 1", False),
        (3, 6, 6, 'y = "ä"', False),
        (4, 6, 7, "z = (x,", False),
        (5, 8, 11, "@staticmethod", False),
        (6, 13, 13, "x = 2", False),
        (7, 14, 15, "for _ in range(2):", False),
    ]
    assert all(
        t.wall_ns >= 0 and t.synced_ns is None and not t.failed and not t.prewarmed_ns for t in played.result.timings
    )
    assert played.lines() == [t.line for t in played.result.timings]


def test_a_slow_statement_has_its_time(playground: Playground) -> None:
    played = playground.play("import time\ntime.sleep(0.25)\nx = 1")
    walls = [t.wall_ns for t in played.result.timings]
    assert walls[1] >= 250_000_000
    assert walls[2] < walls[1]
    assert played.result.duration_ns >= 250_000_000


def test_the_line_that_executes_is_reported_while_it_does(playground: Playground) -> None:
    def let_go_on(event: SessionEvent) -> None:
        if isinstance(event, StatementsTimed) and event.current_line is not None:
            (playground.folder / str(event.current_line)).touch()

    wait = "while not os.path.exists('{}'): time.sleep(0.01)"
    source = f"import os, time\nx = 1\n{wait.format(3)}\n{wait.format(4)}"
    played = playground.play(source, listener=let_go_on, timeout_s=60)
    assert played.result.state is RunState.FINISHED
    timed = [event for event in played.events if isinstance(event, StatementsTimed)]
    assert [event.current_line for event in timed if event.current_line in (3, 4)] == [3, 4]
    assert len(timed) > 2, "what is done is reported before the end"
    assert timed[-1].current_line is None


def test_the_statement_that_raised_is_marked(playground: Playground) -> None:
    played = playground.play("x = 1\n1 / 0\ny = 2")
    assert [(t.line, t.failed) for t in played.result.timings] == [(1, False), (2, True)]


def test_times_before_a_hard_exit_are_kept(playground: Playground) -> None:
    played = playground.play("x = 1\nimport os\nos._exit(7)")
    assert [t.line for t in played.result.timings] == [1, 2, 3]


def test_ten_thousand_statements(playground: Playground) -> None:
    source = "".join(f"x{i} = {i}\n" for i in range(10_000)) + "print(x9999)"
    played = playground.play(source)
    assert played.output() == "9999\n"
    assert len(played.result.timings) == 10_001
    assert played.result.timings[9_999].source == "x9999 = 9999"


def test_the_source_of_a_long_statement_is_cut(playground: Playground) -> None:
    played = playground.play(f"x = {'1 + ' * 1000}1")
    assert len(played.result.timings[0].source) == 200


def test_a_fork_at_top_level_does_not_disturb_the_times(playground: Playground) -> None:
    played = playground.play(
        dedent("""\
        import os, time
        pid = os.fork()
        if pid: os.waitpid(pid, 0)
        time.sleep(0.2 if pid else 0)
        if not pid: os._exit(0)
        """)
    )
    walls = {t.line: t.wall_ns for t in played.result.timings}
    assert sorted(walls) == [1, 2, 3, 4, 5]
    assert walls[4] >= 200_000_000
