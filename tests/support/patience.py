"""A bot that waits for as long as a loaded machine may take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytestqt.qtbot import QtBot

#: Longest wait before a test counts as hanging.
HANG_MS = 60_000


class PatientQtBot(QtBot):
    """pytest-qt's bot; a wait without a timeout of its own is only a guard against a hang."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = HANG_MS) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = HANG_MS, **options: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **options)
