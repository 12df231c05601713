"""A Stop that comes at a bad moment."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

from gpuplayground.runtime.io.interrupts import deferred_interrupts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


def test_an_interrupt_comes_at_the_end() -> None:
    reached = []

    def work() -> None:
        with deferred_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
            reached.append("end")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_an_interrupt_nothing_is_raised_and_the_handler_is_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with deferred_interrupts():
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_is_left_alone() -> None:
    done = []

    def work() -> None:
        with deferred_interrupts():
            done.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [before]
