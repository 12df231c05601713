"""Labels, tooltips and message boxes that show a text as it is.

Qt takes a text for HTML that looks like it: the name of a file, an exception or a process would be drawn as markup, and
could fetch pictures.
"""

from __future__ import annotations

import re
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

#: All that Qt takes for HTML, and more (``Qt::mightBeRichText``, which PySide6 does not have in every version).
_MARKUP = re.compile(r"<\s*[\w!?/]|&lt;")


class PlainLabel(QLabel):
    """A label whose text is never markup."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)


def plainly(text: str) -> str:
    """Return what a tooltip or a message box shows as ``text``; Qt cannot be told that it is plain."""
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>' if _MARKUP.search(text) else text
