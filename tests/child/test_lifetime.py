"""Starting and ending child processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gpuplayground.child.lifetime import apart, kill, reap


@pytest.mark.skipif(sys.platform == "win32", reason="sessions are a POSIX notion")
def test_a_child_has_a_session_of_its_own_and_is_killed_with_what_it_started() -> None:
    script = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()']); print(flush=True); input()"
    process = subprocess.Popen[bytes](
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **apart()
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"\n"
    assert os.getsid(process.pid) == process.pid
    kill(process)
    assert process.stdout.read() == b""  # closed by the last of both
    assert reap(process, 60)
    process.stdin.close()
    process.stdout.close()


def test_a_child_that_does_not_end_in_time_is_waited_for_by_a_thread() -> None:
    process = subprocess.Popen[bytes]([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, **apart())
    assert process.stdin is not None
    assert not reap(process, 0)
    process.stdin.close()
    assert process.wait(60) == 1
