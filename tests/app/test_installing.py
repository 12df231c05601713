"""From a snippet that lacks a package, by a click, to its finished run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from gpuplayground.app.application import Application
from gpuplayground.app.options import WindowOptions
from gpuplayground.storage.settings import Settings
from tests.support.application import StartApplication
from tests.support.managed import use_index
from tests.support.package_index import PackageIndex, package_index

PATIENCE_MS = 60_000
_SNIPPET = '# /// script\n# dependencies = ["snail"]\n# ///\nimport snail\nprint("version", snail.__version__)\n'


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PackageIndex]:
    with package_index() as served:
        use_index(monkeypatch, served.url, tmp_path / "cache")
        yield served


def run(start: StartApplication, tmp_path: Path, text: str) -> Application:
    """Start the application with a snippet that runs at once."""
    file = tmp_path / "given.py"
    file.write_text(text)
    return start(settings=Settings(), options=WindowOptions(files=(str(file),), run=True))


def output(application: Application) -> str:
    return application.playground.output(application.tabs.current_id() or "").text()


def button(qtbot: QtBot, application: Application, words: str) -> QPushButton:
    """Wait for a button of the offer above the output."""
    offer = application.playground.output(application.tabs.current_id() or "").offer
    qtbot.waitUntil(lambda: any(words in each.text() for each in offer.buttons), timeout=PATIENCE_MS)
    return next(each for each in offer.buttons if words in each.text())


def test_what_a_snippet_lacks_is_installed_by_a_click_and_then_it_runs(
    qtbot: QtBot, start: StartApplication, index: PackageIndex, tmp_path: Path
) -> None:
    index.add("snail", "1.2")
    application = run(start, tmp_path, _SNIPPET)
    qtbot.mouseClick(button(qtbot, application, "Install snail"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "version 1.2" in output(application), timeout=PATIENCE_MS)
    page = application.tabs.current_page()
    assert page is not None
    assert application.services.builder.environments.name_of(page.python) is not None
    again = application.tabs.open_text("second.py", _SNIPPET)
    application.services._running.choose(again, "automatic")
    application.playground.run()
    qtbot.waitUntil(lambda: "version 1.2" in output(application), timeout=PATIENCE_MS)


def test_a_package_that_cannot_be_had_is_named_and_can_be_tried_again(
    qtbot: QtBot, start: StartApplication, index: PackageIndex, tmp_path: Path
) -> None:
    application = run(start, tmp_path, _SNIPPET)
    qtbot.mouseClick(button(qtbot, application, "Install snail"), Qt.MouseButton.LeftButton)
    again = button(qtbot, application, "Try again")
    offer = application.playground.output(application.tabs.current_id() or "").offer
    assert "snail" in offer.text
    index.add("snail", "1.2")
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "version 1.2" in output(application), timeout=PATIENCE_MS)


def test_a_module_of_an_unknown_package_is_never_installed_unasked(
    qtbot: QtBot, start: StartApplication, index: PackageIndex, tmp_path: Path
) -> None:
    index.add("nunpy", "1.0")
    application = run(start, tmp_path, "import nunpy\n")
    assert button(qtbot, application, "Install a package").text() == "Install a package…"


def test_an_environment_is_removed_even_while_a_process_is_warm_in_it(
    qtbot: QtBot, start: StartApplication, index: PackageIndex, tmp_path: Path
) -> None:
    index.add("snail", "1.2")
    application = run(start, tmp_path, _SNIPPET)
    qtbot.mouseClick(button(qtbot, application, "Install snail"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "version 1.2" in output(application), timeout=PATIENCE_MS)
    builder = application.services.builder
    (environment,) = builder.environments.environments()
    application.services.tools.show_environments()
    dialog = application.services.tools.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.chosen == environment.name, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not application.playground.active_runs(), timeout=PATIENCE_MS)
    dialog.removeRequested.emit(environment.name)
    qtbot.waitUntil(lambda: not builder.environments.environments(), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not dialog.chosen, timeout=PATIENCE_MS)
