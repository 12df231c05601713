"""The find and replace bar of the editor."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from gpuplayground.ui.editor import search
from gpuplayground.ui.editor.editing import Utf16
from gpuplayground.ui.editor.editor import CodeEditor
from gpuplayground.ui.widgets.commands import command_hint
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme

#: In a long text the search restarts when typing has paused this long.
_PAUSE_MS = 150
_SHORT = 200_000


class FindBar(QWidget):
    """Finds and replaces in one editor. Esc closes it and returns the focus to the text."""

    messageRaised = Signal(str)

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._icons = theme, icons
        self._editor: CodeEditor | None = None
        self.find_edit = self._field(self.tr("Find"))
        self.replace_edit = self._field(self.tr("Replace with"))
        self.case = self._option("Aa", self.tr("Match case (Alt+C)"), "Alt+C")
        self.word = self._option("ab|", self.tr("Whole words (Alt+W)"), "Alt+W")
        self.regex = self._option(".*", self.tr("Regular expression (Alt+R)"), "Alt+R")
        self.status = PlainLabel(parent=self)
        self.status.setProperty("role", "muted")
        self.status.setAccessibleName(self.tr("Matches"))
        # A long message is cut off (the tooltip shows all of it) instead of widening the window.
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.previous = self._button("chevron-up", command_hint("find_previous"))
        self.next = self._button("chevron-down", command_hint("find_next"))
        self.close_button = self._button("x", self.tr("Close (Esc)"))
        self.replace_one = QPushButton(self.tr("Replace"), self)
        self.replace_one.setToolTip(self.tr("Replace this match and go to the next one (Enter)"))
        self.replace_all = QPushButton(self.tr("Replace all"), self)
        self.replace_all.setToolTip(self.tr("Replace all matches as one undo step (Ctrl+Alt+Enter)"))
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self.refresh)
        self._lay_out()
        self._connect()
        self._draw_icons()
        self.hide()

    def set_editor(self, editor: CodeEditor | None) -> None:
        """Set the editor to search."""
        if self._editor is not None:
            self._editor.textChanged.disconnect(self._text_changed)
            self._editor.set_matches([])
        self._editor = editor
        if editor is not None:
            editor.textChanged.connect(self._text_changed)
        if self.isVisible():
            self.refresh()

    def open(self, *, replace: bool = False) -> None:
        """Show the bar with the selected text, if it is on one line."""
        if self._editor is None:
            return
        selected = self._editor.textCursor().selectedText()
        self._show_replace(replace)
        self.show()
        if selected and "\u2029" not in selected:
            self.find_edit.setText(selected)
        self.refresh()
        self.find_edit.setFocus()
        self.find_edit.selectAll()

    def close_bar(self) -> None:
        """Hide the bar and return the focus to the text."""
        self.hide()
        if self._editor is not None:
            self._editor.set_matches([])
            self._editor.setFocus()

    def query(self) -> search.Query:
        """Return the query."""
        return search.Query(self.find_edit.text(), self.case.isChecked(), self.word.isChecked(), self.regex.isChecked())

    def refresh(self) -> None:
        """Search the text again."""
        self._pause.stop()
        if self._editor is None:
            return
        try:
            matches = search.find_all(self._editor.text(), self.query())
        except search.SearchError as error:
            self._editor.set_matches([])
            self._show_status(str(error), "error")
            return
        self._editor.set_matches(matches)
        self._count()

    def find_next(self, *, backwards: bool = False) -> None:
        """Select the next or previous match, wrapping around at the ends of the text."""
        if self._editor is None:
            return
        self.refresh()
        matches = self._editor.matches
        if not matches:
            if not self.isVisible():
                self.open()
            return
        cursor = self._editor.textCursor()
        start = cursor.selectionStart() if backwards else cursor.selectionEnd()
        self._select(matches[search.nearest(matches, start, backwards=backwards)])
        if not self.isVisible():
            self._editor.set_matches([])

    def replace_current(self) -> None:
        """Replace the selected match and select the next one; if none is selected, only select the next one."""
        if self._editor is None:
            return
        self.refresh()
        cursor = self._editor.textCursor()
        selection = (cursor.selectionStart(), cursor.selectionEnd())
        if search.index_of(self._editor.matches, selection) is None:
            self.find_next()
            return
        try:
            text = self._replacement(selection)
        except search.SearchError as error:
            self._show_status(str(error), "error")
            return
        cursor.insertText(text)
        self._editor.setTextCursor(cursor)
        self.find_next()

    def replace_every(self) -> None:
        """Replace all matches as one undo step."""
        if self._editor is None:
            return
        try:
            text, count = search.replace_in(self._editor.text(), self.query(), self.replace_edit.text())
        except search.SearchError as error:
            self._show_status(str(error), "error")
            return
        if count:
            self._editor.replace_text(text)
        self.refresh()
        done = self.tr("1 replaced") if count == 1 else self.tr("{count} replaced").format(count=f"{count:,}")
        self._show_status(done if count else self.tr("No matches"), "muted")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Esc; find or replace on Enter, depending on the field."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(self.focusWidget(), QLineEdit):
            if self.replace_edit.hasFocus():
                self.replace_every() if control else self.replace_current()
            elif not control:
                self.find_next(backwards=shift)
        else:
            super().keyPressEvent(event)

    def _replacement(self, selection: tuple[int, int]) -> str:
        assert self._editor is not None
        if not self.regex.isChecked():
            return self.replace_edit.text()
        query, text = self.query(), self._editor.text()
        offset = Utf16(text)
        match = query.compiled().match(text, offset.to_python(selection[0]))
        return search.expand(match, query, self.replace_edit.text()) if match else ""

    def _select(self, match: tuple[int, int]) -> None:
        assert self._editor is not None
        cursor = self._editor.textCursor()
        cursor.setPosition(match[0])
        cursor.setPosition(match[1], QTextCursor.MoveMode.KeepAnchor)
        self._editor.setTextCursor(cursor)
        if not self._editor.viewport().rect().contains(self._editor.cursorRect()):
            self._editor.centerCursor()
        self._count()

    def _count(self) -> None:
        assert self._editor is not None
        matches = self._editor.matches
        cursor = self._editor.textCursor()
        selection = (cursor.selectionStart(), cursor.selectionEnd())
        total = f"{len(matches):,}" + ("+" if len(matches) == search.MATCH_LIMIT else "")
        if not self.find_edit.text():
            self._show_status("", "muted")
        elif not matches:
            self._show_status(self.tr("No matches"), "muted")
        elif (index := search.index_of(matches, selection)) is not None:
            here = f"{index + 1:,}"
            self._show_status(self.tr("{here} of {total}").format(here=here, total=total), "muted")
        else:
            self._show_status(
                self.tr("1 match") if len(matches) == 1 else self.tr("{n} matches").format(n=total), "muted"
            )

    def _show_status(self, text: str, role: str) -> None:
        self.status.setText(text)
        self.status.setToolTip(plainly(text))
        if self.status.property("role") != role:
            self.status.setProperty("role", role)
            self.status.style().unpolish(self.status)
            self.status.style().polish(self.status)

    def _text_changed(self) -> None:
        if not self.isVisible() or self._editor is None:
            return
        # The old positions are wrong now.
        if self._editor.document().characterCount() < _SHORT:
            self.refresh()
        else:
            self._editor.set_matches([])
            self._pause.start()

    def _show_replace(self, shown: bool) -> None:
        for widget in (self.replace_edit, self.replace_one, self.replace_all):
            widget.setVisible(shown)

    def _field(self, name: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setAccessibleName(name)
        field.setPlaceholderText(name)
        field.setMinimumWidth(160)
        return field

    def _option(self, text: str, tooltip: str, shortcut: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setCheckable(True)
        button.setShortcut(shortcut)
        button.setToolTip(plainly(tooltip))
        button.setAccessibleName(tooltip.split(" (")[0])
        button.setProperty("role", "segment")
        return button

    def _button(self, icon: str, tooltip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(icon)
        button.setIconSize(QSize(16, 16))
        button.setToolTip(plainly(tooltip))
        button.setAccessibleName(tooltip.split(" (")[0])
        return button

    def _draw_icons(self) -> None:
        for button in (self.previous, self.next, self.close_button):
            button.setIcon(self._icons.icon(button.objectName()))

    def _lay_out(self) -> None:
        find_row, replace_row = QHBoxLayout(), QHBoxLayout()
        for widget in (self.case, self.word, self.regex, self.previous, self.next, self.status):
            find_row.addWidget(widget)
        find_row.setStretchFactor(self.status, 1)
        find_row.addWidget(self.close_button)
        for button in (self.replace_one, self.replace_all):
            replace_row.addWidget(button)
        replace_row.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 6, 8, 6)
        grid.setVerticalSpacing(6)
        grid.addWidget(self.find_edit, 0, 0)
        grid.addLayout(find_row, 0, 1)
        grid.addWidget(self.replace_edit, 1, 0)
        grid.addLayout(replace_row, 1, 1)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        for row in (find_row, replace_row):
            row.setSpacing(2 if row is find_row else 6)
        order = (self.find_edit, self.replace_edit, self.case, self.word, self.regex, self.previous, self.next,
            self.replace_one, self.replace_all, self.close_button)  # fmt: skip
        for first, second in pairwise(order):
            self.setTabOrder(first, second)

    def _connect(self) -> None:
        self.find_edit.textChanged.connect(self.refresh)
        for option in (self.case, self.word, self.regex):
            option.toggled.connect(self.refresh)
        self.previous.clicked.connect(lambda: self.find_next(backwards=True))
        self.next.clicked.connect(lambda: self.find_next())
        self.replace_one.clicked.connect(self.replace_current)
        self.replace_all.clicked.connect(self.replace_every)
        self.close_button.clicked.connect(self.close_bar)
        self._theme.changed.connect(self._draw_icons)
