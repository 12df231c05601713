"""The message in place of the cards: looking for GPUs, or why there are none."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gpuplayground.model.samples import Problem, ProblemCode
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme, ui_font

_ICONS = {
    ProblemCode.NO_LIBRARY: "cpu",
    ProblemCode.NO_GPU: "cpu",
    ProblemCode.DRIVER_NOT_LOADED: "circle-alert",
    ProblemCode.NO_PERMISSION: "circle-alert",
}


class EmptyState(QWidget):
    """An icon, a headline and one sentence that says what to do, centred."""

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._icon = ("activity", "muted")
        self._pixmap, self._headline, self._sentence = (PlainLabel(parent=self) for _ in range(3))
        self._headline.setProperty("role", "title")
        self._headline.setFont(ui_font(15))
        self._sentence.setProperty("role", "muted")
        self._sentence.setWordWrap(True)
        self._sentence.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 24, 28, 24)
        column.setSpacing(8)
        column.addStretch(2)
        for label in (self._pixmap, self._headline, self._sentence):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addStretch(3)
        theme.changed.connect(self._draw)
        self.show_waiting()

    @property
    def headline(self) -> str:
        """The headline."""
        return self._headline.text()

    @property
    def sentence(self) -> str:
        """The sentence below the headline."""
        return self._sentence.text()

    def show_waiting(self) -> None:
        """Show that GPUs are being looked for."""
        self._show("activity", "muted", self.tr("Looking for GPUs"), self.tr("The first sample takes about a second."))

    def show_problem(self, problem: Problem | None) -> None:
        """Show why there is no GPU; None: the driver works but reports no GPU."""
        if problem is None:
            words = self.tr("The driver works, but it reports no GPU in this machine.")
            self._show("cpu", "muted", _headline(ProblemCode.NO_GPU), words)
            return
        role = "muted" if problem.code is ProblemCode.NO_GPU else "warning"
        icon = _ICONS.get(problem.code, "triangle-alert")
        self._show(icon, role, _headline(problem.code), problem.sentence, problem.detail)

    def _show(self, icon: str, role: str, headline: str, sentence: str, detail: str = "") -> None:
        self._icon = (icon, role)
        self._headline.setText(headline)
        self._sentence.setText(sentence)
        self._sentence.setToolTip(plainly(detail))
        self.setAccessibleName(headline)
        self.setAccessibleDescription(sentence)
        self._draw()

    def _draw(self) -> None:
        name, role = self._icon
        self._pixmap.setPixmap(self._icons.pixmap(name, role, 36))


def _headline(code: ProblemCode) -> str:
    tr = QCoreApplication.translate
    return {
        ProblemCode.NO_LIBRARY: tr("EmptyState", "No NVIDIA driver"),
        ProblemCode.DRIVER_NOT_LOADED: tr("EmptyState", "The driver is not loaded"),
        ProblemCode.NO_PERMISSION: tr("EmptyState", "No access to the GPUs"),
        ProblemCode.NO_GPU: tr("EmptyState", "No GPU found"),
        ProblemCode.GPU_LOST: tr("EmptyState", "GPU lost"),
        ProblemCode.NOT_RESPONDING: tr("EmptyState", "The driver is not responding"),
        ProblemCode.AGENT_FAILED: tr("EmptyState", "Sampling has stopped"),
    }[code]
