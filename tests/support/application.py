"""The whole application, as a user starts it: real window, real agent, real snippet processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from gpuplayground.app.application import Application
from gpuplayground.app.options import WindowOptions
from gpuplayground.storage import paths
from gpuplayground.storage.settings import Settings
from gpuplayground.ui.widgets.theme import Theme, load_fonts
from tests.support.fakes import no_nvml_env

StartApplication = Callable[..., Application]


@pytest.fixture
def start(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartApplication]:
    """Start the application in an environment: without a driver, or with that of ``fake_nvml_env``."""
    started: list[Application] = []

    def begin(
        environment: dict[str, str] | None = None,
        theme: str = "dark",
        options: WindowOptions | None = None,
        settings: Settings | None = None,
    ) -> Application:
        for name, value in (no_nvml_env() if environment is None else environment).items():
            monkeypatch.setenv(name, value)
        load_fonts(paths.resources() / "fonts")
        chosen = Theme(theme)
        chosen.apply()
        application = Application(chosen, settings or Settings(theme=theme), options or WindowOptions(size=(1400, 900)))
        started.append(application)
        application.show()
        qtbot.waitExposed(application.window)
        return application

    yield begin
    for application in started:
        application.window.may_close = lambda: True
        application.window.close()
        application.shutdown()
        application.window.deleteLater()
        application.deleteLater()
