"""Distributions that provide the same package, such as the CuPy wheels of each CUDA version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.utils import canonicalize_name

_SAME: Mapping[str, tuple[str, ...]] = {
    "cupy": ("cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x"),
    "opencv-python-headless": ("opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "tensorflow": ("tensorflow-cpu", "tensorflow-gpu", "tensorflow-intel"),
}
_PLAIN = {variant: plain for plain, variants in _SAME.items() for variant in variants}


def plain_name(distribution: str) -> str:
    """Return the name that stands for all builds of a distribution, such as ``cupy`` for ``cupy-cuda12x``."""
    name = canonicalize_name(distribution)
    return _PLAIN.get(name, name)


def installed_version(packages: Mapping[str, str], distribution: str) -> str | None:
    """Return the version of a distribution, or of another one that provides the same package; None if it is missing."""
    return next((version for name in _variants(distribution) if (version := packages.get(name)) is not None), None)


def _variants(distribution: str) -> Iterator[str]:
    yield canonicalize_name(distribution)
    plain = plain_name(distribution)
    yield plain
    yield from _SAME.get(plain, ())
