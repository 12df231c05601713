"""The doctor's window: three answers on top, then the findings by topic, as they come."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from importlib import metadata

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from gpuplayground.environments.doctor.examination import Planned, Started
from gpuplayground.environments.doctor.finding import Answer, Finding, Level
from gpuplayground.environments.doctor.text import report
from gpuplayground.printable import visible_line
from gpuplayground.ui.doctor.answer_cards import AnswerCards
from gpuplayground.ui.doctor.row import FindingRow
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme

_TICK_MS = 1000


class DoctorDialog(QDialog):
    """Not modal. It shows what it is told and asks for an examination, its end, or a fix.

    ``fixWanted`` carries the :class:`Fix` of a finding.
    """

    checkRequested = Signal()
    cancelRequested = Signal()
    fixWanted = Signal(object)

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._icons = theme, icons
        self._answers: tuple[Answer, ...] = ()
        self._groups: dict[str, _Group] = {}
        self._rows: dict[str, FindingRow] = {}
        self._waiting: dict[str, str] = {}  # framework by the id of its finding
        self._running: dict[str, tuple[str, float]] = {}  # framework and start
        self._is_running = False
        self._buttons: dict[str, QPushButton] = {}
        self.setWindowTitle(self.tr("Doctor"))
        self.resize(QSize(980, 720).boundedTo(self.screen().availableSize() - QSize(20, 50)))
        self.status = PlainLabel()
        self.note = PlainLabel()
        self.cards = AnswerCards(theme, icons)
        self._column = QVBoxLayout()
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        theme.changed.connect(self._draw_icons)
        self._update_status()

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answers on top."""
        return self._answers

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings so far, in the order of their rows."""
        found = (row.finding for row in self._rows.values())
        return tuple(finding for finding in found if finding is not None)

    @property
    def rows(self) -> tuple[FindingRow, ...]:
        """The rows, of findings and of kernels that have none yet."""
        return tuple(self._rows.values())

    @property
    def topics(self) -> tuple[str, ...]:
        """The headings in their order."""
        return tuple(self._groups)

    def begin(self) -> None:
        """Show that an examination begins; what the last one found goes."""
        for group in self._groups.values():
            self._column.removeWidget(group)
            group.deleteLater()
        for each in (self._groups, self._rows, self._waiting, self._running):
            each.clear()
        self._answers = ()
        self.cards.show_answers(())
        self.note.hide()
        self._is_running = True
        self._update_status()

    def show_answers(self, answers: tuple[Answer, ...]) -> None:
        """Show the answers."""
        self._answers = tuple(answers)
        self.cards.show_answers(self._answers)

    def plan(self, planned: Planned) -> None:
        """Show that a kernel will be run."""
        self._waiting[planned.id] = planned.framework
        self._row(planned.id, planned.topic).wait(planned.framework)
        self._update_status()

    def start(self, started: Started) -> None:
        """Show that a kernel is running."""
        self._waiting.pop(started.id, None)
        self._running[started.id] = (started.framework, time.monotonic())
        self._row(started.id, started.topic).run(started.framework, 0)
        self._timer.start()

    def add(self, finding: Finding) -> None:
        """Show a finding; one with a known id takes the place of what had that id."""
        self._waiting.pop(finding.id, None)
        self._running.pop(finding.id, None)
        self._row(finding.id, finding.topic).show_finding(finding)
        self._update_status()

    def fail(self, sentence: str) -> None:
        """Show why the examination could not be made."""
        self.note.setText(visible_line(self.tr("The examination failed ({0}): run it again.").format(sentence)))
        self.note.show()

    def end(self) -> None:
        """Show that the examination has ended."""
        self._is_running = False
        self._timer.stop()
        self._update_status()

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setBackgroundRole(QPalette.ColorRole.Window)
        self._column.setContentsMargins(0, 0, 6, 0)
        self._column.setSpacing(10)
        self._column.addWidget(self.cards)
        self._column.addStretch(1)
        inside.setLayout(self._column)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setBackgroundRole(QPalette.ColorRole.Window)
        scroll.setAccessibleName(self.tr("Findings"))
        self.note.setProperty("role", "error")
        self.note.setWordWrap(True)
        self.note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(10)
        column.addLayout(self._tools())
        column.addWidget(self.note)
        column.addWidget(scroll, 1)

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.status.setProperty("role", "title")
        row.addWidget(self.status)
        row.addStretch(1)
        again = self.tr("Check everything again, also what is known from last time")
        self.again_button = self._button(row, "refresh-cw", self.tr("Run again"), again, self.checkRequested.emit)
        cancel = self.tr("End the kernels that are running and run no more")
        self.cancel_button = self._button(row, "x", self.tr("Cancel"), cancel, self.cancelRequested.emit)
        copy = self.tr("Copy all findings as text, for a bug report")
        self.copy_button = self._button(row, "copy", self.tr("Copy as text"), copy, self._copy)
        return row

    def _button(self, row: QHBoxLayout, icon: str, text: str, tip: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(self._icons.icon(icon), text)
        button.setToolTip(plainly(tip))
        button.setAccessibleName(text)
        # Enter must not click the first button.
        button.setAutoDefault(False)
        button.clicked.connect(lambda: act())
        self._buttons[icon] = button
        row.addWidget(button)
        return button

    def _row(self, identity: str, topic: str) -> FindingRow:
        row = self._rows.get(identity)
        if row is None:
            row = FindingRow(self._theme, self._icons)
            row.fixWanted.connect(self.fixWanted)
            self._rows[identity] = row
            self._group(topic).add(row)
        return row

    def _group(self, topic: str) -> _Group:
        group = self._groups.get(topic)
        if group is None:
            group = _Group(topic)
            self._groups[topic] = group
            self._column.insertWidget(self._column.count() - 1, group)
        return group

    def _tick(self) -> None:
        for identity, (framework, started) in self._running.items():
            self._rows[identity].run(framework, int(time.monotonic() - started))

    def _update_status(self) -> None:
        self.again_button.setEnabled(not self._is_running)
        self.cancel_button.setEnabled(self._is_running)
        self.copy_button.setEnabled(bool(self.findings))
        self.status.setText(self._status())

    def _status(self) -> str:
        if self._is_running:
            left = len(self._waiting) + len(self._running)
            if left == 0:
                return self.tr("Looking at this machine…")
            return self.tr("Running kernels: {0} to go").format(left)
        levels = [finding.level for finding in self.findings]
        if not levels:
            return self.tr("Nothing was checked yet.")
        problems, warnings = levels.count(Level.PROBLEM), levels.count(Level.WARNING)
        parts = [
            self.tr("1 problem") if problems == 1 else self.tr("{0} problems").format(problems),
            self.tr("1 warning") if warnings == 1 else self.tr("{0} warnings").format(warnings),
        ]
        counted = [part for part, count in zip(parts, (problems, warnings), strict=True) if count]
        return " · ".join(counted) if counted else self.tr("No problems found.")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(report(_title(), self._answers, self.findings))

    def _draw_icons(self) -> None:
        for icon, button in self._buttons.items():
            button.setIcon(self._icons.icon(icon))


class _Group(QFrame):
    """The findings of one topic under its heading."""

    def __init__(self, topic: str) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        title = PlainLabel(visible_line(topic))
        title.setProperty("role", "title")
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(14, 10, 10, 8)
        self._box.setSpacing(2)
        self._box.addWidget(title)

    def add(self, row: FindingRow) -> None:
        """Add a row at the end."""
        self._box.addWidget(row)


def _title() -> str:
    """Return the first line of a bug report."""
    try:
        version = metadata.version("gpuplayground")
    except metadata.PackageNotFoundError:
        version = "(source tree)"
    return f"GPU Playground {version} · Python {platform.python_version()} · {platform.platform()}"
