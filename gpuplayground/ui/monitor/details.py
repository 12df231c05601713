"""What is shown of the selected GPU below the cards: its timeline and its processes, one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWhatsThis,
    QWidget,
)

from gpuplayground.model.samples import GpuInfo, ProcessSample, RunSpan
from gpuplayground.ui.monitor.figures import short_name, utilization_note
from gpuplayground.ui.monitor.picture import Picture
from gpuplayground.ui.monitor.processes import ProcessTable
from gpuplayground.ui.monitor.replay_mark import RecordingMark
from gpuplayground.ui.widgets.elided_label import ElidedLabel
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme

if TYPE_CHECKING:
    from gpuplayground.ui.monitor.track_panel import Timeline


class Details(QFrame):
    """Tabs over one surface. The timeline comes late, by :meth:`load_timeline`; a placeholder stands until then."""

    pauseToggled = Signal()

    def __init__(self, theme: Theme, icons: Icons, picture: Picture, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._theme, self._icons, self._picture = theme, icons, picture
        self._timeline: Timeline | None = None
        self._info: GpuInfo | None = None
        self.tabs = QTabBar(self)
        self.tabs.setAccessibleName(self.tr("Timeline or processes of the selected GPU"))
        self.tabs.addTab(self.tr("Timeline"))
        self.tabs.addTab(self.tr("Processes"))
        self.tabs.setExpanding(False)
        self.caption = ElidedLabel(self)
        self.caption.setProperty("role", "muted")
        self.caption.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.recording = RecordingMark(theme, self)
        self.note = QToolButton(self)
        self.note.setToolTip(f"<p>{utilization_note()}</p>")
        self.note.setAccessibleName(self.tr("What utilization means"))
        self.note.setAccessibleDescription(utilization_note())
        self.note.clicked.connect(self._explain)
        self.processes = ProcessTable(self)
        self._placeholder = PlainLabel(self.tr("The timeline is being prepared."), self)
        self._placeholder.setProperty("role", "muted")
        self._placeholder.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._placeholder)
        self._stack.addWidget(self.processes)
        self._lay_out()
        self.tabs.currentChanged.connect(self._show_tab)
        theme.changed.connect(self._draw_icons)
        self._draw_icons()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(4, 0, 8, 0)
        head.setSpacing(6)
        head.addWidget(self.tabs)
        head.addWidget(self.caption, 1)
        head.addStretch(0)
        head.addWidget(self.recording)
        head.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)

    @property
    def timeline(self) -> Timeline | None:
        """The timeline, None until it has been loaded."""
        return self._timeline

    def load_timeline(self) -> None:
        """Make the timeline. pyqtgraph is imported here and no earlier: it takes 0.2 s, half of a start."""
        if self._timeline is not None:
            return
        from gpuplayground.ui.monitor.track_panel import Timeline

        self._timeline = timeline = Timeline(self._theme, self._picture, self)
        timeline.pauseToggled.connect(self.pauseToggled)
        self._stack.insertWidget(0, timeline)
        self._stack.removeWidget(self._placeholder)
        self._placeholder.deleteLater()
        self._show_tab(self.tabs.currentIndex())

    def set_gpu(self, info: GpuInfo | None) -> None:
        """Show another GPU."""
        self._info = info
        words = self.tr("GPU {index}").format(index=info.index) + f" · {short_name(info.name)}" if info else ""
        self.caption.setText(words)
        if self._timeline is not None:
            self._timeline.set_gpu(info)

    def set_range(self, seconds: int) -> None:
        """Set how far the timeline reaches back while it follows the readings."""
        if self._timeline is not None:
            self._timeline.set_range(seconds)

    def set_runs(self, runs: Sequence[RunSpan]) -> None:
        """Draw runs as bands on the timeline."""
        if self._timeline is not None:
            self._timeline.set_runs(runs)

    def set_recording(self, text: str) -> None:
        """Mark the values as those of a recording."""
        # The cards above name the recording; here its tooltip does, and the tabs keep their room.
        self.recording.set_text(self.tr("Recording") if text else "", text)

    def set_paused(self, time_ns: int | None) -> None:
        """Say since when the timeline stands still; None: it follows the readings."""
        if self._timeline is not None:
            self._timeline.set_paused(time_ns)

    def set_processes(self, rows: tuple[ProcessSample, ...] | None, unlisted: str) -> None:
        """Show the processes of the selected GPU and their number on the tab, or why they cannot be listed."""
        self.processes.set_processes(rows, unlisted)
        name = self.tr("Processes")
        self.tabs.setTabText(1, f"{name}  {len(rows)}" if rows else name)

    def refresh(self, now_ns: int) -> None:
        """Bring the timeline up to date if it is in front."""
        if self._timeline is not None and self._timeline.isVisible():
            self._timeline.refresh(now_ns)

    def _show_tab(self, number: int) -> None:
        self._stack.setCurrentWidget(self.processes if number else self._timeline or self._placeholder)
        self.note.setVisible(number == 0)

    def _explain(self) -> None:
        """Show what the tooltip says until the next click or key: touch screens and the keyboard know no hovering."""
        below = self.note.mapToGlobal(self.note.rect().bottomLeft())
        QWhatsThis.showText(below, f"<p>{utilization_note()}</p>", self.note)

    def _draw_icons(self) -> None:
        self.note.setIcon(self._icons.icon("info"))
