"""What is recorded of statements when something raises between, in or after them, without a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gpuplayground.runtime.execute.statements import SharedProgress, Statement, execute, split
from gpuplayground.runtime.io.wire import Progress
from gpuplayground.runtime.trace.cuda import CudaClock

NOTHING = (0, 0, 0)
#: Longer than any statement here takes, in nanoseconds.
LONG_NS = 50_000_000


class Words(list[int]):
    """Progress words that call back when one is set."""

    def __init__(self, statements: int, on_set: Callable[[int, int], None]) -> None:
        super().__init__([0] * (Progress.FIRST + Progress.STRIDE * statements))
        self._on_set = on_set

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, value)
        self._on_set(index, value)


class Clock(CudaClock):
    """A clock that sees a GPU; waiting for it is a function of the test."""

    def __init__(self, synchronize: Callable[[], bool]) -> None:
        super().__init__()
        self.in_use = True
        self.synchronize = synchronize  # type: ignore[method-assign]


def recorded(words: list[int], index: int) -> tuple[int, ...]:
    first = Progress.FIRST + Progress.STRIDE * index
    return tuple(words[first : first + 3])


def interrupted(
    source: str,
    *,
    on_set: Callable[[int, int], None] = lambda *_: None,
    synchronize: Callable[[], bool] = lambda: False,
    before: Callable[[Statement], None] | None = None,
    error: type[BaseException] = KeyboardInterrupt,
) -> Words:
    _, statements = split(source, "x.py")
    words = Words(len(statements), on_set)
    with pytest.raises(error):
        execute(statements, {}, SharedProgress(words), Clock(synchronize), before, lambda _: None)
    return words


def test_stop_while_the_gpu_is_waited_for_leaves_the_wall_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(0, 10 * LONG_NS, LONG_NS))
    monkeypatch.setattr("gpuplayground.runtime.execute.statements.perf_counter_ns", lambda: next(now))

    def synchronize() -> bool:
        for _ in range(5):
            next(now)
        raise KeyboardInterrupt

    words = interrupted("x = 1\ny = 2", synchronize=synchronize)
    assert recorded(words, 0) == (LONG_NS, -1, Progress.DONE)
    assert recorded(words, 1) == NOTHING


def test_stop_between_two_statements_blames_neither() -> None:
    def on_set(index: int, value: int) -> None:
        if (index, value) == (Progress.CURRENT, 1):
            raise KeyboardInterrupt

    words = interrupted("x = 1\ny = 2", on_set=on_set)
    assert recorded(words, 0)[2] == Progress.DONE
    assert recorded(words, 1) == NOTHING


def test_stop_as_a_statement_is_being_recorded_keeps_it_done() -> None:
    outcome = Progress.FIRST + 2

    def on_set(index: int, value: int) -> None:
        if index == outcome:
            raise KeyboardInterrupt

    words = interrupted("x = 1", on_set=on_set)
    assert recorded(words, 0)[2] == Progress.DONE


def test_stop_after_the_last_statement_stays_a_keyboard_interrupt() -> None:
    def on_set(index: int, value: int) -> None:
        if (index, value) == (Progress.CURRENT, -1):
            raise KeyboardInterrupt

    words = interrupted("x = 1", on_set=on_set)
    assert recorded(words, 0)[2] == Progress.DONE

    class Statements(list[Statement]):
        def __iter__(self) -> Iterator[Statement]:
            yield from super().__iter__()
            raise KeyboardInterrupt

    _, statements = split("x = 1", "x.py")
    words = Words(1, lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        execute(Statements(statements), {}, SharedProgress(words), Clock(lambda: False), None, lambda _: None)
    assert recorded(words, 0)[2] == Progress.DONE


def test_a_replay_that_fails_is_timed_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0]

    def clock() -> int:
        return now[0]

    monkeypatch.setattr("gpuplayground.runtime.execute.statements.perf_counter_ns", clock)

    def synchronize() -> bool:
        now[0] += LONG_NS
        return True

    def before(statement: Statement) -> None:
        if statement.is_import:
            now[0] += 7
            raise OSError("closed")

    words = interrupted("x = 1\nimport json", before=before, synchronize=synchronize, error=OSError)
    assert recorded(words, 1) == (7, -1, Progress.FAILED)


def test_a_statement_that_raises_is_recorded_with_its_time() -> None:
    words = interrupted("x = 1\n1 / 0\ny = 1", error=ZeroDivisionError)
    wall, synced, outcome = recorded(words, 1)
    assert wall >= 0
    assert (synced, outcome) == (-1, Progress.FAILED)
    assert recorded(words, 2) == NOTHING
