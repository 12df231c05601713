"""Builds that are cancelled, killed or cut off: an environment is whole or not there, and building again works."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gpuplayground.environments.managed import building
from gpuplayground.environments.managed.records import BuildCancelledError, BuildError
from gpuplayground.environments.managed.store import ManagedEnvironments
from tests.support.command_line import environment, wait_for
from tests.support.managed import build, build_plan, folders, processes_with, said_by, selection
from tests.support.package_index import PackageIndex

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")

#: Builds one environment from the index of the test, as the window's worker does.
BUILDER = """
import sys
from pathlib import Path
from gpuplayground.environments.managed.store import ManagedEnvironments
from gpuplayground.environments.packages.selection import Selection
environments = ManagedEnvironments(Path(sys.argv[1]))
plan = environments.plan("slow", Selection(("snail",), pythons=(f"{sys.version_info[0]}.{sys.version_info[1]}",)))
environments.build(plan, lambda progress: None)
"""


def hidden(environments: ManagedEnvironments) -> list[str]:
    """Return the hidden files beside the environments, locks excepted."""
    return [path.name for path in environments.folder.glob(".*") if not path.name.endswith(".lock")]


def cancel_when(is_so: Callable[[], bool], cancelled: threading.Event) -> threading.Thread:
    """Cancel a build, in a thread, when a condition comes true."""

    def wait_and_cancel() -> None:
        wait_for(is_so)
        cancelled.set()

    thread = threading.Thread(target=wait_and_cancel)
    thread.start()
    return thread


def test_a_cancelled_download_leaves_nothing_and_can_be_repeated(
    index: PackageIndex, environments: ManagedEnvironments, tmp_path: Path
) -> None:
    wheel = index.add("snail", extra_bytes=1 << 20)
    index.stalls.add(wheel.file)
    plan = environments.plan("slow", selection("snail"))
    cancelled = threading.Event()
    canceller = cancel_when(index.stalled.is_set, cancelled)
    with pytest.raises(BuildCancelledError):
        build_plan(environments, plan, cancelled)
    canceller.join()
    assert folders(environments) == hidden(environments) == []
    assert processes_with(str(tmp_path)) == []
    assert environments.environments() == ()
    index.stalls.clear()
    assert build_plan(environments, plan).packages == {"snail": "1.0"}


def test_a_build_that_was_cancelled_before_it_began_does_nothing(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.add("snail")
    plan = environments.plan("slow", selection("snail"))
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(BuildCancelledError):
        build_plan(environments, plan, cancelled)
    with pytest.raises(BuildCancelledError):
        environments.plan("slow", selection("snail"), cancelled)
    assert folders(environments) == []


def test_imports_that_take_too_long_can_be_cancelled(
    index: PackageIndex, environments: ManagedEnvironments, tmp_path: Path
) -> None:
    mark = tmp_path / "importing"
    index.add("snail", modules={"snail": f"open({str(mark)!r}, 'w').close()\nimport time\ntime.sleep(600)\n"})
    plan = environments.plan("slow", selection("snail"))
    cancelled = threading.Event()
    canceller = cancel_when(mark.exists, cancelled)
    with pytest.raises(BuildCancelledError):
        build_plan(environments, plan, cancelled)
    canceller.join()
    assert folders(environments) == []
    wait_for(lambda: not processes_with(str(tmp_path)))


def test_a_killed_build_ends_uv_and_leaves_nothing_after_a_sweep(
    index: PackageIndex, environments: ManagedEnvironments, tmp_path: Path
) -> None:
    wheel = index.add("snail", extra_bytes=1 << 20)
    index.stalls.add(wheel.file)
    command = [sys.executable, "-c", BUILDER, str(environments.folder)]
    with subprocess.Popen(command, env=environment()) as process:
        assert index.stalled.wait(120)
        assert len(processes_with(str(environments.folder))) == 2  # the builder and uv
        process.kill()
    wait_for(lambda: not processes_with(str(environments.folder)))
    assert environments.environments() == ()
    (left,) = folders(environments)
    assert left.startswith("slow-")
    environments.sweep()
    assert folders(environments) == hidden(environments) == []
    index.stalls.clear()
    assert build(environments, "slow", "snail").packages == {"snail": "1.0"}


def test_a_killed_build_leaves_the_old_environment(
    index: PackageIndex, environments: ManagedEnvironments, tmp_path: Path
) -> None:
    index.add("snail", "1.0")
    old = build(environments, "slow", "snail")
    wheel = index.add("snail", "2.0", extra_bytes=1 << 20)
    index.stalls.add(wheel.file)
    with subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(environments.folder)], env=environment(UV_CACHE_DIR=str(tmp_path / "new"))
    ) as process:
        assert index.stalled.wait(120)
        process.kill()
    assert environments.environments() == (old,)
    environments.sweep()
    assert environments.environments() == (old,)
    assert said_by(old.interpreter, "import snail; print(snail.__version__)") == "1.0\n"
    assert len(folders(environments)) == 2


def test_a_download_that_breaks_off_is_reported_and_works_the_next_time(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    wheel = index.add("snail", extra_bytes=1 << 20)
    index.breaks_off[wheel.file] = 600_000
    plan = environments.plan("slow", selection("snail"))
    with pytest.raises(BuildError) as caught:
        build_plan(environments, plan)
    assert str(caught.value) == (
        "The download of snail==1.0 broke off: check the network, then install again; what is complete is kept."
    )
    assert caught.value.details.startswith("error: Failed to download `snail==1.0`")
    assert folders(environments) == []
    index.breaks_off.clear()
    assert build_plan(environments, plan).packages == {"snail": "1.0"}


def test_a_wheel_that_is_not_the_one_the_index_names_is_refused(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    wheel = index.add("snail")
    wheel.sha256 = "0" * 64
    with pytest.raises(BuildError, match="A downloaded package is damaged or is not the one that its index names"):
        build(environments, "slow", "snail")
    assert folders(environments) == []


def test_a_wheel_that_has_gone_is_named(index: PackageIndex, environments: ManagedEnvironments) -> None:
    wheel = index.add("snail")
    plan = environments.plan("slow", selection("snail"))
    del index.wheels[wheel.file]
    with pytest.raises(BuildError, match=r"The package index lists snail==1\.0 but does not have it: install"):
        build_plan(environments, plan)


def test_a_wheel_that_is_no_archive_is_refused(index: PackageIndex, environments: ManagedEnvironments) -> None:
    wheel = index.add("snail")
    wheel.data = b"<html>Please log in</html>"
    wheel.sha256 = hashlib.sha256(wheel.data).hexdigest()
    with pytest.raises(BuildError, match="A downloaded package is damaged or is not the one that its index names"):
        build(environments, "slow", "snail")
    assert folders(environments) == []


def test_a_package_that_cannot_be_imported_leaves_the_old_environment(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.add("snail", "1.0")
    old = build(environments, "slow", "snail")
    index.add("snail", "2.0", modules={"snail": "raise ImportError('libsnail.so.1: cannot open\\nsecond line')"})
    with pytest.raises(BuildError) as caught:
        build(environments, "slow", "snail")
    assert str(caught.value) == (
        "snail was installed but cannot be imported (ImportError: libsnail.so.1: cannot open): choose another version."
    )
    assert "second line" in caught.value.details
    assert environments.environments() == (old,)
    assert len(folders(environments)) == 2


def test_a_package_that_crashes_on_import_is_reported(index: PackageIndex, environments: ManagedEnvironments) -> None:
    index.add("snail", modules={"snail": "import os\nos.kill(os.getpid(), 11)"})
    with pytest.raises(BuildError, match="The new environment crashes on import: choose other versions"):
        build(environments, "slow", "snail")
    assert folders(environments) == []


def test_a_package_that_ends_the_process_on_import_is_reported(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.add("snail", modules={"snail": "import os\nos._exit(0)"})
    with pytest.raises(BuildError, match="The new environment ends on import: choose other versions"):
        build(environments, "slow", "snail")


def test_a_package_that_never_finishes_its_import_is_given_up(
    index: PackageIndex, environments: ManagedEnvironments, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(building, "_VERIFY_TIMEOUT_S", 0.5)
    index.add("snail", modules={"snail": "import threading\nthreading.Event().wait()"})
    with pytest.raises(BuildError, match="The new environment did not import in time: install it again"):
        build(environments, "slow", "snail")
    assert folders(environments) == []
    assert processes_with(str(tmp_path)) == []


def test_a_build_that_is_killed_while_it_imports_ends_the_import(
    index: PackageIndex, environments: ManagedEnvironments, tmp_path: Path
) -> None:
    mark = tmp_path / "importing"
    index.add("snail", modules={"snail": f"open({str(mark)!r}, 'w').close()\nimport time\ntime.sleep(600)\n"})
    with subprocess.Popen([sys.executable, "-c", BUILDER, str(environments.folder)], env=environment()) as process:
        wait_for(mark.exists)
        process.kill()
    wait_for(lambda: not processes_with(str(environments.folder)))
    assert environments.environments() == ()


def test_a_package_without_a_module_is_fine(index: PackageIndex, environments: ManagedEnvironments) -> None:
    index.add("only-data", modules={})
    assert build(environments, "slow", "only-data").packages == {"only-data": "1.0"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("this container may not mount file systems")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_named_and_nothing_is_left_on_it(index: PackageIndex, small_disk: Path) -> None:
    index.add("snail", extra_bytes=12 << 20)
    index.add("shell")
    environments = ManagedEnvironments(small_disk / "environments")
    with pytest.raises(BuildError) as caught:
        build(environments, "slow", "snail")
    assert str(caught.value) == "The disk is full: free some space, then install again."
    assert folders(environments) == []
    assert build(environments, "slow", "shell").packages == {"shell": "1.0"}


def test_a_full_disk_of_the_cache_is_named(
    index: PackageIndex, environments: ManagedEnvironments, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("snail", extra_bytes=12 << 20)
    monkeypatch.setenv("UV_CACHE_DIR", str(small_disk / "cache"))
    with pytest.raises(BuildError, match="The disk is full: free some space, then install again"):
        build(environments, "slow", "snail")
    assert folders(environments) == []
