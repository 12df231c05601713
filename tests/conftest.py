"""What every test shares: no screen, no folder of the user's, no driver but a test's own."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gpuplayground.storage import paths
from tests.support.application import start
from tests.support.fake_cuda import build_fake_cuda
from tests.support.fakes import FakeNvml
from tests.support.patience import PatientQtBot
from tests.support.snippets import clock, playground

# The default gives up on an example that takes longer than 200 ms.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

__all__ = ["clock", "playground", "start"]

#: What says where the user's own folders are. Until a test has its own, they are where nothing can be written.
FOLDERS = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "APPDATA")
os.environ.update(dict.fromkeys(FOLDERS, f"{os.devnull}/nowhere"))


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep settings, drafts and run folders away from the user's own, in this process and in those it starts."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # it changes when snippets write
    home = tmp_path_factory.mktemp("home")
    for name in FOLDERS:
        monkeypatch.setenv(name, str(home / name.lower()))
    return home


@pytest.fixture(autouse=True)
def no_widget_left() -> Iterator[None]:
    """Delete the widgets of a test for which deleteLater() was called.

    Without an event loop that runs nothing else does, and every theme that is applied would style them all again.
    """
    yield
    if QCoreApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """A bot in place of pytest-qt's, whose waits end after 5 s."""
    return PatientQtBot(request)


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    """The class of pytest-qt's application."""
    return QApplication


@pytest.fixture
def resources() -> Path:
    """The folder of icons, fonts, examples and recordings."""
    return paths.resources()


@pytest.fixture(scope="session")
def libcuda(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fake driver library; its soname is what the clock looks for."""
    return build_fake_cuda(tmp_path_factory.mktemp("cuda"))


@pytest.fixture
def nvml(tmp_path: Path) -> FakeNvml:
    """A fake driver with two GPUs."""
    return FakeNvml(tmp_path / "nvml", gpus=2)
