"""Output of short commands."""

from __future__ import annotations

import sys
from threading import Event, Timer

import pytest

from gpuplayground.child.command_output import CommandTimeoutError, command_output


def test_the_output_of_a_command_that_never_ends_is_not_waited_for() -> None:
    with pytest.raises(CommandTimeoutError, match="did not end in time"):
        command_output([sys.executable, "-c", "import time; time.sleep(600)"], timeout=0.5)


def test_a_cancelled_command_is_killed() -> None:
    cancelled = Event()
    timer = Timer(0.2, cancelled.set)
    timer.start()
    with pytest.raises(CommandTimeoutError, match="was cancelled"):
        command_output([sys.executable, "-c", "import time; time.sleep(600)"], 60, cancelled)
    timer.join()
