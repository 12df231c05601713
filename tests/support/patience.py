"""A bot that waits for as long as a loaded machine may take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytestqt.qtbot import QtBot

#: No wait is given up sooner: a timeout in a test guards against a hang and measures nothing.
HANG_MS = 120_000


class PatientQtBot(QtBot):
    """pytest-qt's bot with longer timeouts."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = HANG_MS) -> None:
        super().waitUntil(callback, timeout=max(timeout, HANG_MS))

    def waitSignal(self, signal: Any, *, timeout: int = HANG_MS, raising: bool | None = None, **options: Any) -> Any:
        patience = timeout if raising is False else max(timeout, HANG_MS)
        return super().waitSignal(signal, timeout=patience, raising=raising, **options)
