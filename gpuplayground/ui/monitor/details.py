"""The panel below the cards with the graphs and the processes of the selected GPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWhatsThis,
    QWidget,
)

from gpuplayground.model.samples import GpuInfo, ProcessSample, RunSpan
from gpuplayground.ui.monitor.figures import short_name, utilization_note
from gpuplayground.ui.monitor.processes import ProcessTable
from gpuplayground.ui.monitor.sample_source import SampleView
from gpuplayground.ui.widgets.elided_label import ElidedLabel
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme, ui_font

if TYPE_CHECKING:
    from gpuplayground.ui.monitor.track_panel import TrackPanel


_PADDING = 9


class RecordingMark(QWidget):
    """The tag of a recording. It elides its text, so that it never widens the window."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self._font = ui_font(11)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        self.hide()

    @property
    def text(self) -> str:
        """The full text, elided or not."""
        return self._text

    def set_text(self, text: str, tooltip: str = "") -> None:
        """Show a text, or hide if it is empty. The tooltip defaults to the text."""
        self._text = text
        self.setAccessibleName(tooltip or text)
        self.setToolTip(plainly(tooltip or text))
        self.setVisible(bool(text))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the full text."""
        metrics = QFontMetrics(self._font)
        return QSize(metrics.horizontalAdvance(self._text) + 2 * _PADDING + 1, metrics.height() + 6)

    def minimumSizeHint(self) -> QSize:
        """Return a size that fits the beginning of the text."""
        return QSize(min(84, self.sizeHint().width()), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tag."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setBrush(self._theme.color("warning", 0.10))
        painter.setPen(self._theme.color("warning", 0.38))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setPen(self._theme.color("warning"))
        painter.setFont(self._font)
        room = self.width() - 2 * _PADDING
        words = QFontMetrics(self._font).elidedText(self._text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


class Details(QFrame):
    """Two tabs, graphs and processes. :meth:`load_tracks` replaces the placeholder of the graphs."""

    pauseToggled = Signal()

    def __init__(self, theme: Theme, icons: Icons, samples: SampleView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._theme, self._icons, self._samples = theme, icons, samples
        self._tracks: TrackPanel | None = None
        self._info: GpuInfo | None = None
        self.tabs = QTabBar(self)
        self.tabs.setAccessibleName(self.tr("Graphs or processes of the selected GPU"))
        self.tabs.addTab(self.tr("Graphs"))
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
        self._placeholder = PlainLabel(self.tr("Loading the graphs…"), self)
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
    def tracks(self) -> TrackPanel | None:
        """The tracks, None until they have been loaded."""
        return self._tracks

    def load_tracks(self) -> None:
        """Create the tracks. pyqtgraph is imported only here, because that takes 0.2 s, half of a start."""
        if self._tracks is not None:
            return
        from gpuplayground.ui.monitor.track_panel import TrackPanel

        self._tracks = tracks = TrackPanel(self._theme, self._samples, self)
        tracks.pauseToggled.connect(self.pauseToggled)
        self._stack.insertWidget(0, tracks)
        self._stack.removeWidget(self._placeholder)
        self._placeholder.deleteLater()
        self._show_tab(self.tabs.currentIndex())

    def set_gpu(self, info: GpuInfo | None) -> None:
        """Show another GPU."""
        self._info = info
        words = self.tr("GPU {index}").format(index=info.index) + f" · {short_name(info.name)}" if info else ""
        self.caption.setText(words)
        if self._tracks is not None:
            self._tracks.set_gpu(info)

    def set_range(self, seconds: int) -> None:
        """Set the time range of the tracks while they follow the newest samples."""
        if self._tracks is not None:
            self._tracks.set_range(seconds)

    def set_runs(self, runs: Sequence[RunSpan]) -> None:
        """Draw runs as bands on the tracks."""
        if self._tracks is not None:
            self._tracks.set_runs(runs)

    def set_recording(self, text: str) -> None:
        """Tag the values as those of a recording."""
        # The cards above name the recording; here only the tooltip does, to leave room for the tabs.
        self.recording.set_text(self.tr("Recording") if text else "", text)

    def set_paused(self, time_ns: int | None) -> None:
        """Pause the tracks at a time; None resumes."""
        if self._tracks is not None:
            self._tracks.set_paused(time_ns)

    def set_processes(self, rows: tuple[ProcessSample, ...] | None, unlisted: str) -> None:
        """Show the processes of the selected GPU with their number on the tab, or why they cannot be listed."""
        self.processes.set_processes(rows, unlisted)
        name = self.tr("Processes")
        self.tabs.setTabText(1, f"{name}  {len(rows)}" if rows else name)

    def refresh(self, now_ns: int) -> None:
        """Update the tracks if they are visible."""
        if self._tracks is not None and self._tracks.isVisible():
            self._tracks.refresh(now_ns)

    def _show_tab(self, number: int) -> None:
        self._stack.setCurrentWidget(self.processes if number else self._tracks or self._placeholder)
        self.note.setVisible(number == 0)

    def _explain(self) -> None:
        """Show the tooltip until the next click or key, for touch screens and keyboards, which cannot hover."""
        below = self.note.mapToGlobal(self.note.rect().bottomLeft())
        QWhatsThis.showText(below, f"<p>{utilization_note()}</p>", self.note)

    def _draw_icons(self) -> None:
        self.note.setIcon(self._icons.icon("info"))
