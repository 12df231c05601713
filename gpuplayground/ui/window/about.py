"""The About dialog: version, licence, and bundled software."""

from __future__ import annotations

from importlib import metadata

from PySide6.QtCore import QCoreApplication, qVersion
from PySide6.QtWidgets import QMessageBox, QWidget

from gpuplayground.ui.widgets.plain_text import plainly


def about_text() -> str:
    """Return the text of the dialog."""
    try:
        version = metadata.version("gpuplayground")
    except metadata.PackageNotFoundError:
        version = QCoreApplication.translate("About", "(source tree)")
    lines = (
        QCoreApplication.translate("About", "GPU Playground {0}").format(version),
        QCoreApplication.translate("About", "Live NVML graphs beside an editor that times GPU snippets. MIT licence."),
        f"Qt {qVersion()} · PySide6 {metadata.version('PySide6-Essentials')} (LGPL) · pyqtgraph (MIT)",
        QCoreApplication.translate("About", "Fonts Inter and JetBrains Mono (OFL 1.1), icons by Lucide (ISC)."),
    )
    return "\n\n".join(lines)


def show_about(parent: QWidget) -> None:
    """Show the dialog."""
    QMessageBox.about(parent, QCoreApplication.translate("About", "About GPU Playground"), plainly(about_text()))
