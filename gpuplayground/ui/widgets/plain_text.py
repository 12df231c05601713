"""Labels, tooltips and message boxes with plain text.

Qt detects HTML by its look: a file, exception or process name could be rendered as markup and even load images.
"""

from __future__ import annotations

import re
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

#: Matches everything that Qt takes for HTML, and more (``Qt::mightBeRichText`` is missing in some versions of PySide6).
_MARKUP = re.compile(r"<\s*[\w!?/]|&lt;")


class PlainLabel(QLabel):
    """A label that never interprets markup."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)


def plainly(text: str) -> str:
    """Return ``text`` escaped for a tooltip or a message box, which have no plain-text mode."""
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>' if _MARKUP.search(text) else text
