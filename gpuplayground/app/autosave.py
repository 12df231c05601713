"""Writes the settings and the open tabs within a second of a change, so that a kill loses neither."""

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

#: How often to check for changes, in milliseconds. That costs less than a signal for every key and every scroll.
CHECK_MS = 800


class Autosave(QObject):
    """Writes the settings and the session in a thread whenever they have changed.

    Args:
        settings: what to write; ``collect`` updates them.
        store: writes the settings.
        tabs: writes the session.
        collect: copies the state of the window into the settings.
        parent: the owner.
    """

    failed = Signal(str)  # a sentence
    recovered = Signal(str, str)  # the last message of failed, and one that replaces it

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
        self._saver.failed.connect(self._report)
        self._saver.recovered.connect(self._report_recovery)
        self._timer = QTimer(self, interval=CHECK_MS)
        self._timer.timeout.connect(self.write_changes)

    def start(self) -> None:
        """Write the current state now and whenever it changes."""
        self.write_changes()
        self._timer.start()

    def write_changes(self) -> None:
        """Write what has changed."""
        session = replace(self._tabs.session(), saved_at=0.0)
        if session != self._session:
            self._session = session
            self._tabs.keep_session()
        self._collect()
        if self._settings != self._written:
            self._written = written = deepcopy(self._settings)
            self._saver.want_now("settings", lambda: partial(self._save, written))

    def set_watched(self, watched: bool) -> None:
        """Pause while the window is hidden or minimised: nothing changes then."""
        if watched == self._timer.isActive():
            return
        self.write_changes()
        if watched:
            self._timer.start()
        else:
            self._timer.stop()

    def close(self) -> None:
        """Wait for pending writes; nothing is written after this."""
        self._timer.stop()
        self._saver.close()

    def _save(self, settings: Settings) -> None:
        if not self._store.save(settings):
            raise OSError(self._store.problem)

    def _report(self, _reason: str) -> None:
        self._problem = self._store.problem
        self.failed.emit(self._problem)

    def _report_recovery(self) -> None:
        self.recovered.emit(self._problem, self.tr("The settings can be written again."))
