"""What is opened: files, examples and recordings, at the start and later, and what was open the last time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from gpuplayground.environments.examples import Example, load_example
from gpuplayground.storage.open_tabs import from_json
from gpuplayground.storage.settings import Settings
from gpuplayground.ui.editor.saving import find_page
from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.ui.window.main_window import MainWindow

#: The suffix of recordings.
SUFFIX = ".gpurec"


class Files(QObject):
    """Opens what is asked for in the editor's tabs or, for a recording, in the monitor."""

    def __init__(
        self,
        settings: Settings,
        tabs: EditorTabs,
        window: MainWindow,
        open_recording: Callable[[Path], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._settings, self._tabs, self._window, self._open_recording = settings, tabs, window, open_recording
        tabs.pathsDropped.connect(self.open)
        tabs.fileOpened.connect(self._file_opened)
        window.exampleChosen.connect(self.open_example)
        window.filesDropped.connect(self.open)
        self._show_recent()

    def open_first(self, named: Sequence[str], example: Path | None, *, restores: bool) -> None:
        """Open what was open the last time, then the files named at the start; the example where there is neither."""
        if restores:
            self._tabs.restore(from_json(self._settings.session))
        self._open_named(named)
        if example is not None and not named and all(page.untouched for page in self._tabs.pages()):
            self.open_example(load_example(example))

    def show_first(self, named: Sequence[str]) -> bool:
        """Bring the first snippet named at the start to the front; False if it could not be opened."""
        snippets = [file for file in named if not file.endswith(SUFFIX)]
        page = find_page(self._tabs.pages(), Path(snippets[0])) if snippets else None
        if page is None:
            return False
        self._tabs.show_page(page)
        return True

    def open(self, files: Sequence[str]) -> None:
        """Open files of any kind that the window shows."""
        for file in files:
            if file.endswith(SUFFIX):
                self._open_recording(Path(file))
            else:
                self._tabs.open_path(Path(file))

    def _open_named(self, named: Sequence[str]) -> None:
        """Open what the command line names: a folder in the file dialog, a missing file as a new one of that name."""
        for name in named:
            path = Path(name)
            if path.is_dir():
                # Once the window shows: the dialog belongs over it.
                QTimer.singleShot(0, self, partial(self._tabs.open_dialog, path))
            elif name.endswith(SUFFIX) or path.exists():
                self.open([name])
            else:
                self._tabs.open_new(path)

    def open_example(self, example: Example) -> None:
        """Open a copy of an example."""
        self._tabs.open_text(example.path.name, example.source)
        editor = self._tabs.current_editor()
        if editor is not None:
            editor.setFocus()

    def remember(self) -> None:
        """Note in the settings what is open."""
        session = self._tabs.session()
        files = tuple(tab for tab in session.tabs if tab.path is not None)
        self._settings.session = replace(session, tabs=files).to_json()

    def _file_opened(self, file: str) -> None:
        self._settings.remember_file(str(Path(file).absolute()))
        self._show_recent()

    def _show_recent(self) -> None:
        self._window.set_recent(self._settings.recent_files, lambda file: self.open([file]))
