"""The header of a panel: its title, or the tabs of the pages that share its place, then its buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTabBar, QToolButton, QWidget

from gpuplayground.ui.widgets.drop_down import DropDown
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme

_HEIGHT = 36
#: Index in the layout after the list, the tabs and the stretch.
_BEFORE_BUTTONS = 3


class PageTab(NamedTuple):
    """The tab of a page: its stable id and its translated title."""

    page_id: str
    title: str


class PanelHeader(QFrame):
    """A header that looks like the editor's tabs, so that both line up across the window.

    With the ``tabs`` of all pages that share a place it shows them, its ``own`` selected. ``chosen`` carries the id of
    the page that the user selects instead. If the header had the keyboard focus, the new page's header gets it.
    """

    chosen = Signal(str)  # page id

    def __init__(
        self, own: PageTab, theme: Theme, icons: Icons, tabs: Sequence[PageTab] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._pages = tuple(tabs) or (own,)
        self._own = self._pages.index(own)
        self._icons = icons
        self._buttons: dict[str, QToolButton] = {}
        self.setProperty("role", "header")
        self.setFixedHeight(_HEIGHT)
        self.tabs = QTabBar()
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        for tab in self._pages:
            self.tabs.addTab(tab.title)
        if tabs:
            self.tabs.setProperty("role", "pages")
        #: Replaces the tabs where they do not fit.
        self.list = DropDown()
        self.list.addItems([tab.title for tab in tabs])
        self.list.setAccessibleName(self.tr("Result page"))
        self.list.setToolTip(self.tr("Timings, timeline, benchmark, receipt or history"))
        self.list.activated.connect(self._choose)
        self.list.hide()
        self._show_own()
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus if tabs else Qt.FocusPolicy.NoFocus)
        self.tabs.currentChanged.connect(self._choose)
        self.tabs.setAccessibleName(own.title)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(6, 0, 8, 0)
        self._row.setSpacing(2)
        self._row.addWidget(self.list)
        self._row.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignBottom)
        self._row.addStretch(1)
        theme.changed.connect(self._theme_changed)

    def add_button(
        self, icon: str, name: str, tip: str, action: Callable[[bool], object], *, checkable: bool = False
    ) -> QToolButton:
        """Add an icon button; ``action`` receives whether it is checked."""
        button = QToolButton()
        button.setIcon(self._icons.icon(icon))
        button.setIconSize(QSize(14, 14))
        button.setAccessibleName(name)
        button.setToolTip(plainly(tip))
        button.setCheckable(checkable)
        button.clicked.connect(action)
        self._buttons[icon] = button
        self._row.addWidget(button)
        return button

    def add_widget(self, widget: QWidget) -> None:
        """Add a widget to the left of the buttons, which keep their places whatever its width."""
        self._row.insertWidget(_BEFORE_BUTTONS, widget)
        self._row.insertSpacing(_BEFORE_BUTTONS + 1, 4)

    def _show_own(self) -> None:
        """Select the tab of this panel."""
        self.tabs.setCurrentIndex(self._own)
        self.list.setCurrentIndex(self._own)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the tabs as a drop-down list where they do not fit."""
        super().resizeEvent(event)
        if self.list.count():
            items = [self._row.itemAt(index) for index in range(self._row.count())]
            widgets = [item.widget() for item in items if item is not None]
            # Count hidden buttons too: the panel may show them again.
            others = sum(w.sizeHint().width() + 2 for w in widgets if w is not None and w not in (self.list, self.tabs))
            self._set_narrow(event.size().width() < self.tabs.sizeHint().width() + others + 24)

    def _set_narrow(self, is_narrow: bool) -> None:
        if is_narrow != self.tabs.isHidden():
            has_focus = self._has_focus()
            self.tabs.setVisible(not is_narrow)
            self.list.setVisible(is_narrow)
            if has_focus:
                self.take_focus()

    def _has_focus(self) -> bool:
        return self.tabs.hasFocus() or self.list.hasFocus()

    def take_focus(self) -> None:
        """Give the keyboard focus to the tabs or the list."""
        (self.list if self.tabs.isHidden() else self.tabs).setFocus(Qt.FocusReason.TabFocusReason)

    def minimumSizeHint(self) -> QSize:
        """Return the size with the list in place of the tabs."""
        hint = super().minimumSizeHint()
        if self.list.count() and not self.tabs.isHidden():
            hint.setWidth(hint.width() - self.tabs.minimumSizeHint().width() + self.list.sizeHint().width())
        return hint

    def _choose(self, index: int) -> None:
        if index == self._own:
            return
        has_focus = self._has_focus()
        self._show_own()
        self.chosen.emit(self._pages[index].page_id)
        if has_focus:
            headers = self.window().findChildren(PanelHeader)
            shown = (each for each in headers if each.isVisible() and each.list.count() == self.list.count())
            next(shown, self).take_focus()

    def _theme_changed(self) -> None:
        for icon, button in self._buttons.items():
            button.setIcon(self._icons.icon(icon))
