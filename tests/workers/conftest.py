"""Snippets run for real in these tests."""

from __future__ import annotations

from tests.snippets import playground

__all__ = ["playground"]
