"""The cards of all GPUs with the buttons for their time range, or the empty state if there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gpuplayground.model.samples import GpuInfo, Problem, RunSpan
from gpuplayground.ui.monitor.card import GpuCard
from gpuplayground.ui.monitor.card_geometry import COMPACT_HEIGHT, FULL_HEIGHT, LEAST_FULL_HEIGHT
from gpuplayground.ui.monitor.empty_state import EmptyState
from gpuplayground.ui.monitor.sample_source import SampleView
from gpuplayground.ui.monitor.time_axis import RANGES_S, range_name
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme, ui_font

_GAP, _GAP_COMPACT = 8, 5
#: Height of the header above the cards, with its margins.
_HEADER = 44
#: Cards become compact if their full height exceeds the available height by this factor: a little scrolling is fine.
_OVERFLOW = 1.25


class RangeButtons(QFrame):
    """The time range of the graphs: 1 min, 10 min, 1 h or 24 h. The arrow keys change it."""

    rangeChanged = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAccessibleName(self.tr("Time range of the graphs"))
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 2, 3, 2)
        row.setSpacing(2)
        for seconds in RANGES_S:
            button = QToolButton(self)
            button.setText(range_name(seconds))
            button.setCheckable(True)
            button.setProperty("role", "segment")
            words = self.tr("Show the last {range}").format(range=_spoken(self, seconds))
            button.setAccessibleName(words)
            button.setToolTip(plainly(words))
            self._group.addButton(button, seconds)
            row.addWidget(button)
        self.button(RANGES_S[0]).setChecked(True)
        self._group.idToggled.connect(self._report)

    def button(self, seconds: int) -> QToolButton:
        """Return the button of a range."""
        button = self._group.button(seconds)
        assert isinstance(button, QToolButton), seconds
        return button

    @property
    def seconds(self) -> int:
        """The selected range."""
        return self._group.checkedId()

    def choose(self, seconds: int) -> None:
        """Select a range, as a click on its button does; a range without a button is ignored."""
        if seconds in RANGES_S:
            self.button(seconds).setChecked(True)

    def _report(self, seconds: int, checked: bool) -> None:
        if checked:
            self.rangeChanged.emit(seconds)


def _spoken(widget: QWidget, seconds: int) -> str:
    return {
        60: widget.tr("minute"),
        600: widget.tr("10 minutes"),
        3600: widget.tr("hour"),
        86400: widget.tr("24 hours"),
    }[seconds]


class DeviceList(QWidget):
    """A list of cards. The arrow keys move between them; Enter, Space or a click selects one."""

    selected = Signal(str)

    def __init__(self, theme: Theme, icons: Icons, samples: SampleView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._samples = theme, samples
        self._cards: dict[str, GpuCard] = {}
        self._selected = ""
        self._now_ns = 0
        self._runs: Sequence[RunSpan] = ()
        self._recording, self._paused = "", False
        self.ranges = RangeButtons(self)
        self.ranges.rangeChanged.connect(self._set_range)
        self.empty = EmptyState(theme, icons, self)
        self._count = PlainLabel(parent=self)
        self._count.setProperty("role", "muted")
        self._stack = QStackedWidget(self)
        self._stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._scroll, self._column = self._make_list()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._scroll)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._make_header())
        column.addWidget(self._stack, 1)

    def _make_header(self) -> QHBoxLayout:
        title = PlainLabel(self.tr("Devices"), self)
        title.setProperty("role", "title")
        title.setFont(ui_font(14))
        row = QHBoxLayout()
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(title)
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(self.ranges)
        return row

    def _make_list(self) -> tuple[QScrollArea, QVBoxLayout]:
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content = QWidget(scroll)
        content.setAccessibleName(self.tr("GPUs"))
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(_GAP)
        column.addStretch(1)
        scroll.setWidget(content)
        scroll.verticalScrollBar().valueChanged.connect(self._refresh_shown)
        scroll.verticalScrollBar().rangeChanged.connect(self._leave_gap)
        return scroll, column

    @property
    def cards(self) -> tuple[GpuCard, ...]:
        """The cards from top to bottom."""
        return tuple(self._cards.values())

    @property
    def selected_uuid(self) -> str:
        """The UUID of the selected GPU, empty without one."""
        return self._selected

    @property
    def summary(self) -> str:
        """The number of visible GPUs as shown in the header."""
        return self._count.text()

    def height_for(self, room: int) -> int:
        """Return the height that the cards need, in the form they take when ``room`` is available."""
        count = max(1, len(self._cards))
        each = COMPACT_HEIGHT + _GAP_COMPACT if self._crowded(room) else FULL_HEIGHT + _GAP
        return min(room, _HEADER + count * each)

    def _crowded(self, room: int) -> bool:
        """Return whether full cards would need much more than the available height. A single card is always full."""
        count = len(self._cards)
        return count > 1 and count * (LEAST_FULL_HEIGHT + _GAP) > (room - _HEADER) * _OVERFLOW

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the form of the cards for the new height."""
        super().resizeEvent(event)
        self._choose_form()

    def _choose_form(self) -> None:
        compact = self._crowded(self.height())
        self._column.setSpacing(_GAP_COMPACT if compact else _GAP)
        for card in self.cards:
            card.set_compact(compact)

    def set_gpus(self, gpus: Sequence[GpuInfo]) -> None:
        """Show one card per GPU; cards of GPUs that are still present are kept."""
        for uuid in self._cards.keys() - {info.uuid for info in gpus}:
            self._remove(self._cards.pop(uuid))
        ordered: dict[str, GpuCard] = {}
        for row, info in enumerate(gpus):
            card = self._cards.get(info.uuid) or self._make_card(info)
            card.set_info(info)
            if self._column.indexOf(card) != row:
                self._column.insertWidget(row, card)
            ordered[info.uuid] = card
        self._cards = ordered
        self._choose_form()
        self._count.setText(self.tr("{count} visible").format(count=len(ordered)) if ordered else "")
        self._stack.setCurrentWidget(self._scroll if ordered else self.empty)
        if self._selected not in ordered:
            self.select(next(iter(ordered), ""))

    def _leave_gap(self, _least: int, most: int) -> None:
        """Leave a margin beside the scroll bar while it is shown."""
        self._column.setContentsMargins(0, 0, 4 if most else 0, 2)

    def _make_card(self, info: GpuInfo) -> GpuCard:
        card = GpuCard(self._theme, self._samples, info, self._scroll.widget())
        card.set_range(self.ranges.seconds)
        card.set_runs(self._runs)
        card.set_recording(self._recording)
        card.set_paused(self._paused)
        card.chosen.connect(self.select)
        card.stepRequested.connect(self._step)
        return card

    def _remove(self, card: GpuCard) -> None:
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()

    def select(self, uuid: str) -> None:
        """Select a GPU and emit :attr:`selected`; an empty UUID selects none."""
        if uuid == self._selected:
            return
        self._selected = uuid if uuid in self._cards else ""
        for card in self.cards:
            card.set_selected(card.uuid == self._selected)
        self.selected.emit(self._selected)

    def _step(self, distance: int) -> None:
        """Move the focus by a number of cards."""
        cards = self.cards
        at = next((number for number, card in enumerate(cards) if card.hasFocus()), 0)
        target = cards[min(len(cards) - 1, max(0, at + distance))]
        target.setFocus(Qt.FocusReason.OtherFocusReason)
        self._scroll.ensureWidgetVisible(target, 0, _GAP)

    def set_problems(self, problems: Mapping[str, Problem]) -> None:
        """Show which GPUs are lost or not responding, by UUID."""
        for uuid, card in self._cards.items():
            card.set_problem(problems.get(uuid))

    def set_processes(self, counts: Mapping[str, int] | None, unlisted: Mapping[str, str]) -> None:
        """Show the number of processes on each GPU, None while unknown; ``unlisted`` holds reasons by UUID."""
        for uuid, card in self._cards.items():
            card.set_processes(None if counts is None else counts.get(uuid, 0), unlisted.get(uuid, ""))

    def set_runs(self, runs: Sequence[RunSpan]) -> None:
        """Draw runs as bands on the cards of the GPUs they used."""
        self._runs = runs
        for card in self.cards:
            card.set_runs(runs)

    def set_recording(self, text: str) -> None:
        """Tag all figures as those of a recording."""
        self._recording = text
        for card in self.cards:
            card.set_recording(text)

    def set_paused(self, paused: bool) -> None:
        """Show whether the user has paused the monitor."""
        self._paused = paused
        for card in self.cards:
            card.set_paused(paused)

    def _set_range(self, seconds: int) -> None:
        for card in self.cards:
            card.set_range(seconds)
        self._refresh_shown()

    def refresh(self, now_ns: int) -> None:
        """Update the visible cards; the others follow when they are scrolled into view."""
        self._now_ns = now_ns
        self._refresh_shown()

    def _refresh_shown(self) -> None:
        top = self._scroll.verticalScrollBar().value()
        bottom = top + self._scroll.viewport().height()
        for card in self._cards.values():
            if card.y() < bottom and card.y() + card.height() > top:
                card.refresh(self._now_ns)
