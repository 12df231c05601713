"""The application's Qt style sheet, filled in with a theme's colours.

It selects widgets by the dynamic property ``role``: ``panel`` (a bordered surface), ``card``, ``primary`` (the one
accented button), ``danger`` (Kill), ``segment`` (one of a row of choices), ``header``, ``banner``, ``muted`` and
``title`` (labels).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template

_TEMPLATE = Template("""
QMainWindow, QDialog { background: $window; }
QToolTip { background: $card; color: $text; border: 1px solid $border; padding: 4px 6px; }
QFrame[role="panel"] { background: $panel; border: 1px solid $border; border-radius: 8px; }
QFrame[role="card"] { background: $card; border: 1px solid $border; border-radius: 8px; }
QFrame[role="header"] { background: $panel; border: none; border-bottom: 1px solid $border; }
QFrame[role="banner"] { background: $card; border: none; border-bottom: 1px solid $border; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="title"] { font-weight: 600; }
QLabel[role="error"] { color: $error; }
QPushButton { background: $card; color: $text; border: 1px solid $border; border-radius: 6px; padding: 5px 12px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $selection; }
QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus { border: 1px solid $accent; }
QPushButton:disabled { color: $faint; }
QPushButton[role="primary"] { background: $accent; color: $on_accent; border: 1px solid $accent; font-weight: 600; }
QPushButton[role="primary"]:hover { background: $function; }
QPushButton[role="primary"]:focus { border: 1px solid $text; }
QPushButton[role="primary"]:disabled { background: $card; color: $faint; border: 1px solid $border; }
QPushButton[role="danger"] { background: $error; color: $window; border: 1px solid $error; font-weight: 600; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px; }
QToolButton:hover { background: $hover; }
QToolButton:checked { background: $selection; color: $text; }
QToolButton::menu-indicator { image: none; }
QToolButton[role="segment"] { color: $muted; padding: 3px 10px; }
QToolButton[role="segment"]:checked { background: $selection; color: $text; }
QComboBox { background: $card; border: 1px solid $border; border-radius: 6px; padding: 4px 10px; min-height: 20px;
    combobox-popup: 0; }
QComboBox:hover { background: $hover; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url($arrow); width: 14px; height: 14px; }
QComboBox:disabled { color: $faint; }
QComboBox QAbstractItemView { background: $card; border: 1px solid $border; padding: 3px; outline: none; }
QComboBox QAbstractItemView::item { padding: 4px 8px; border-radius: 4px; min-height: 18px; }
QComboBox QAbstractItemView::item:selected { background: $selection; color: $text; }
QLineEdit { background: $card; border: 1px solid $border; border-radius: 6px; padding: 4px 8px; }
QPlainTextEdit, QAbstractScrollArea { border: none; }
QMenu { background: $card; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 5px 28px 5px 12px; border-radius: 4px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: $muted; border: none; border-bottom: 2px solid transparent;
    padding: 8px 12px; }
QTabBar[role="pages"]::tab { padding-left: 5px; padding-right: 5px; margin-right: 2px; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:focus { color: $accent; }
QTabWidget::pane { border: none; }
QHeaderView { background: $panel; }
QHeaderView::section { background: $panel; color: $muted; border: none; border-bottom: 1px solid $border;
    padding: 6px 8px; }
QTableView, QTreeView, QListView { background: $panel; border: none; gridline-color: $border; outline: none;
    selection-background-color: $selection; selection-color: $text; }
QTableView::item, QTreeView::item, QListView::item { padding: 4px 8px; }
QStatusBar { background: $panel; color: $muted; border-top: 1px solid $border; }
QStatusBar::item { border: none; }
QSplitter::handle { background: transparent; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $border; border-radius: 4px; margin: 1px; min-height: 28px; min-width: 28px; }
QScrollBar::handle:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
""")


def style_sheet(colors: Mapping[str, str], arrow: Path) -> str:
    """Return the style sheet for colours by their role.

    Args:
        colors: ``#rrggbb`` by role, see :class:`gpuplayground.ui.widgets.theme.Colors`.
        arrow: the image at the right of a drop-down list.
    """
    return _TEMPLATE.substitute(colors, arrow=arrow.as_posix())
