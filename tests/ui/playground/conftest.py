"""Theme and icons for the widgets of the playground."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from gpuplayground.ui.icons import Icons
from gpuplayground.ui.theme import Theme


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    """The dark theme."""
    return Theme("dark")


@pytest.fixture
def icons(resources: Path, theme: Theme) -> Icons:
    """The icons that ship."""
    return Icons(resources / "icons", theme)
