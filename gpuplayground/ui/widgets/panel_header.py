"""The header of a result panel: tabs for all pages, then buttons and other widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTabBar, QToolButton, QWidget

from gpuplayground.ui.widgets.drop_down import DropDown
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme

_HEIGHT = 36
#: The pages of a run's results.
TIMINGS, TIMELINE, BENCHMARK, RECEIPT, HISTORY = "Timings", "Timeline", "Benchmark", "Receipt", "History"


def page_title(page: str) -> str:
    """Return the title of a page in the user's language."""
    return QCoreApplication.translate("ResultPages", page)


#: Index in the row after the list, the tabs and the stretch.
_BEFORE_BUTTONS = 3


class PanelHeader(QFrame):
    """A header that looks like the editor's tabs, so that both line up across the window.

    With ``titles`` it shows a tab for each panel in the same place, and ``chosen`` requests another one. If the header
    had the focus, the header of the new panel gets it.
    """

    chosen = Signal(str)

    def __init__(
        self, title: str, theme: Theme, icons: Icons, titles: Sequence[str] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._title = title
        self._icons = icons
        self._buttons: dict[str, QToolButton] = {}
        self.setProperty("role", "header")
        self.setFixedHeight(_HEIGHT)
        self.tabs = QTabBar()
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        for each in titles or (title,):
            self.tabs.addTab(each)
        if titles:
            self.tabs.setProperty("role", "pages")
        #: Replaces the tabs if they do not fit.
        self.list = DropDown()
        self.list.addItems([*titles])
        self.list.setAccessibleName(self.tr("Results page"))
        self.list.setToolTip(self.tr("Timings, timeline, benchmark, receipt or history"))
        self.list.activated.connect(self._choose)
        self.list.hide()
        self._show_own()
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus if titles else Qt.FocusPolicy.NoFocus)
        self.tabs.currentChanged.connect(self._choose)
        self.tabs.setAccessibleName(title)
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
        """Add a widget before the buttons, which do not move whatever its width."""
        self._row.insertWidget(_BEFORE_BUTTONS, widget)
        self._row.insertSpacing(_BEFORE_BUTTONS + 1, 4)

    def _show_own(self) -> None:
        """Select the tab of this panel."""
        own = next((index for index in range(self.tabs.count()) if self.tabs.tabText(index) == self._title), 0)
        self.tabs.setCurrentIndex(own)
        self.list.setCurrentIndex(own)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show a list instead of the tabs if they do not fit."""
        super().resizeEvent(event)
        if self.list.count():
            items = [self._row.itemAt(index) for index in range(self._row.count())]
            widgets = [item.widget() for item in items if item is not None]
            # Includes hidden buttons, which may be shown again.
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
        """Set the focus to the tabs or the list."""
        (self.list if self.tabs.isHidden() else self.tabs).setFocus(Qt.FocusReason.TabFocusReason)

    def minimumSizeHint(self) -> QSize:
        """Return the size with the list instead of the tabs."""
        hint = super().minimumSizeHint()
        if self.list.count() and not self.tabs.isHidden():
            hint.setWidth(hint.width() - self.tabs.minimumSizeHint().width() + self.list.sizeHint().width())
        return hint

    def _choose(self, index: int) -> None:
        title = self.tabs.tabText(index)
        if title == self._title:
            return
        has_focus = self._has_focus()
        self._show_own()
        self.chosen.emit(title)
        if has_focus:
            headers = self.window().findChildren(PanelHeader)
            shown = (each for each in headers if each.isVisible() and each.list.count() == self.list.count())
            next(shown, self).take_focus()

    def _theme_changed(self) -> None:
        for icon, button in self._buttons.items():
            button.setIcon(self._icons.icon(icon))
