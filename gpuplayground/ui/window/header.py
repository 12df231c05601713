"""The toolbar: Run and Stop, GPU and Python of snippets, driver versions, and menus."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from gpuplayground.model.samples import DriverInfo
from gpuplayground.ui.widgets.commands import command_hint
from gpuplayground.ui.widgets.drop_down import DropDown
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.pill import Pill
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme, ui_font
from gpuplayground.ui.window.actions import Actions
from gpuplayground.units import rate

#: Widths in pixels below which the driver versions and the title are hidden.
_ROOM_FOR_DRIVER, _ROOM_FOR_TITLE = 1180, 1040
#: The entries of the list of Pythons that are not interpreters.
_OTHER, _MANAGE = "other", "manage"


class Header(QFrame):
    """The toolbar. It shows choices and reports the selected one, but holds none of them."""

    deviceChosen = Signal(object)  # value of CUDA_VISIBLE_DEVICES, or None for all
    interpreterChosen = Signal(str)
    interpreterWanted = Signal()
    environmentsWanted = Signal()
    chosen = Signal()  # after any selection or click, so that the editor can take the focus back

    def __init__(self, theme: Theme, icons: Icons, actions: Actions, menu: QMenu, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "header")
        self._icons, self._actions = icons, actions
        self._logo = PlainLabel()
        self._logo.setAccessibleName(self.tr("GPU Playground"))
        self._title = PlainLabel(self.tr("GPU Playground"))
        self._title.setProperty("role", "title")
        self._title.setFont(ui_font(15))
        self.run_button = self._button(actions["run"], "primary")
        self.stop_button = self._button(actions["stop"], "stop")
        self.device_box = self._box(self.tr("GPU that snippets may use"), 110)
        self.interpreter_box = self._box(self.tr("Python that runs snippets"), 160)
        self.driver_label = PlainLabel()
        self.driver_label.setProperty("role", "muted")
        self.rate_pill = Pill(theme)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 10, 8)
        layout.setSpacing(8)
        for widget in (self._logo, self._title):
            layout.addWidget(widget)
        layout.addSpacing(10)
        for box in (self.run_button, self.stop_button, self.device_box, self.interpreter_box):
            layout.addWidget(box)
        self.examples_button = self._tool(actions["examples"])
        self.examples_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._menu = self._menu_button(menu)
        layout.addWidget(self.examples_button)
        layout.addStretch(1)
        layout.addWidget(self.driver_label)
        layout.addWidget(self.rate_pill)
        for action in actions.of_toolbar():
            layout.addWidget(self._tool(action))
        layout.addWidget(self._menu)
        self.device_box.activated.connect(self._device_activated)
        self.interpreter_box.activated.connect(self._interpreter_activated)
        theme.changed.connect(self.refresh_icons)
        self.refresh_icons()
        self.set_devices(None)

    def minimumSizeHint(self) -> QSize:
        """Return the width without the labels that are hidden in a narrow window."""
        least, layout = super().minimumSizeHint(), self.layout()
        spare = sum(
            label.minimumSizeHint().width() + layout.spacing()
            for label in (self._title, self.driver_label)
            if layout is not None and not label.isHidden()
        )
        return QSize(least.width() - spare, least.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the labels if the controls need the room."""
        super().resizeEvent(event)
        self.driver_label.setVisible(event.size().width() >= _ROOM_FOR_DRIVER)
        self._title.setVisible(event.size().width() >= _ROOM_FOR_TITLE)

    def refresh_icons(self) -> None:
        """Draw the icons in the colours of the current theme."""
        self._logo.setPixmap(self._icons.pixmap("cpu", "accent", 22))
        self._menu.setIcon(self._icons.icon("settings"))

    def set_devices(self, devices: Sequence[tuple[str, str]] | None, selected: str | None = None) -> None:
        """Offer GPUs as (label, UUID), None while they are unknown; the first entry selects none in particular."""
        self.device_box.clear()
        first = self.tr("All GPUs") if devices else self.tr("CPU only")
        self.device_box.addItem(self.tr("Looking for GPUs…") if devices is None else first, None)
        for label, uuid in devices or ():
            self.device_box.addItem(label, uuid)
        self.device_box.setEnabled(bool(devices))
        self.device_box.setCurrentIndex(max(self.device_box.findData(selected), 0))

    def set_interpreters(self, interpreters: Sequence[tuple[str, str, str]], selected: str) -> None:
        """Offer interpreters as (label, path, tooltip), then entries for another one and for managing environments."""
        self.interpreter_box.clear()
        for label, path, hint in interpreters:
            self.interpreter_box.addItem(label, path)
            self.interpreter_box.setItemData(
                self.interpreter_box.count() - 1, plainly(hint), Qt.ItemDataRole.ToolTipRole
            )
        self.interpreter_box.insertSeparator(self.interpreter_box.count())
        self.interpreter_box.addItem(self.tr("Other Python…"), _OTHER)
        self.interpreter_box.addItem(self.tr("Manage environments…"), _MANAGE)
        self.interpreter_box.setCurrentIndex(max(self.interpreter_box.findData(selected), 0))

    def describe_interpreter(self, path: str, label: str, hint: str) -> None:
        """Change the label and the tooltip of an interpreter in the list."""
        index = self.interpreter_box.findData(path)
        if index >= 0:
            self.interpreter_box.setItemText(index, label)
            self.interpreter_box.setItemData(index, plainly(hint), Qt.ItemDataRole.ToolTipRole)

    def set_driver(self, driver: DriverInfo) -> None:
        """Show the driver's versions."""
        parts = []
        if driver.driver_version:
            parts.append(self.tr("Driver {0}").format(driver.driver_version))
        if driver.cuda_version:
            parts.append(self.tr("CUDA {0}").format(driver.cuda_version))
        self.driver_label.setText(" · ".join(parts) or self.tr("No NVIDIA driver"))

    def set_source(self, *, recording: bool, hz: float, reason: str = "") -> None:
        """Show whether the graphs are live and their sampling rate; ``reason`` is why it is lower than requested."""
        if recording:
            self.rate_pill.set(self.tr("Recording"), "warning")
        else:
            self.rate_pill.set(rate(hz), "warning" if reason else "good")
        self.rate_pill.setToolTip(plainly(reason))

    def set_stop_state(self, *, can_stop: bool, kills: bool) -> None:
        """Enable Stop, and turn it into Kill or back."""
        stop = self._actions["stop"]
        stop.setEnabled(can_stop)
        stop.setText(self.tr("Kill") if kills else self.tr("Stop"))
        stop.setIcon(self._icons.icon("skull" if kills else "square", "window" if kills else "text", filled=not kills))
        hint = self.tr("Kill the snippet's process") if kills else self.tr("Interrupt the snippet")
        stop.setToolTip(command_hint("stop", hint))
        role = "danger" if kills else "stop"
        if self.stop_button.property("role") != role:
            self.stop_button.setProperty("role", role)
            self.stop_button.style().unpolish(self.stop_button)
            self.stop_button.style().polish(self.stop_button)

    def _device_activated(self, index: int) -> None:
        self.deviceChosen.emit(self.device_box.itemData(index))
        self.chosen.emit()

    def _interpreter_activated(self, index: int) -> None:
        path = self.interpreter_box.itemData(index)
        if path == _OTHER:
            self.interpreterWanted.emit()
        elif path == _MANAGE:
            self.environmentsWanted.emit()
        elif path:
            self.interpreterChosen.emit(path)
        self.chosen.emit()

    def _button(self, action: QAction, role: str) -> QPushButton:
        button = QPushButton()
        button.setProperty("role", role)
        button.setObjectName(f"{action.objectName()}Button")

        def follow() -> None:
            button.setText(action.text())
            button.setIcon(action.icon())
            button.setEnabled(action.isEnabled())
            button.setToolTip(plainly(action.toolTip()))
            button.setAccessibleName(action.text())

        action.changed.connect(follow)
        button.clicked.connect(action.trigger)
        button.clicked.connect(self.chosen)
        follow()
        return button

    def _tool(self, action: QAction) -> QToolButton:
        button = QToolButton()
        button.setAccessibleName(action.text())
        button.setDefaultAction(action)
        button.clicked.connect(self.chosen)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setIconSize(QSize(18, 18))
        return button

    def _menu_button(self, menu: QMenu) -> QToolButton:
        button = QToolButton()
        button.setAccessibleName(menu.title())
        button.setToolTip(plainly(menu.title()))
        button.setMenu(menu)
        menu.triggered.connect(lambda _action: self.chosen.emit())
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setIconSize(QSize(18, 18))
        return button

    def _box(self, name: str, width: int) -> DropDown:
        box = DropDown()
        box.setAccessibleName(name)
        box.setToolTip(plainly(name))
        box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        box.setSizeAdjustPolicy(DropDown.SizeAdjustPolicy.AdjustToContents)
        box.setMinimumWidth(width)
        box.setMaximumWidth(width + 60)
        return box
