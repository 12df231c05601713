"""Downloading large wheels, against an index on loopback, and installing them by the real uv."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomli_w

from gpuplayground.environments.managed import wheels
from gpuplayground.environments.managed.records import BuildCancelledError, BuildPlan, BuildProgress, PlannedPackage
from gpuplayground.environments.managed.store import ManagedEnvironments
from gpuplayground.environments.packages.selection import Selection
from tests.support.command_line import ROOT
from tests.support.wheel_server import WheelServer, serving


@pytest.fixture
def server() -> Iterator[WheelServer]:
    """An index with one large wheel."""
    with serving() as running:
        yield running


@pytest.fixture
def only_this_index(server: WheelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelServer:
    """Let uv use nothing but the index on loopback and a cache of its own."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{server.root}/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return server


def plan_for(server: WheelServer) -> BuildPlan:
    """Return a plan with the large wheel alone."""
    url = f"{server.root}/files/{server.file_name}"
    wheel = {"url": url, "hashes": {"sha256": server.sha256}}
    lock = {
        "lock-version": "1.0",
        "created-by": "test",
        "packages": [{"name": "bigone", "version": "1.0", "wheels": [wheel]}],
    }
    packages = (PlannedPackage("bigone", "1.0", len(server.wheel), is_cached=False),)
    return BuildPlan("big", ("bigone",), sys.executable, packages, tomli_w.dumps(lock))


def ignore(*_: object) -> None:
    """Take no notice of a download."""


def test_a_download_whose_connection_breaks_continues_where_it_broke(server: WheelServer, tmp_path: Path) -> None:
    server.breaks_at = [1_000_000, 7_000_000]
    files = wheels.fetch(plan_for(server), tmp_path, ignore)
    assert files["bigone"].read_bytes() == server.wheel
    assert server.starts == [0, 1_000_000, 7_000_000]


def test_a_server_that_cannot_continue_sends_all_of_it_again(server: WheelServer, tmp_path: Path) -> None:
    server.continues, server.breaks_at = False, [1_000_000]
    files = wheels.fetch(plan_for(server), tmp_path, ignore)
    assert files["bigone"].read_bytes() == server.wheel


def test_progress_ends_with_all_bytes(server: WheelServer, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    wheels.fetch(plan_for(server), tmp_path, lambda *each: seen.append(each))
    assert seen[-1] == ("bigone", len(server.wheel), len(server.wheel))
    assert [got for _, got, _ in seen] == sorted(got for _, got, _ in seen)


def test_a_damaged_wheel_is_not_kept(server: WheelServer, tmp_path: Path) -> None:
    server.is_damaged = True
    assert wheels.fetch(plan_for(server), tmp_path, ignore) == {}
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_that_the_server_refuses_is_left_to_uv(server: WheelServer, tmp_path: Path) -> None:
    server.refuses = True
    assert wheels.fetch(plan_for(server), tmp_path, ignore) == {}


def test_a_cancelled_download_continues_the_next_time(server: WheelServer, tmp_path: Path) -> None:
    server.waits_halfway = True
    cancelled = threading.Event()

    def cancel() -> None:
        server.halfway.wait(60)
        cancelled.set()
        server.proceed.set()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(BuildCancelledError):
        wheels.fetch(plan_for(server), tmp_path, ignore, cancelled)
    canceller.join()
    files = wheels.fetch(plan_for(server), tmp_path, ignore)
    assert files["bigone"].read_bytes() == server.wheel
    assert server.starts[1] > 0


def test_uv_installs_from_the_download_and_has_it_in_its_cache(only_this_index: WheelServer, tmp_path: Path) -> None:
    environments = ManagedEnvironments(tmp_path / "environments")
    steps: list[BuildProgress] = []
    only_this_index.breaks_at = [1_000_000]
    environments.build(environments.plan("first", Selection(("bigone",))), steps.append)
    assert only_this_index.starts == [0, 1_000_000]
    received = max(each.received_bytes for each in steps if each.step == "Downloading")
    assert received == len(only_this_index.wheel)
    assert "Installing" in {each.step for each in steps}
    assert not list((tmp_path / "environments" / ".downloads").iterdir())
    second = environments.plan("second", Selection(("bigone",)))
    assert second.download_bytes == 0
    built = environments.build(second, steps.append)
    assert built.packages["bigone"] == "1.0"
    assert only_this_index.starts == [0, 1_000_000]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_build_that_is_killed_leaves_no_environment_and_continues(
    only_this_index: WheelServer, tmp_path: Path
) -> None:
    only_this_index.waits_halfway = True
    folder = tmp_path / "environments"
    build = (
        "import sys; from pathlib import Path; from gpuplayground.environments.managed.store import *; "
        "from gpuplayground.environments.packages.selection import Selection; "
        "e = ManagedEnvironments(Path(sys.argv[1])); e.build(e.plan('big', Selection(('bigone',))), lambda _: None)"
    )
    command = [sys.executable, "-c", build, str(folder)]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        assert only_this_index.halfway.wait(60)
        part = next((folder / ".downloads").iterdir())
        deadline = time.monotonic() + 60
        while part.stat().st_size < 1_000_000 and time.monotonic() < deadline:
            process.poll()
        process.kill()
    environments = ManagedEnvironments(folder)
    assert environments.environments() == ()
    only_this_index.proceed.set()
    built = environments.build(environments.plan("big", Selection(("bigone",))), lambda _: None)
    assert built.packages["bigone"] == "1.0"
    assert only_this_index.starts[1] > 0
    assert [each.name for each in folder.glob("big-*")] == [Path(built.interpreter).parents[1].name]
