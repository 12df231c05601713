"""The check list of implementations that a sweep can measure."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from gpuplayground.ui.sweep.request import Implementation
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.widgets.tick_box import TickDelegate

_SEPARATOR = "  ·  "


class ImplementationList(QListWidget):
    """Implementations that cannot be measured over the variable are disabled and say why.

    Until the user ticks something, the preferred one is ticked or, if that is disabled, the first enabled one.
    """

    ticksChanged = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offered: tuple[Implementation, ...] = ()
        self._preferred = self._variable = ""
        self._ticked: set[str] | None = None  # by hand
        self.setItemDelegate(TickDelegate(theme, self))
        self.setAccessibleName(self.tr("Implementations"))
        self.setToolTip(self.tr("The implementations to measure; Space ticks the current one"))
        self.itemChanged.connect(self._item_changed)

    def offer(self, implementations: Sequence[Implementation], preferred: str = "") -> None:
        """List implementations.

        The user's ticks stay while one of them is in the group (the tab) of the preferred implementation or, without
        one, of the first: they are dropped when the user turns to another file.
        """
        self._offered, self._preferred = tuple(implementations), preferred
        front = next((each for each in implementations if each.id == preferred), next(iter(implementations), None))
        group = {each.id for each in implementations if front is not None and each.group == front.group}
        if self._ticked is not None and not self._ticked & group:
            self._ticked = None
        self.blockSignals(True)
        self.clear()
        for _ in implementations:
            self.addItem(QListWidgetItem())
        self.blockSignals(False)
        self._show_states()
        ticked = [row for row in range(self.count()) if self.item(row).checkState() == Qt.CheckState.Checked]
        self.scrollToItem(self.item(ticked[0] if ticked else 0))

    def set_variable(self, variable: str) -> None:
        """Set the variable of the sweep."""
        if variable != self._variable:
            self._variable = variable
            self._show_states()

    def chosen(self) -> tuple[str, ...]:
        """Return the ids of the ticked implementations, from top to bottom."""
        rows = range(self.count())
        return tuple(self._offered[row].id for row in rows if self.item(row).checkState() == Qt.CheckState.Checked)

    def _item_changed(self) -> None:
        can_be_ticked = {self._offered[row].id for row in range(self.count()) if _is_enabled(self.item(row))}
        # Keep the ticks of disabled items: they come back with the previous variable.
        self._ticked = (self._ticked or set()) - can_be_ticked | set(self.chosen())
        self.ticksChanged.emit()

    def _show_states(self) -> None:
        refusals = [each.refusal(self._variable) for each in self._offered]
        can_be_ticked = [each.id for each, refusal in zip(self._offered, refusals, strict=True) if not refusal]
        default = {self._preferred} & set(can_be_ticked) or set(can_be_ticked[:1])
        ticked = default if self._ticked is None else self._ticked & set(can_be_ticked)
        self.blockSignals(True)
        for row, (each, refusal) in enumerate(zip(self._offered, refusals, strict=True)):
            item = self.item(row)
            item.setText(_SEPARATOR.join(filter(None, (each.label, refusal.partition(":")[0] or each.detail))))
            item.setToolTip(plainly("\n".join(filter(None, (each.detail or each.label, refusal)))))
            flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
            item.setFlags(flags if refusal else flags | Qt.ItemFlag.ItemIsEnabled)
            item.setCheckState(Qt.CheckState.Checked if each.id in ticked else Qt.CheckState.Unchecked)
        self.blockSignals(False)
        self.viewport().update()


def _is_enabled(item: QListWidgetItem) -> bool:
    return bool(item.flags() & Qt.ItemFlag.ItemIsEnabled)
