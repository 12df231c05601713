"""One finding in the doctor's window, or a kernel that is still running."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gpuplayground.environments.doctor.finding import Finding, Level, Topic
from gpuplayground.printable import visible, visible_line
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme, mono_font

#: The icon of each level, with its colour role.
LEVEL_ICONS = {
    Level.OK: ("check", "good"),
    Level.INFO: ("info", "muted"),
    Level.WARNING: ("triangle-alert", "warning"),
    Level.PROBLEM: ("octagon-x", "error"),
}
_RUNNING = ("activity", "accent")
_ICON_PX = 16


class FindingRow(QWidget):
    """The sentence with an icon for its level; below it the command, the details, and the button that fixes it.

    ``fixWanted`` carries the :class:`Fix`.
    """

    fixWanted = Signal(object)

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons, self._icon = icons, _RUNNING
        self._finding: Finding | None = None
        self._picture = PlainLabel()
        self._picture.setFixedWidth(_ICON_PX)
        self.sentence = _wrapped()
        self.command = QLineEdit()
        self.copy_button = QToolButton()
        self.details = _wrapped()
        self.details_button = QToolButton()
        self.fix_button = QPushButton(self.tr("Fix…"))
        self._set_up()
        self._lay_out()
        theme.changed.connect(self._draw)
        self._draw()

    @property
    def finding(self) -> Finding | None:
        """The finding; None while its kernel is waiting or running."""
        return self._finding

    def wait(self, framework: str) -> None:
        """Show that a framework's kernel has not been started yet."""
        self._show_text(self.tr("{0} is waiting.").format(framework), ("activity", "faint"))

    def run(self, framework: str, seconds: int) -> None:
        """Show that a framework's kernel has been running for some seconds."""
        text = self.tr("{0} is running a kernel… {1} s").format(framework, seconds)
        self._show_text(text if seconds else self.tr("{0} is running a kernel…").format(framework), _RUNNING)

    def show_finding(self, finding: Finding) -> None:
        """Show a finding."""
        self._finding = finding
        self._show_text(visible_line(finding.sentence), LEVEL_ICONS[finding.level])
        self.command.setText(visible_line(finding.command))
        self.command.setCursorPosition(0)
        self._command_line.setVisible(bool(finding.command))
        self.details.setText(visible(finding.details))
        self.details_button.setVisible(bool(finding.details))
        self._open_details(bool(finding.details) and (finding.level is Level.PROBLEM or finding.topic == Topic.GPUS))
        self.fix_button.setVisible(finding.fix is not None)
        if finding.fix is not None:
            tip = self.tr("Build the environment {0} with {1}").format(
                finding.fix.name, ", ".join(finding.fix.requirements)
            )
            self.fix_button.setToolTip(plainly(tip))
            self.fix_button.setAccessibleName(self.tr("Fix: {0}").format(tip))

    def _show_text(self, text: str, icon: tuple[str, str]) -> None:
        self.sentence.setText(text)
        self.setAccessibleName(text)
        self._icon = icon
        self._draw()

    def _set_up(self) -> None:
        self.command.setReadOnly(True)
        self.command.setFont(mono_font(12))
        self.command.setAccessibleName(self.tr("Command"))
        self.copy_button.setAccessibleName(self.tr("Copy the command"))
        self.copy_button.setToolTip(self.tr("Copy the command"))
        self.copy_button.clicked.connect(self._copy)
        self.details.setProperty("role", "muted")
        self.details.hide()
        self.details_button.clicked.connect(self._toggle_details)
        self.details_button.hide()
        self.fix_button.setAutoDefault(False)
        self.fix_button.clicked.connect(self._ask_for_fix)
        self.fix_button.hide()
        for button in (self.copy_button, self.details_button):
            button.setIconSize(QSize(14, 14))

    def _lay_out(self) -> None:
        self._command_line = QWidget()
        line = QHBoxLayout(self._command_line)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.command, 1)
        line.addWidget(self.copy_button)
        self._command_line.hide()
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(self.sentence)
        column.addWidget(self._command_line)
        column.addWidget(self.details)
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 5, 0, 5)
        row.setSpacing(10)
        # The icon's place is as high as a line of the sentence.
        self._picture.setFixedHeight(self.sentence.fontMetrics().height())
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        row.addWidget(self.details_button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.fix_button, 0, Qt.AlignmentFlag.AlignTop)

    def _toggle_details(self) -> None:
        self._open_details(self.details.isHidden())

    def _open_details(self, is_open: bool) -> None:
        self.details.setVisible(is_open)
        words = self.tr("Hide the details") if is_open else self.tr("Show the details")
        self.details_button.setAccessibleName(words)
        self.details_button.setToolTip(plainly(words))
        self._draw()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.command.text())

    def _ask_for_fix(self) -> None:
        if self._finding is not None and self._finding.fix is not None:
            self.fixWanted.emit(self._finding.fix)

    def _draw(self) -> None:
        name, role = self._icon
        self._picture.setPixmap(self._icons.pixmap(name, role, _ICON_PX))
        self.copy_button.setIcon(self._icons.icon("copy"))
        chevron = "chevron-down" if self.details.isHidden() else "chevron-up"
        self.details_button.setIcon(self._icons.icon(chevron))


def _wrapped() -> PlainLabel:
    label = PlainLabel()
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
