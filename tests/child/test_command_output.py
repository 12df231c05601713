"""Output of short commands."""

from __future__ import annotations

import sys

import pytest

from gpuplayground.child.command_output import CommandTimeoutError, command_output


def test_the_output_of_a_command_that_never_ends_is_not_waited_for() -> None:
    with pytest.raises(CommandTimeoutError, match="did not end in time"):
        command_output([sys.executable, "-c", "import time; time.sleep(600)"], timeout=0.5)
