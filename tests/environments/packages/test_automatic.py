"""The environment that fits a snippet."""

from __future__ import annotations

import pytest

from gpuplayground.environments.packages.automatic import Candidate, Kind, choose, fits, who_has
from gpuplayground.environments.packages.needs import Needs

OWN = Candidate("/own/bin/python", "3.11.7", {"numpy": "2.3.0"}, Kind.OWN)
CUDA = Candidate(
    "/cuda/bin/python", "3.12.4", {"numpy": "2.4", "cupy-cuda13x": "14.2.0", "numba": "0.68"}, Kind.MANAGED
)
TORCH = Candidate("/torch/bin/python", "3.12.4", {"numpy": "2.4", "torch": "2.15.0+cu130"}, Kind.MANAGED)
CONDA = Candidate(
    "/conda/bin/python", "3.10", {"torch": "2.5.1", "cupy": "13.6", "mylib": "1", "OpenCV_Python": "4"}, Kind.FOUND
)
ALL = (CONDA, OWN, TORCH, CUDA)


def test_a_managed_environment_is_chosen_before_all_others() -> None:
    assert choose(Needs(("torch", "numpy")), ALL) is TORCH
    assert choose(Needs(("cupy-cuda12x[ctk]>=13",)), ALL) is CUDA
    assert choose(Needs(("numpy",)), (CONDA, OWN, TORCH)) is TORCH


def test_the_own_environment_is_chosen_before_one_that_was_found() -> None:
    found = Candidate("/usr/bin/python3", "3.12.4", {"numpy": "2.4"}, Kind.FOUND)

    assert choose(Needs(("numpy",)), (found, OWN)) is OWN
    assert choose(Needs(("numpy>=2.4",)), (found, OWN)) is found


def test_a_snippet_that_needs_nothing_runs_in_the_own_environment() -> None:
    assert choose(Needs(), ALL) is OWN
    assert choose(Needs(requires_python=">=3.12"), ALL) is TORCH


def test_versions_decide() -> None:
    assert choose(Needs(("torch<2.6",)), ALL) is CONDA
    assert fits(Needs(("numpy>=2.4", "torch")), OWN) == ("numpy>=2.4", "torch")


@pytest.mark.parametrize(
    ("requires", "python", "missing"),
    [
        (">=3.12", "3.12.4", ()),
        (">=3.12.2", "3.12", ()),
        (">=3.12", "3.11.7", ("python>=3.12",)),
        (">=3.12", "", ("python>=3.12",)),
        ("", "", ()),
    ],
)
def test_the_python_must_fit(requires: str, python: str, missing: tuple[str, ...]) -> None:
    assert fits(Needs(requires_python=requires), Candidate("/python", python)) == missing


def test_where_none_fits_none_is_chosen() -> None:
    assert choose(Needs(("torch", "pandas")), ALL) is None
    assert choose(Needs(("torch",)), ()) is None
    assert fits(Needs(("torch", "pandas")), TORCH) == ("pandas",)


@pytest.mark.parametrize(
    ("requirement", "installed"),
    [
        ("tensorflow>=2.16", {"tensorflow-cpu": "2.21.0"}),
        ("tensorflow-cpu", {"tensorflow": "2.21.0"}),
        ("cupy", {"cupy-cuda12x": "14.2.0"}),
        ("cupy-cuda11x", {"cupy-cuda13x": "14.2.0"}),
        ("opencv-python-headless", {"opencv-python": "5.0.0.93"}),
        ("scikit_learn", {"scikit-learn": "1.9"}),
        ("scikit-learn", {"Scikit_Learn": "1.9"}),
        ("torch==2.15.0", {"torch": "2.15.0+cu130"}),
    ],
)
def test_another_build_or_spelling_of_a_package_will_do(requirement: str, installed: dict[str, str]) -> None:
    assert fits(Needs((requirement,)), Candidate("/python", "3.12.4", installed)) == ()


def test_another_build_must_meet_the_versions_too() -> None:
    old = Candidate("/python", "3.12.4", {"tensorflow-cpu": "2.15.0"})

    assert fits(Needs(("tensorflow>=2.16",)), old) == ("tensorflow>=2.16",)


def test_a_requirement_for_another_python_is_not_needed() -> None:
    needs = Needs(("tomli; python_version < '3.11'",))

    assert fits(needs, OWN) == ()
    assert fits(needs, CONDA) == needs.requirements


def test_an_unknown_module_leads_to_the_environment_that_has_it() -> None:
    needs = Needs(("torch",), unknown=("mylib",))

    assert choose(needs, ALL) is CONDA
    assert who_has(needs, ALL) == (CONDA,)


def test_an_unknown_module_that_nobody_has_excludes_no_environment() -> None:
    needs = Needs(("torch",), unknown=("nunpy",))

    assert choose(needs, ALL) is TORCH
    assert who_has(needs, ALL) == ()


def test_all_that_have_it_are_listed_best_first() -> None:
    assert who_has(Needs(("cupy",)), ALL) == (CUDA, CONDA)


def test_numbas_target_is_asked_for_only_in_environments_of_others() -> None:
    needs = Needs(("numba", "numba-cuda[cu12]"))
    found = Candidate("/found/bin/python", "3.12", {"numba": "0.68"})

    assert who_has(needs, (found, CUDA)) == (CUDA,)


def test_a_kind_can_be_given_by_its_value() -> None:
    assert choose(Needs(("numpy",)), (OWN, Candidate("/m", "3.12", {"numpy": "2.4"}, "managed"))) is not OWN
