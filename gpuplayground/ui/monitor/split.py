"""The monitor's height, shared between the cards and what is shown of the selected GPU."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

from gpuplayground.ui.monitor.details import Details
from gpuplayground.ui.monitor.device_list import DeviceList


class Split(QSplitter):
    """Gives the cards what they need and the details the rest, until the user has moved the handle."""

    def __init__(self, devices: DeviceList, details: Details, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._devices = devices
        self._is_ours = True
        self.setHandleWidth(8)
        self.setChildrenCollapsible(False)
        for number, widget in enumerate((devices, details)):
            self.addWidget(widget)
            self.setStretchFactor(number, 1)
        self.splitterMoved.connect(self._keep)

    def share(self) -> None:
        """Share the height anew, where there are cards."""
        if self._is_ours and self._devices.cards:
            height = max(self.height(), 400)
            cards = self._devices.height_for(round(height * 0.58))
            self.setSizes([cards, height - cards])

    def _keep(self) -> None:
        self._is_ours = False
