"""Opens files, examples and recordings, and restores the files of the last session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from gpuplayground.storage.open_tabs import from_json
from gpuplayground.storage.settings import Settings
from gpuplayground.ui.editor.saving import find_page
from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.ui.window.main_window import MainWindow

if TYPE_CHECKING:
    from gpuplayground.environments.examples import Example

#: The suffix of recordings.
SUFFIX = ".gpurec"


class Files(QObject):
    """Opens snippets in the editor's tabs and recordings in the monitor."""

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
        """Restore the last session and open the files of the command line; without either, the example."""
        if restores:
            self._tabs.restore(from_json(self._settings.session))
        self._open_named(named)
        if example is not None and not named and not self._tabs.pages():
            self._tabs.open_text(example.name, example.read_text("utf-8"))
        if not self._tabs.pages():
            self._tabs.new_tab()

    def show_first(self, named: Sequence[str]) -> bool:
        """Show the first snippet of the command line; return False if it could not be opened."""
        snippets = [file for file in named if not file.endswith(SUFFIX)]
        page = find_page(self._tabs.pages(), Path(snippets[0])) if snippets else None
        if page is None:
            return False
        self._tabs.show_page(page)
        return True

    def open(self, files: Sequence[str]) -> None:
        """Open snippets and recordings."""
        for file in files:
            if file.endswith(SUFFIX):
                self._open_recording(Path(file))
            else:
                self._tabs.open_path(Path(file))

    def _open_named(self, named: Sequence[str]) -> None:
        """Open the files of the command line: a folder in the file dialog, a missing file as a new snippet."""
        for name in named:
            path = Path(name)
            if path.is_dir():
                # After the window shows, so that the dialog appears over it.
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

    def store_session(self) -> None:
        """Store the open files in the settings."""
        session = self._tabs.session()
        files = tuple(tab for tab in session.tabs if tab.path is not None)
        self._settings.session = replace(session, tabs=files).to_json()

    def _file_opened(self, file: str) -> None:
        self._settings.remember_file(str(Path(file).absolute()))
        self._show_recent()

    def _show_recent(self) -> None:
        self._window.set_recent(self._settings.recent_files, lambda file: self.open([file]))
