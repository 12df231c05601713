"""The questions that everybody has, each answered on a card: side by side where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gpuplayground.environments.doctor.finding import Answer, Level
from gpuplayground.printable import visible_line
from gpuplayground.ui.doctor.row import LEVEL_ICONS
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme

#: From this width on the cards are side by side.
_WIDE = 820


class AnswerCards(QWidget):
    """Hidden until there are answers."""

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._icons = theme, icons
        self._cards: list[AnswerCard] = []
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(10)
        self.hide()

    @property
    def cards(self) -> tuple[AnswerCard, ...]:
        """The cards."""
        return tuple(self._cards)

    def show_answers(self, answers: Sequence[Answer]) -> None:
        """Show these answers instead of others."""
        for card in self._cards:
            self._box.removeWidget(card)
            card.deleteLater()
        self._cards = [AnswerCard(answer, self._theme, self._icons) for answer in answers]
        for card in self._cards:
            self._box.addWidget(card, 1)
        self.setVisible(bool(answers))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the cards side by side or below each other."""
        super().resizeEvent(event)
        is_wide = event.size().width() >= _WIDE
        directions = QBoxLayout.Direction
        self._box.setDirection(directions.LeftToRight if is_wide else directions.TopToBottom)


class AnswerCard(QFrame):
    """One question with its answer."""

    def __init__(self, answer: Answer, theme: Theme, icons: Icons) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.answer = answer
        self._icons = icons
        self._picture = PlainLabel()
        question = PlainLabel(answer.question)
        question.setProperty("role", "title")
        question.setWordWrap(True)
        self.text = PlainLabel(visible_line(answer.text))
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAccessibleName(f"{answer.question} {answer.text}")
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._picture)
        top.addWidget(question, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.text)
        column.addStretch(1)
        theme.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        name, role = LEVEL_ICONS.get(self.answer.level, LEVEL_ICONS[Level.INFO])
        self._picture.setPixmap(self._icons.pixmap(name, role, 16))
