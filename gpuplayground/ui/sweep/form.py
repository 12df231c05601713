"""The form of a sweep: variable, values, implementations and time limit."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from gpuplayground.benchmarks.sweep_values import SweepError, parse_sweep
from gpuplayground.model.benchmarks import SweepPlan
from gpuplayground.ui.sweep.implementations import ImplementationList
from gpuplayground.ui.sweep.request import Implementation, SweepRequest
from gpuplayground.ui.widgets.drop_down import DropDown
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme, ui_font
from gpuplayground.ui.widgets.tick_box import TickBox
from gpuplayground.ui.widgets.ticks import number_text
from gpuplayground.units import duration

_DEFAULT_VARIABLE, _DEFAULT_VALUES = "n", "2**10 .. 2**26"
#: A sweep has many values, so each gets a short time limit by default.
_SECONDS, _DEFAULT_SECONDS = (1, 2, 5, 10, 30, 60, 300), 2


class SweepForm(QWidget):
    """Edits a :class:`SweepRequest`."""

    changed = Signal()  # the request has changed
    submitted = Signal()  # Enter in a field

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan: SweepPlan | None = None
        self._suggested = _DEFAULT_VARIABLE
        self.variable, self.values = DropDown(), QLineEdit(_DEFAULT_VALUES)
        self.preview, self.estimate = PlainLabel(), PlainLabel()
        self.implementations = ImplementationList(theme)
        self.seconds, self.cold_l2 = DropDown(), TickBox(self.tr("Cold L2 cache"), theme)
        self._name_controls()
        self._lay_out()
        self.variable.setEditText(_DEFAULT_VARIABLE)
        self.variable.editTextChanged.connect(self._read)
        self.values.textChanged.connect(self._read)
        for field in self.findChildren(QLineEdit):
            field.returnPressed.connect(self.submitted)
        self.implementations.ticksChanged.connect(self._read)
        self.seconds.currentIndexChanged.connect(self._read)
        self.cold_l2.toggled.connect(self._read)
        self._read()

    def _name_controls(self) -> None:
        self.variable.setEditable(True)
        self.variable.setInsertPolicy(DropDown.InsertPolicy.NoInsert)
        self.variable.setAccessibleName(self.tr("Variable"))
        self.variable.setToolTip(
            self.tr("A variable that the set-up assigns a number to; the sweep assigns each value to it")
        )
        self.values.setAccessibleName(self.tr("Values"))
        self.values.setToolTip(
            self.tr(
                "A range such as 2**10 .. 2**26, which doubles; append “x4” to multiply by 4, or “step 1000” to add. "
                "Or a list: 1, 2, 4"
            )
        )
        for seconds in _SECONDS:
            self.seconds.addItem(self.tr("{count} s").format(count=seconds), seconds)
        self.seconds.setCurrentIndex(_SECONDS.index(_DEFAULT_SECONDS))
        self.seconds.setAccessibleName(self.tr("Time limit per value"))
        self.seconds.setToolTip(self.tr("Longest time for warm-up and sampling of one value"))
        self.cold_l2.setAccessibleName(self.tr("Cold L2 cache"))
        self.cold_l2.setToolTip(self.tr("Overwrite the GPU's L2 cache before each sample"))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(5)
        for label in (self.preview, self.estimate):
            label.setFont(ui_font(12))
            label.setWordWrap(True)
        # Always two lines high, so that nothing below moves while typing.
        self.preview.setMinimumHeight(2 * self.preview.fontMetrics().height())
        self.preview.setAlignment(Qt.AlignmentFlag.AlignTop)
        for name, field in (
            (self.tr("Variable"), self.variable),
            (self.tr("Values"), self.values),
        ):
            column.addWidget(_caption(name, field))
            column.addWidget(field)
        column.addWidget(self.preview)
        column.addWidget(_caption(self.tr("Implementations"), self.implementations))
        column.addWidget(self.implementations, 1)
        column.addWidget(_caption(self.tr("Time limit per value"), self.seconds))
        column.addWidget(self.seconds)
        column.addWidget(self.cold_l2)
        column.addWidget(self.estimate)

    @property
    def plan(self) -> SweepPlan | None:
        """The variable and its values, or None while they are invalid."""
        return self._plan

    def request(self) -> SweepRequest | None:
        """Return the request, or None while it is incomplete."""
        chosen = self.chosen()
        if self._plan is None or not chosen:
            return None
        return SweepRequest(self._plan, chosen, float(self.seconds.currentData()), self.cold_l2.isChecked())

    def suggest_variables(self, names: Sequence[str]) -> None:
        """Offer names of variables. The last one, which is nearest to the cursor, is the default."""
        text = self.variable.currentText()
        if text == self._suggested and names and text not in names:
            text = self._suggested = names[-1]
        self.variable.blockSignals(True)
        self.variable.clear()
        self.variable.addItems(list(names))
        self.variable.setCurrentIndex(self.variable.findText(text))
        self.variable.setEditText(text)
        self.variable.blockSignals(False)
        self._read()

    def set_implementations(self, implementations: Sequence[Implementation], preferred: str = "") -> None:
        """List the implementations, see :meth:`ImplementationList.offer`."""
        self.implementations.offer(implementations, preferred)
        self._read()

    def chosen(self) -> tuple[str, ...]:
        """Return the ids of the ticked implementations, from top to bottom."""
        return self.implementations.chosen()

    def _read(self) -> None:
        """Parse the input, and show what it means."""
        name = self.variable.currentText().strip()
        try:
            self._plan = parse_sweep(f"{name} = {self.values.text()}")
        except SweepError as error:
            self._plan = None
            _set_hint(self.preview, str(error), wrong=True)
        else:
            _set_hint(self.preview, self._values_text(self._plan), wrong=False)
        self.values.setAccessibleDescription(self.preview.text())
        self.implementations.set_variable(name)
        _set_hint(self.estimate, self._estimate_text(), wrong=not self.chosen())
        self.changed.emit()

    def _values_text(self, plan: SweepPlan) -> str:
        texts = [number_text(value) for value in plan.values]
        if len(texts) > 6:
            texts = [*texts[:3], "…", *texts[-1:]]
        count = self.tr("1 value") if len(plan.values) == 1 else self.tr("{count} values")
        return f"{count.format(count=len(plan.values))}: " + ", ".join(texts).replace("…,", "…")

    def _estimate_text(self) -> str:
        chosen = len(self.chosen())
        if not self.implementations.count():
            return self.tr("Nothing to measure: open a snippet first.")
        if not chosen:
            return self.tr("Tick at least one implementation.")
        if self._plan is None:
            return ""
        longest = duration(chosen * len(self._plan.values) * self.seconds.currentData() * 1e9)
        return self.tr("At most {time} of sampling, plus the set-up for each value.").format(time=longest)


def _set_hint(label: QLabel, text: str, *, wrong: bool) -> None:
    label.setText(text)
    label.setProperty("role", "error" if wrong else "muted")
    # A changed property takes effect only when the style is applied again.
    label.style().polish(label)


def _caption(text: str, buddy: QWidget) -> QLabel:
    label = PlainLabel(text)
    label.setProperty("role", "muted")
    label.setFont(ui_font(12))
    label.setBuddy(buddy)
    label.setContentsMargins(0, 4, 0, 0)
    return label
