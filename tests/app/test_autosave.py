"""What is open and how it is arranged, after the window was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gpuplayground
from tests.support.fakes import no_nvml_env

LONG_S = 60

#: The window's main function in a process of its own. It does what ``ACTS`` says, tells what is open, and waits.
PROGRAM = """
import json, sys
from PySide6.QtCore import QTimer
from gpuplayground.app import start as app, application
from gpuplayground.app.options import WindowOptions

class Application(application.Application):
    def start(self):
        super().start()
        QTimer.singleShot(300, self.act)

    def act(self):
        window, tabs = self.window, self.tabs
        exec(sys.argv[1])
        QTimer.singleShot(0, self.tell)

    def tell(self):
        tabs, front = self.tabs, self.tabs.current_page()
        print(json.dumps({
            "tabs": [page.document.name for page in tabs.pages()],
            "texts": [page.text() for page in tabs.pages()],
            "modified": [page.modified for page in tabs.pages()],
            "notices": [page.notice.label.text() for page in tabs.pages()],
            "front": front.document.name,
            "place": front.editor.line_and_column(),
            "top": front.editor.firstVisibleBlock().blockNumber() + 1,
            "size": [self.window.width(), self.window.height()],
            "splitters": self.window.playground.sizes(),
            "theme": self.window.theme.name,
            "recent": self._settings.recent_files,
            "python": self.interpreters.chosen,
        }), flush=True)

app.Application = Application
sys.exit(app.main(WindowOptions()))
"""


class Window:
    """A window that is killed in the end."""

    def __init__(self, folder: Path, acts: str = "pass") -> None:
        root = str(Path(gpuplayground.__file__).parent.parent)
        environment = {**os.environ, **no_nvml_env(), "PYTHONPATH": root, "QT_QPA_PLATFORM": "offscreen"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, acts], env=environment, cwd=folder, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.told = json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


def wait_for(folder: Path, pattern: str, *texts: str) -> None:
    """Wait until a file of the user's folders has all of the texts."""
    deadline = time.monotonic() + LONG_S
    while time.monotonic() < deadline:
        for file in folder.rglob(pattern):
            content = file.read_text(errors="replace")
            if all(text in content for text in texts):
                return
        time.sleep(0.05)
    pytest.fail(f"no {pattern} with {texts}")


def test_after_a_kill_everything_is_as_it_was(own_folders: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    for name in ("a.py", "b.py", "c.py", "closed.py"):
        (work / name).write_text("".join(f"line = {number}\n" for number in range(1, 301)))
    python = work / "python"
    python.symlink_to(sys.executable)
    acts = "\n".join(
        [
            "tabs.close_tab(0)",  # the example that a first start shows
            *(f"tabs.open_path({str(work / name)!r})" for name in ("closed.py", "a.py", "b.py", "c.py")),
            "tabs.close_tab(0)",
            "tabs.current_editor().textCursor().insertText('edited ')",
            "tabs.open_text('example.py', 'given = 1')",
            "tabs.header.bar.moveTab(0, 1)",
            f"tabs.open_path({str(work / 'a.py')!r})",
            "tabs.current_editor().set_line_and_column(250, 3)",
            "tabs.current_editor().verticalScrollBar().setValue(239)",
            "window.resize(780, 700)",
            "window.playground.setSizes([300, 290])",
            "window.theme.select('light')",
            f"self.services._running._interpreter_chosen({str(python)!r})",
        ]
    )
    window = Window(work, acts)
    wait_for(own_folders, "*.session", '"line": 250', '"top": 240', "example.py")
    wait_for(own_folders, "settings.json", '"light"', str(python))
    for name in ("example.py", "c.py"):
        wait_for(own_folders, "*.draft", name)
    window.kill()
    again = Window(work)
    again.kill()
    assert window.told["tabs"] == ["b.py", "a.py", "c.py", "example.py"]
    assert again.told["notices"][2].startswith("Unsaved changes from ")
    assert again.told["notices"][3] == ""
    assert again.told["modified"] == [False, False, True, False]
    for told in (window.told, again.told):
        del told["notices"]
    assert again.told == window.told


def test_another_window_takes_nothing_from_one_that_lives(own_folders: Path, tmp_path: Path) -> None:
    for name in ("first.py", "second.py"):
        (tmp_path / name).write_text("")
    first = Window(tmp_path, f"tabs.open_path({str(tmp_path / 'first.py')!r})")
    wait_for(own_folders, "*.session", "first.py")
    second = Window(tmp_path, f"tabs.open_path({str(tmp_path / 'second.py')!r})")
    wait_for(own_folders, "*.session", "second.py")
    first.kill()
    second.kill()
    third = Window(tmp_path)
    third.kill()
    assert "first.py" not in second.told["tabs"]
    assert {"first.py", "second.py"} <= set(third.told["tabs"])
