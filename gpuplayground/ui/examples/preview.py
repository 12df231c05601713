"""What an example is about, what it needs, and its source."""

from __future__ import annotations

import ast

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from gpuplayground.environments.example_status import ExampleState, ExampleStatus
from gpuplayground.environments.examples import Example
from gpuplayground.ui.editor.highlighter import Highlighter
from gpuplayground.ui.examples.example_tree import capability_text
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme, mono_font, ui_font

_ICONS = {
    ExampleState.RUNS_HERE: ("check", "good"),
    ExampleState.INSTALLABLE: ("download", "accent"),
    ExampleState.NEEDS_GPU: ("triangle-alert", "warning"),
    ExampleState.UNKNOWN: ("info", "muted"),
}


class ExamplePreview(QFrame):
    """Title, summary, note, status and highlighted code of one example."""

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._state = ExampleState.UNKNOWN
        self.setProperty("role", "panel")
        self.title, self.summary, self.facts = PlainLabel(), PlainLabel(), PlainLabel()
        self.note, self.status = PlainLabel(), PlainLabel()
        self._status_icon = PlainLabel()
        self.source = QPlainTextEdit()
        self.source.setReadOnly(True)
        self.source.setTabChangesFocus(True)
        self.source.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.source.setFont(mono_font(12))
        self.source.setAccessibleName(self.tr("Code of the example"))
        self._highlighter = Highlighter(self.source.document(), theme, self)
        self._lay_out()
        theme.changed.connect(self._theme_changed)
        self.show_example(None, ExampleStatus())

    def show_example(self, example: Example | None, status: ExampleStatus) -> None:
        """Show an example with its status, or nothing."""
        self.title.setText("" if example is None else example.title)
        self.summary.setText("" if example is None else example.summary)
        self.note.setText("" if example is None else example.note)
        self.facts.setText("" if example is None else _facts(example))
        source = "" if example is None else _code(example.source)
        if source != self.source.toPlainText():
            self.source.setPlainText(source)
        self.show_status(example, status)
        self._color()

    def show_status(self, example: Example | None, status: ExampleStatus) -> None:
        """Show what stands between the example and its run."""
        self._state = status.state
        text = "" if example is None else status.sentence or self._plain_status(example, status)
        self.status.setText(text)
        self.status.setVisible(bool(text))
        self._status_icon.setVisible(bool(text))
        self._draw_icon()

    def _plain_status(self, example: Example, status: ExampleStatus) -> str:
        """Return a sentence for a status without one; empty if there is nothing to say."""
        if status.state is ExampleState.RUNS_HERE:
            return self.tr("It runs here as it is.")
        if status.state is ExampleState.INSTALLABLE:
            return self.tr("What it imports can be installed when it runs.")
        if example.min_capability is not None:
            return self.tr("It needs an NVIDIA GPU of compute capability {least} or newer.").format(
                least=capability_text(example.min_capability)
            )
        return self.tr("It needs an NVIDIA GPU.") if example.needs_gpu else ""

    def _lay_out(self) -> None:
        self.title.setFont(ui_font(15, QFont.Weight.DemiBold))
        for label in (self.facts, self.note):
            label.setProperty("role", "muted")
        for label in (self.title, self.summary, self.note, self.facts, self.status):
            label.setWordWrap(True)
            # A wrapped label must not set the width of the window by its longest line.
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._status_icon)
        row.addWidget(self.status, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 2)
        column.setSpacing(8)
        for label in (self.title, self.facts, self.summary, self.note):
            column.addWidget(label)
        column.addLayout(row)
        column.addWidget(self.source, 1)

    def _theme_changed(self) -> None:
        self._highlighter.recolor()
        self._color()
        self._draw_icon()

    def _color(self) -> None:
        document = self.source.document()
        self._highlighter.format_lines(document.firstBlock(), document.blockCount())
        self.source.viewport().update()

    def _draw_icon(self) -> None:
        name, role = _ICONS[self._state]
        self._status_icon.setPixmap(self._icons.pixmap(name, role, 16))


def _code(source: str) -> str:
    """Return what follows the docstring, because the labels show what precedes it."""
    docstring = ast.parse(source).body[0]
    return "\n".join(source.splitlines()[docstring.end_lineno :]).lstrip("\n")


def _facts(example: Example) -> str:
    return f"{example.topic} · {example.framework} · {example.path.name}"
