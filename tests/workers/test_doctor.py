"""The doctor's thread: one examination at a time, which can be cancelled."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gpuplayground.environments.doctor.finding import Finding
from gpuplayground.environments.interpreters import Environment
from gpuplayground.workers import doctor as worker
from gpuplayground.workers.doctor import Doctor
from tests.support.machines import no_driver

PATIENCE_S = 60.0


@pytest.fixture
def bare(tmp_path: Path) -> Environment:
    folder = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=PATIENCE_S)
    return Environment(str(folder / "bin" / "python"), "Python 3.12 · venv", "3.12.1", str(folder))


@pytest.mark.skipif(sys.platform == "win32", reason="the environment is laid out as on Linux")
def test_a_cancelled_examination_ends_although_a_kernel_hangs(qtbot: QtBot, bare: Environment) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        (site,) = Path(bare.prefix).glob("lib/python3*/site-packages")
        hang = f"import socket; socket.create_connection({server.getsockname()!r}).recv(1)"
        (site / "numpy.py").write_text(hang)
        doctor, found = Doctor(), list[Finding]()
        doctor.found.connect(found.append)
        with qtbot.waitSignal(doctor.started):
            assert doctor.start(no_driver(), [bare])
        assert not doctor.start(no_driver(), [bare]), "a second one began beside it"
        connection, _ = server.accept()
        with connection, qtbot.waitSignal(doctor.ended):
            doctor.cancel()
    assert found[-1].sentence == "NumPy was not checked: the check was cancelled."
    assert not doctor.is_running
    assert doctor.wait(PATIENCE_S)


def test_an_examination_that_fails_says_why_and_ends(
    qtbot: QtBot, bare: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise OSError("no processes left")

    monkeypatch.setattr(worker, "quick", fail)
    doctor = Doctor()
    with qtbot.waitSignal(doctor.ended), qtbot.waitSignal(doctor.failed) as failed:
        doctor.start(no_driver(), [bare])
    assert failed.args == ["no processes left"]
    assert doctor.wait(PATIENCE_S)
