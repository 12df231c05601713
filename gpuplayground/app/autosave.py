"""What the next start needs to know, on disk within a second: a kill loses neither the open tabs nor a preference."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from gpuplayground.storage.open_tabs import Session
from gpuplayground.storage.settings import Settings, SettingsStore
from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.workers.saver import Saver

#: How often is looked whether anything has changed. Looking costs less than hearing of every key and every scroll.
EVERY_MS = 800


class Remembering(QObject):
    """Writes the settings and the session whenever they differ from what was written last, in the background.

    ``collect`` brings the settings up to date.
    """

    failed = Signal(str)  # a sentence
    recovered = Signal(str, str)  # the last sentence of failed, which holds no longer, and one that says so

    def __init__(
        self,
        settings: Settings,
        store: SettingsStore,
        tabs: EditorTabs,
        collect: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings, self._store, self._tabs, self._collect = settings, store, tabs, collect
        self._written: Settings | None = None
        self._session: Session | None = None
        self._problem = ""
        self._saver = Saver("settings", self)
        self._saver.failed.connect(self._say)
        self._saver.recovered.connect(self._take_back)
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.write_changes)

    def start(self) -> None:
        """Write what was restored, and from now on what changes."""
        self.write_changes()
        self._timer.start()

    def write_changes(self) -> None:
        """Hand what has changed to the threads."""
        session = replace(self._tabs.session(), saved_at=0.0)
        if session != self._session:
            self._session = session
            self._tabs.keep_session()
        self._collect()
        if self._settings != self._written:
            self._written = written = deepcopy(self._settings)
            self._saver.want_now("settings", lambda: partial(self._save, written))

    def close(self) -> None:
        """Finish what is being written; nothing is written after that."""
        self._timer.stop()
        self._saver.close()

    def _save(self, settings: Settings) -> None:
        if not self._store.save(settings):
            raise OSError(self._store.problem)

    def _say(self, _reason: str) -> None:
        self._problem = self._store.problem
        self.failed.emit(self._problem)

    def _take_back(self) -> None:
        self.recovered.emit(self._problem, self.tr("The settings are written again."))
