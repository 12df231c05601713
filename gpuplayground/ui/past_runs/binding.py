"""Connects the history page with the database worker: loads entries page by page and applies changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from gpuplayground.past_runs.entries import HistoryEntry, HistoryFilter
from gpuplayground.ui.past_runs.entry_text import runs
from gpuplayground.ui.past_runs.panel import HistoryPanel
from gpuplayground.workers.past_runs_keeper import HistoryKeeper

PAGE = 200
#: Most rows refreshed after a change; rows further down keep what was loaded.
_MAX_REFRESHED = 2000
#: Least time between two refreshes when many runs end one after another.
_PAUSE_MS = 250


class HistoryBinding(QObject):
    """Reads nothing while the panel is hidden. Opening and comparing runs is connected elsewhere."""

    def __init__(self, panel: HistoryPanel, keeper: HistoryKeeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panel, self._keeper = panel, keeper
        self._search_token = self._refresh_token = self._page_token = 0
        self._limit = PAGE
        self._is_stale = True
        self._is_first = True
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._refresh)
        panel.shown.connect(self._panel_shown)
        panel.searchChanged.connect(self._search)
        panel.moreRequested.connect(self._load_page)
        panel.pinRequested.connect(keeper.set_pinned)
        panel.noteRequested.connect(keeper.set_note)
        panel.deleteRequested.connect(keeper.delete)
        panel.exportRequested.connect(self._export)
        keeper.changed.connect(self._changed)
        keeper.listed.connect(self._listed)
        keeper.unavailable.connect(panel.show_problem)
        keeper.failed.connect(self._failed)
        keeper.exported.connect(self._exported)
        if panel.isVisible():
            self._panel_shown()

    def _panel_shown(self) -> None:
        if self._is_first:
            self._search()
        elif self._is_stale:
            self._refresh()

    def _changed(self) -> None:
        self._is_stale = True
        if self._panel.isVisible() and not self._pause.isActive():
            self._pause.start()

    def _search(self) -> None:
        self._is_stale = self._is_first = False
        # Answers to pending queries belong to the previous search.
        self._refresh_token = self._page_token = 0
        self._search_token = self._keeper.query(self._panel.filter, PAGE)

    def _refresh(self) -> None:
        if not self._panel.isVisible():
            return
        self._is_stale = False
        if self._search_token:
            # Repeat the pending search, which may have been answered before the change.
            self._search_token = self._keeper.query(self._panel.filter, PAGE)
        else:
            self._limit = max(PAGE, min(self._panel.model.rowCount(), _MAX_REFRESHED))
            self._refresh_token = self._keeper.query(self._panel.filter, self._limit)

    def _load_page(self, after: HistoryEntry) -> None:
        self._page_token = self._keeper.query(self._panel.filter, PAGE, after)

    def _listed(self, token: int, entries: Sequence[HistoryEntry], count: int) -> None:
        if token == self._search_token:
            self._search_token = 0
            self._panel.show_entries(entries, count, is_complete=len(entries) < PAGE)
        elif token == self._refresh_token:
            self._refresh_token = 0
            self._panel.refresh_entries(entries, count, is_complete=len(entries) < self._limit)
        elif token == self._page_token:
            self._page_token = 0
            self._panel.add_entries(entries, count, is_complete=len(entries) < PAGE)

    def _export(self, entry_ids: list[int], path: str) -> None:
        wanted: HistoryFilter | None = None if entry_ids else self._panel.filter
        self._keeper.export(entry_ids, Path(path), wanted)

    def _exported(self, count: int, path: Path) -> None:
        self._panel.say(self.tr("{0} written to “{1}”.").format(runs(count), path), "muted")

    def _failed(self, sentence: str) -> None:
        # While the panel is hidden, the window shows the failure.
        if self._panel.isVisible():
            self._panel.say(sentence)
