"""What a snippet left running, on systems that cannot tell."""

from __future__ import annotations

import os

import pytest

from gpuplayground.child import leftovers
from gpuplayground.child.leftovers import Descendants


def test_without_proc_there_is_nobody_to_find_or_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_HAS_PROC", False)
    monkeypatch.delattr(os, "O_CLOEXEC", raising=False)  # Windows has none
    family = Descendants(os.getpid(), "cookie")
    assert family.others() == set()
    assert family.kill_others() == 0
