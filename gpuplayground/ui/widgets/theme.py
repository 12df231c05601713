"""Colours and fonts of the two themes, and the only code that sets a palette, a style sheet or a font."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from gpuplayground.storage import paths
from gpuplayground.ui.widgets.style_sheet import style_sheet

UI_FAMILY = "Inter"
MONO_FAMILY = "JetBrains Mono"


@dataclass(frozen=True, slots=True)
class Colors:
    """Colours by role, as ``#rrggbb``. Text has a contrast of at least 4.5:1 with its surface."""

    window: str  # behind the panels
    panel: str  # editor, tables, output
    card: str  # GPU cards, raised controls
    hover: str
    border: str
    grid: str
    text: str
    muted: str  # labels, line numbers
    faint: str  # disabled text
    accent: str  # the one accent: selection, focus, the primary button
    on_accent: str
    selection: str
    current_line: str
    utilization: str
    memory: str
    memory_controller: str
    temperature: str
    power: str
    clock: str
    band: str  # a run on the graphs
    good: str
    warning: str
    error: str
    keyword: str
    builtin: str
    function: str
    string: str
    number: str
    comment: str
    decorator: str
    definition: str  # the name after def or class
    constant: str
    #: The eight ANSI colours, then their bright versions.
    ansi: tuple[str, ...]


DARK = Colors(
    window="#0b0e14",
    panel="#10141c",
    card="#141924",
    hover="#1c2331",
    border="#242c3a",
    grid="#222938",
    text="#e6eaf2",
    muted="#929db2",
    faint="#5d6880",
    accent="#5b9dff",
    on_accent="#07111f",
    selection="#1d3a66",
    current_line="#171d29",
    utilization="#5b9dff",
    memory="#a78bfa",
    memory_controller="#38bdf8",
    temperature="#fb923c",
    power="#34d399",
    clock="#f472b6",
    band="#5b9dff",
    good="#34d399",
    warning="#fbbf24",
    error="#f87171",
    keyword="#c792ea",
    builtin="#7fdbca",
    function="#82aaff",
    string="#a5d6a7",
    number="#f78c6c",
    comment="#7b869c",
    decorator="#ffb454",
    definition="#ffd580",
    constant="#f78c6c",
    ansi=(
        "#5d6880", "#f87171", "#34d399", "#fbbf24", "#5b9dff", "#c084fc", "#22d3ee", "#cbd5e1",
        "#7b869c", "#fca5a5", "#6ee7b7", "#fcd34d", "#93c5fd", "#d8b4fe", "#67e8f9", "#f8fafc",
    ),
)  # fmt: skip

LIGHT = Colors(
    window="#eef1f6",
    panel="#ffffff",
    card="#ffffff",
    hover="#e8edf5",
    border="#d3dae6",
    grid="#e5e9f1",
    text="#17202f",
    muted="#57637a",
    faint="#9aa5b8",
    accent="#1f66d6",
    on_accent="#ffffff",
    selection="#cfe0fb",
    current_line="#f3f6fb",
    utilization="#1f66d6",
    memory="#7c3aed",
    memory_controller="#0284c7",
    temperature="#c2570c",
    power="#047857",
    clock="#be185d",
    band="#1f66d6",
    good="#047857",
    warning="#a15c00",
    error="#c81e1e",
    keyword="#7c2fc4",
    builtin="#0b7285",
    function="#1f57c3",
    string="#2b7a3d",
    number="#b3400f",
    comment="#5c6880",
    decorator="#9a5b00",
    definition="#7a4d00",
    constant="#b3400f",
    ansi=(
        "#57637a", "#c81e1e", "#047857", "#a15c00", "#1f66d6", "#7c3aed", "#0e7490", "#334155",
        "#66728a", "#b91c1c", "#065f46", "#854d0e", "#1d4ed8", "#6d28d9", "#155e75", "#17202f",
    ),
)  # fmt: skip

THEMES: dict[str, Colors] = {"dark": DARK, "light": LIGHT}


class Theme(QObject):
    """The current colours and fonts. Widgets that paint themselves read it and repaint on ``changed``."""

    changed = Signal()

    def __init__(self, name: str = "dark", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name = name if name in THEMES else "dark"

    @property
    def colors(self) -> Colors:
        """The current colour table."""
        return THEMES[self.name]

    def color(self, role: str, alpha: float = 1.0) -> QColor:
        """Return the colour of a role (a field of :class:`Colors`) with an opacity of 0 to 1."""
        color = QColor(getattr(self.colors, role))
        color.setAlphaF(alpha)
        return color

    def select(self, name: str) -> None:
        """Switch the whole application to the theme ``dark`` or ``light``."""
        self.name = name
        self.apply()
        self.changed.emit()

    def apply(self) -> None:
        """Set style, palette, font and style sheet of the running application."""
        self.apply_base()
        self.apply_style_sheet()

    def apply_base(self) -> None:
        """Set style, palette and font, which widgets copy when they are created."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setStyle("Fusion")
            app.setPalette(self._palette())
            app.setFont(ui_font())

    def apply_style_sheet(self) -> None:
        """Set the style sheet. Widgets created afterwards cost more, because Qt matches each against its rules."""
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            return
        colors = {role: value for role, value in asdict(self.colors).items() if isinstance(value, str)}
        app.setStyleSheet(style_sheet(colors, paths.resources() / "icons" / f"combo-arrow-{self.name}.svg"))

    def _palette(self) -> QPalette:
        role, palette = QPalette.ColorRole, QPalette()
        table = {
            role.Window: "window", role.WindowText: "text", role.Base: "panel", role.AlternateBase: "card",
            role.Text: "text", role.Button: "card", role.ButtonText: "text", role.BrightText: "error",
            role.ToolTipBase: "card", role.ToolTipText: "text", role.PlaceholderText: "muted",
            role.Highlight: "selection", role.HighlightedText: "text", role.Link: "accent", role.LinkVisited: "accent",
            role.Light: "border", role.Midlight: "border", role.Mid: "border", role.Dark: "border",
            role.Shadow: "window", role.Accent: "accent",
        }  # fmt: skip
        for key, name in table.items():
            palette.setColor(key, self.color(name))
        for key in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, key, self.color("faint"))
        return palette


def load_fonts(folder: Path) -> None:
    """Register the bundled fonts with Qt; without them the system's fonts are used."""
    for file in sorted(folder.glob("*.[ot]tf")):
        QFontDatabase.addApplicationFont(str(file))


def ui_font(pixels: int = 13, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return the proportional font with tabular figures, so that numbers do not jitter as they change."""
    font = QFont(UI_FAMILY)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def mono_font(pixels: int = 13) -> QFont:
    """Return the font of code and output."""
    font = QFont(MONO_FAMILY)
    font.setPixelSize(pixels)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFixedPitch(True)
    # Ligatures would draw != and -> as one glyph: a learner must see what was typed.
    for tag in ("liga", "calt"):
        font.setFeature(QFont.Tag(tag), 0)
    return font


def align_right() -> Qt.AlignmentFlag:
    """Return the alignment of figures in tables."""
    return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
