"""The environment that fits a snippet."""

from __future__ import annotations

from gpuplayground.environments.packages.automatic import Candidate, Kind, choose_environment, who_has
from gpuplayground.environments.packages.needs import Needs

OWN = Candidate("/own/bin/python", "3.11.7", {"numpy": "2.3.0"}, Kind.OWN)
CUDA = Candidate(
    "/cuda/bin/python", "3.12.4", {"numpy": "2.4", "cupy-cuda13x": "14.2.0", "numba": "0.68"}, Kind.MANAGED
)
TORCH = Candidate("/torch/bin/python", "3.12.4", {"numpy": "2.4", "torch": "2.15.0+cu130"}, Kind.MANAGED)
CONDA = Candidate("/conda/bin/python", "3.10", {"torch": "2.5.1", "cupy": "13.6", "mylib": "1", "opencv-python": "4"})
ALL = (CONDA, OWN, TORCH, CUDA)


def test_the_environment_made_for_the_frameworks_is_chosen() -> None:
    assert choose_environment(Needs(("torch", "numpy")), ALL).candidate is TORCH
    assert choose_environment(Needs(("cupy-cuda12x[ctk]>=13",)), ALL).candidate is CUDA


def test_a_snippet_without_frameworks_runs_in_the_own_environment() -> None:
    assert choose_environment(Needs(("numpy",)), ALL).candidate is OWN
    assert choose_environment(Needs(), ALL).candidate is OWN


def test_versions_decide() -> None:
    assert choose_environment(Needs(("torch<2.6",)), ALL).candidate is CONDA
    assert choose_environment(Needs(("numpy>=2.4",)), ALL).candidate is not OWN


def test_the_python_must_fit() -> None:
    assert choose_environment(Needs(("torch",), ">=3.10,<3.12"), ALL).candidate is CONDA
    assert choose_environment(Needs(("torch",), ">=3.14"), ALL).missing == ("python>=3.14",)


def test_where_none_fits_the_choice_says_what_the_nearest_lacks() -> None:
    choice = choose_environment(Needs(("torch", "pandas")), ALL)

    assert choice.candidate is None
    assert choice.missing == ("pandas",)


def test_without_environments_everything_is_missing() -> None:
    assert choose_environment(Needs(("torch",), unknown=("mylib",)), ()).missing == ("torch", "mylib")


def test_an_unknown_module_leads_to_the_environment_that_has_it() -> None:
    choice = choose_environment(Needs(("torch",), unknown=("mylib",)), ALL)

    assert choice.candidate is CONDA
    assert choice.missing == ()
    assert choose_environment(Needs(unknown=("nunpy",)), ALL).missing == ("nunpy",)


def test_another_build_of_the_same_package_will_do() -> None:
    assert who_has(Needs(("opencv-python-headless",)), ALL) == (CONDA,)
    assert who_has(Needs(("cupy",)), ALL) == (CUDA, CONDA)


def test_numbas_target_is_asked_for_only_in_environments_of_others() -> None:
    needs = Needs(("numba", "numba-cuda[cu12]"))
    found = Candidate("/found/bin/python", "3.12", {"numba": "0.68"})

    assert who_has(needs, (found, CUDA)) == (CUDA,)


def test_nobody_has_what_nobody_has() -> None:
    assert who_has(Needs(unknown=("nunpy",)), ALL) == ()
