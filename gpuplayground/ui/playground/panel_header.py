"""The strip above a panel of results: titles as tabs, its own in front, then buttons and what stands at the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTabBar, QToolButton, QWidget

from gpuplayground.ui.icons import Icons
from gpuplayground.ui.theme import Theme

_HEIGHT = 36


class PanelHeader(QFrame):
    """Looks like the editor's tabs, so that title and tabs line up across the window.

    With ``titles`` of the panels that share a place it shows all of them, and ``chosen`` asks for another one.
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
        # Several titles must not keep the window from becoming narrow: they are shortened, then scrolled.
        self.tabs.setUsesScrollButtons(bool(titles))
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight if titles else Qt.TextElideMode.ElideNone)
        for each in titles or (title,):
            self.tabs.setTabToolTip(self.tabs.addTab(each), each if titles else "")
        if titles:
            self.tabs.setProperty("role", "pages")
        self._show_own()
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus if titles else Qt.FocusPolicy.NoFocus)
        self.tabs.currentChanged.connect(self._choose)
        self.tabs.setAccessibleName(title)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(6, 0, 8, 0)
        self._row.setSpacing(2)
        self._row.addWidget(self.tabs, 1 if titles else 0, Qt.AlignmentFlag.AlignBottom)
        if not titles:
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
        button.setToolTip(tip)
        button.setCheckable(checkable)
        button.clicked.connect(action)
        self._buttons[icon] = button
        self._row.addWidget(button)
        return button

    def add_widget(self, widget: QWidget) -> None:
        """Add what stands behind the buttons."""
        self._row.addSpacing(4)
        self._row.addWidget(widget)

    def _show_own(self) -> None:
        """Keep the tab of this panel in front: it is what stands below."""
        own = next((index for index in range(self.tabs.count()) if self.tabs.tabText(index) == self._title), 0)
        self.tabs.setCurrentIndex(own)

    def _choose(self, index: int) -> None:
        title = self.tabs.tabText(index)
        if title != self._title:
            self._show_own()
            self.chosen.emit(title)

    def _theme_changed(self) -> None:
        for icon, button in self._buttons.items():
            button.setIcon(self._icons.icon(icon))
