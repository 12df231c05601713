"""What a plan says before anything is installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gpuplayground.environments.managed.records import BuildError, BuildPlan, PlannedPackage
from gpuplayground.environments.managed.store import ManagedEnvironments
from tests.support.managed import build, build_plan, folders, selection
from tests.support.package_index import PackageIndex, package_index


def planned(plan: BuildPlan, name: str) -> PlannedPackage:
    """Return one package of a plan."""
    (package,) = (each for each in plan.packages if each.name == name)
    return package


def test_a_plan_names_all_packages_with_their_sizes(index: PackageIndex, environments: ManagedEnvironments) -> None:
    wheel = index.add("snail", "1.2", requires=["shell>=2"])
    shell = index.add("shell", "2.5")
    index.add("shell", "1.0")
    plan = environments.plan("slow", selection("snail"))
    assert plan.packages == (
        PlannedPackage("shell", "2.5", len(shell.data), is_cached=False),
        PlannedPackage("snail", "1.2", len(wheel.data), is_cached=False),
    )
    assert (plan.download_bytes, plan.is_size_known) == (len(wheel.data) + len(shell.data), True)
    assert index.downloads(wheel) == 0
    assert folders(environments) == []


def test_the_server_is_asked_for_sizes_that_the_index_does_not_name(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.tells_sizes = False
    wheel = index.add("snail")
    assert planned(environments.plan("slow", selection("snail")), "snail").size_bytes == len(wheel.data)


def test_a_size_that_nobody_tells_is_unknown(index: PackageIndex, environments: ManagedEnvironments) -> None:
    index.tells_sizes = index.tells_length = False
    index.add("snail")
    plan = environments.plan("slow", selection("snail"))
    assert planned(plan, "snail").size_bytes is None
    assert (plan.download_bytes, plan.is_size_known) == (0, False)


@pytest.mark.parametrize("tag", ["py3-none-any", f"cp{sys.version_info[0]}{sys.version_info[1]}-none-any"])
def test_what_has_been_downloaded_before_is_not_downloaded_again(
    index: PackageIndex, environments: ManagedEnvironments, tag: str
) -> None:
    wheel = index.add("snail", tag=tag)
    build(environments, "slow", "snail")
    index.add("shell")
    plan = environments.plan("other", selection("snail", "shell"))
    assert planned(plan, "snail").is_cached
    assert not planned(plan, "shell").is_cached
    assert plan.download_bytes == len(index.wheels["shell-1.0-py3-none-any.whl"].data)
    assert index.downloads(wheel) == 1


def test_a_wheel_with_many_tags_is_found_in_the_cache(index: PackageIndex, environments: ManagedEnvironments) -> None:
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    tag = f"{python}.{python}0.{python}1.{python}2.{python}3.{python}4.{python}5.{python}6.py3-none-any"
    index.add("snail", tag=tag)
    build(environments, "slow", "snail")
    assert planned(environments.plan("other", selection("snail")), "snail").is_cached


def test_a_wheel_on_this_machine_is_no_download(
    index: PackageIndex, environments: ManagedEnvironments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = index.add("snail")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / wheel.file).write_bytes(wheel.data)
    del index.wheels[wheel.file]
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "links"))
    plan = environments.plan("slow", selection("snail"))
    assert (plan.download_bytes, plan.is_size_known) == (0, True)
    assert build(environments, "slow", "snail").packages == {"snail": "1.0"}


def test_a_package_comes_from_the_index_that_is_named_for_it(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.add("torch", "3.0")
    index.add("numpy", "2.0")
    with package_index() as special:
        special.add("torch", "2.0+cu126", requires=["numpy"])
        special.add("numpy", "9.9")
        plan = environments.plan("pytorch", selection("torch", indexes={"torch": special.url}))
    assert [(package.name, package.version) for package in plan.packages] == [("numpy", "2.0"), ("torch", "2.0+cu126")]


def test_where_that_index_cannot_be_reached_the_users_own_is_taken_and_said_so(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.add("torch", "3.0")
    with package_index() as gone:
        pass
    plan = environments.plan("pytorch", selection("torch", indexes={"torch": gone.url}))
    assert planned(plan, "torch").version == "3.0"
    assert plan.notes == (f"torch comes from {index.url}, because {gone.url} cannot be reached.",)


def test_a_mirror_is_not_asked_for_what_it_lacks(index: PackageIndex, environments: ManagedEnvironments) -> None:
    with package_index() as gone:
        pass
    with pytest.raises(BuildError, match=r"^The package index 127\.0\.0\.1:\d+ cannot be reached: "):
        environments.plan("pytorch", selection("torch", indexes={"torch": gone.url}))


@pytest.mark.parametrize(
    ("requirements", "sentence"),
    [
        (["snial"], "There is no package snial in the package index: check its name."),
        (["snail", "shell==1.0"], "These packages cannot be installed together: relax their versions"),
        (["snail==7"], "The package index has no snail==7 for this Python and platform: ask for another version."),
        (
            ["snail>=7,<9"],
            "The package index has no snail>=7,<9 for this Python and platform: ask for another version.",
        ),
        (["snial[fast]>=1"], "The package index has no snial[fast]>=1 for this Python and platform: ask for another"),
        (["elsewhere"], "A package has no wheel for this Python and platform: choose another version"),
        (["snail @"], "“snail @” is not a requirement: name packages such as numpy or numpy>=2."),
    ],
)
def test_packages_that_cannot_be_had_are_refused_with_a_sentence(
    index: PackageIndex, environments: ManagedEnvironments, requirements: list[str], sentence: str
) -> None:
    index.add("snail", requires=["shell>=2"])
    index.add("shell", "2.5")
    index.add("shell", "1.0")
    index.add("elsewhere", tag="cp39-cp39-win32")
    with pytest.raises(BuildError) as caught:
        environments.plan("slow", selection(*requirements))
    assert str(caught.value).startswith(sentence)


def test_the_first_python_with_wheels_of_everything_is_taken(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    index.add("snail", tag=f"cp{own.replace('.', '')}-none-any")
    plan = environments.plan("slow", selection("snail", pythons=("3.99", own)))
    assert Path(plan.python).is_file()


def test_a_python_that_is_nowhere_is_named(index: PackageIndex, environments: ManagedEnvironments) -> None:
    index.add("snail")
    plan = environments.plan("slow", selection("snail", pythons=("3.99",)))
    with pytest.raises(BuildError, match="The Python that the packages need is not installed and cannot be downloaded"):
        build_plan(environments, plan)


def test_an_index_that_refuses_access_is_named_as_the_reason(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.add("snail")
    index.password = "me:secret"
    with pytest.raises(BuildError, match="The package index refuses access: check the name and the password") as caught:
        environments.plan("slow", selection("snail"))
    assert "401" in caught.value.details


@pytest.mark.parametrize("tells_sizes", [True, False])
def test_a_password_in_the_address_of_the_index_opens_it(
    index: PackageIndex, environments: ManagedEnvironments, monkeypatch: pytest.MonkeyPatch, tells_sizes: bool
) -> None:
    index.password, index.tells_sizes = "me:sec/ret", tells_sizes
    wheel = index.add("snail")
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url.replace("//", "//me:sec%2Fret@"))
    assert environments.plan("slow", selection("snail")).download_bytes == len(wheel.data)
    built = build(environments, "slow", "snail")
    assert built.packages == {"snail": "1.0"}
    kept = [path for path in environments.folder.rglob("*") if path.is_file() and b"sec%2Fret" in path.read_bytes()]
    assert kept == []


def test_an_index_that_does_not_answer_is_named(
    index: PackageIndex, environments: ManagedEnvironments, monkeypatch: pytest.MonkeyPatch
) -> None:
    with package_index() as gone:
        pass
    monkeypatch.setenv("UV_DEFAULT_INDEX", gone.url)
    host = gone.url.split("/")[2]
    with pytest.raises(BuildError) as caught:
        environments.plan("slow", selection("snail"))
    assert str(caught.value).startswith(f"The package index {host} cannot be reached: check the network and the proxy")
    assert "onnection refused" in caught.value.details


def test_a_cupti_that_changes_no_version_is_added(index: PackageIndex, environments: ManagedEnvironments) -> None:
    index.add("torch", "2.0", requires=["nvidia-cupti<=13.5"])
    index.add("nvidia-cupti", "13.5")
    index.add("nvidia-cupti", "13.0")
    index.add("cupti-python", "13.1", requires=["nvidia-cupti>=13.0"])
    plan = environments.plan("pytorch", selection("torch", cupti="cupti-python>=13,<14"))
    assert [f"{each.name} {each.version}" for each in plan.packages] == [
        "cupti-python 13.1",
        "nvidia-cupti 13.5",
        "torch 2.0",
    ]
    assert plan.notes == ()


def test_an_older_cupti_is_added_where_the_newest_would_change_a_version(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.add("torch", "2.0", requires=["nvidia-cupti<=13.5"])
    index.add("nvidia-cupti", "13.5")
    index.add("nvidia-cupti", "13.6")
    index.add("cupti-python", "13.6", requires=["nvidia-cupti==13.6"])
    index.add("cupti-python", "13.1", requires=["nvidia-cupti>=13.0"])
    plan = environments.plan("pytorch", selection("torch", cupti="cupti-python>=13,<14"))
    assert planned(plan, "cupti-python").version == "13.1"
    assert planned(plan, "nvidia-cupti").version == "13.5"


def test_a_cupti_that_would_change_a_version_is_left_out_and_said_so(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.add("torch", "2.0", requires=["nvidia-cupti<=13.5"])
    index.add("torch", "1.0")
    index.add("nvidia-cupti", "13.5")
    index.add("nvidia-cupti", "13.6")
    index.add("cupti-python", "13.6", requires=["nvidia-cupti==13.6"])
    plan = environments.plan("pytorch", selection("torch", cupti="cupti-python>=13,<14"))
    assert [f"{each.name} {each.version}" for each in plan.packages] == ["nvidia-cupti 13.5", "torch 2.0"]
    assert plan.notes == ("GPU operations are not traced in this environment: no cupti-python fits its packages.",)
    assert build(environments, "pytorch", "torch").packages["torch"] == "2.0"
