"""The output page: the state of a run, its output, its input line, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from gpuplayground.model.events import ErrorRaised, OutputAppended, OutputChunk, RunFinished, StateChanged
from gpuplayground.model.results import RunError, RunState
from gpuplayground.terminal.buffer import OutputBuffer
from gpuplayground.terminal.private_paths import PathFilter
from gpuplayground.terminal.search import find
from gpuplayground.ui.output.input import FindBar, InputLine
from gpuplayground.ui.output.pump import OutputPump
from gpuplayground.ui.output.run_status import RunStatus, ending_of
from gpuplayground.ui.output.view import OutputView
from gpuplayground.ui.widgets.banner import Banner
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.panel_header import PageTab, PanelHeader
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme, ui_font
from gpuplayground.units import data_size


class OutputPanel(QWidget):
    """Shows one run and ignores events of others."""

    lineActivated = Signal(str, int)  # path of the snippet's file, line
    inputEntered = Signal(str)  # the line without its line break
    inputClosed = Signal()  # end of file
    offerAccepted = Signal(str)  # the action of the offer above the output

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None, *, private_folder: str = "") -> None:
        super().__init__(parent)
        self._filters = {stream: PathFilter(private_folder) for stream in ("stdout", "stderr")}
        self._run_id: str | None = None
        self._error: RunError | None = None
        self._has_stderr = False
        self._traceback_line: int | None = None
        self.buffer = OutputBuffer()
        self.pump = OutputPump(self.buffer, self)
        self.header = PanelHeader(PageTab("output", self.tr("Output")), theme, icons)
        self.status = RunStatus(theme)
        self.view = OutputView(self.buffer, theme, icons)
        self.find_bar = FindBar(theme, icons)
        self.input_line = InputLine(theme, icons)
        self.dropped = PlainLabel()
        self.offer = Banner(theme, icons)
        self.empty = PlainLabel(self.tr("Press Run (F5) to see the output here."))
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        for label in (self.dropped, self.empty):
            label.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.dropped.setFont(ui_font(12))
        self.dropped.setContentsMargins(10, 4, 10, 0)
        self.dropped.hide()
        add = self.header.add_button
        add(
            "search", self.tr("Find in the output"), self.tr("Find in the output (Ctrl+F)"), lambda _: self._open_find()
        )
        wrap = self.tr("Wrap long lines")
        self.wrap_button = add("wrap-text", wrap, wrap, self.view.set_wrap, checkable=True)
        # The panel is narrower than a terminal; without wrapping, messages would be cut off.
        self.wrap_button.setChecked(True)
        self.view.set_wrap(True)
        copy = self.tr("Copy the selected output, or all of it (Ctrl+C)")
        self.copy_button = add("copy", self.tr("Copy output"), copy, lambda _: self.view.copy())
        clear = self.tr("Clear output")
        self.clear_button = add("trash-2", clear, clear, lambda _: self.clear())
        self.header.add_widget(self.status)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(0)
        for widget in (self.header, self.offer, self.find_bar, self.dropped):
            layout.addWidget(widget)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.input_line)

    def _connect(self) -> None:
        self.offer.actionRequested.connect(self.offerAccepted)
        self.pump.advanced.connect(self._show_content)
        self.pump.lost.connect(self._note_lost)
        self.view.lineActivated.connect(self.lineActivated)
        self.view.noteActivated.connect(self._show_full_traceback)
        self.view.findRequested.connect(self._open_find)
        self.view.clearRequested.connect(self.clear)
        self.view.saveRequested.connect(self._save)
        self.find_bar.textChanged.connect(self._find_text_changed)
        self.find_bar.nextRequested.connect(self._find_next)
        self.find_bar.closed.connect(self._close_find)
        self.input_line.entered.connect(self._enter)
        self.input_line.closed.connect(self._close_input)

    # -- a run

    def begin(self, run_id: str) -> None:
        """Clear the panel for a run that is about to start."""
        self._run_id = run_id
        self._error, self._has_stderr = None, False
        self.input_line.hide()
        self.offer.clear()
        self.clear()
        self._stack.setCurrentWidget(self.view)
        self.status.begin()

    def set_snippet_paths(self, paths: Mapping[str, str]) -> None:
        """Set the snippet's files (path to tab id), whose lines in tracebacks become links."""
        self.view.set_snippet_paths(paths)

    def append(self, event: OutputAppended) -> None:
        """Show output of the snippet."""
        if event.run_id != self._run_id:
            return
        if event.dropped_bytes:
            self.pump.then(lambda: self._note_lost(event.dropped_bytes))
        for chunk in event.chunks:
            self._has_stderr = self._has_stderr or chunk.stream == "stderr"
            self.pump.push(OutputChunk(chunk.stream, self._filters[chunk.stream].feed(chunk.data)))
        self.pump.start()

    def set_state(self, event: StateChanged) -> None:
        """Show the state of the run."""
        if event.run_id != self._run_id:
            return
        self.status.set_state(event.state, event.detail)
        if event.state != RunState.WAITING_FOR_INPUT:
            self._hide_input()

    def request_input(self) -> None:
        """Show the input line once the prompt is shown."""
        self._flush_filters()
        self.pump.then(self._ask)
        self.pump.start()

    def show_error(self, event: ErrorRaised) -> None:
        """Remember the exception. Its traceback is in the output; omitted frames can be shown at the end."""
        if event.run_id == self._run_id:
            self._error = event.error

    def finish(self, event: RunFinished) -> None:
        """Show below the output how the run ended."""
        if event.run_id != self._run_id:
            return
        run = event.run
        self._error = run.error or self._error
        self.status.finish(run)
        self._hide_input()
        self._flush_filters()
        # The traceback above names the error already; a run from the history has no output.
        has_traceback = run.state == RunState.FAILED and run.error is not None and self._has_stderr
        self.pump.then(lambda: self._close(run.notes, ending_of(run) if has_traceback else run.summary))
        self.pump.start()

    def _flush_filters(self) -> None:
        for stream, path_filter in self._filters.items():
            self.pump.push(OutputChunk(stream, path_filter.finish()))

    def clear(self) -> None:
        """Discard the output."""
        self.pump.clear()
        self.buffer.clear()
        self._traceback_line = None
        self.view.cleared()
        self._show_dropped()

    def note(self, text: str) -> None:
        """Append lines that do not come from the snippet."""
        for line in text.splitlines():
            self.buffer.note(line)
        self.view.jump_to_end()
        self._show_content()

    def text(self) -> str:
        """Return the output in the scrollback, without colours."""
        return self.buffer.text(self.buffer.first_line, self.buffer.end_line)

    # -- output

    def _show_content(self) -> None:
        self.view.content_changed()
        self._show_dropped()

    def _show_dropped(self) -> None:
        size = self.buffer.dropped_bytes
        self.dropped.setVisible(size > 0)
        if size:
            self.dropped.setText(self.tr("{size} of earlier output dropped").format(size=data_size(size)))

    def _note_lost(self, count: int) -> None:
        self.buffer.missed(count)
        text = self.tr("… {size} dropped here: the output came faster than it could be shown")
        self.buffer.note(text.format(size=data_size(count)))

    def _close(self, notes: tuple[str, ...], summary: str) -> None:
        """Append the notes at the end of a run."""
        self.buffer.finish()
        if self._error is not None and self._error.full_traceback:
            self.buffer.note(self.tr("Show all frames"), link=True)
        for note in (*notes, summary):
            if note:
                self.buffer.note(note)

    def _show_full_traceback(self) -> None:
        """Append the full traceback; the second time, scroll to it."""
        if self._error is None:
            return
        if self._traceback_line is None:
            self.buffer.note(self.tr("All frames:"))
            self._traceback_line = self.buffer.end_line
            self.pump.push(OutputChunk("stderr", self._error.full_traceback.encode("utf-8", "replace")))
            self.pump.start()
        self.view.jump_to_end()
        self.view.show_position((max(self._traceback_line - 1, self.buffer.first_line), 0))

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save output"), "output.txt", self.tr("Text (*.txt)"))
        if not name:
            return
        try:
            Path(name).write_text(self.text() + "\n", encoding="utf-8", newline="")
        except OSError as error:
            text = self.tr("The output could not be saved: {reason}. Choose another folder.")
            QMessageBox.warning(self, self.tr("Save output"), plainly(text.format(reason=error.strerror)))

    # -- input

    def _ask(self) -> None:
        """Show the input line, unless the run has ended since."""
        if self.status.state is not None and not self.status.state.is_final:
            self.input_line.ask()

    def _enter(self, text: str) -> None:
        self.buffer.echo(text)
        self.view.jump_to_end()
        self._hide_input()
        self.inputEntered.emit(text)

    def _close_input(self) -> None:
        self._hide_input()
        self.inputClosed.emit()

    def _hide_input(self) -> None:
        """Hide the input line and focus the output, so that further typing goes nowhere else."""
        if self.input_line.edit.hasFocus():
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.input_line.hide()

    # -- finding

    def _open_find(self) -> None:
        self.find_bar.open()
        self._find_text_changed(self.find_bar.edit.text())

    def _find_text_changed(self, text: str) -> None:
        self.view.found = text.lower()
        self.find_bar.show_message("")
        self.view.viewport().update()
        if text:
            self._find_from(self.view.selection.bounds()[0], backwards=False)

    def _find_next(self, backwards: bool) -> None:
        low, high = self.view.selection.bounds()
        self._find_from(low if backwards else high, backwards=backwards)

    def _find_from(self, start: tuple[int, int], *, backwards: bool) -> None:
        found = find(self.buffer, self.view.found, start, backwards=backwards)
        if found is None:
            self.find_bar.show_message(self.tr("Not found") if self.view.found else "")
            return
        self.find_bar.show_message("")
        self.view.selection.anchor = found
        self.view.selection.cursor = (found[0], found[1] + len(self.view.found))
        self.view.show_position(found)
        self.view.viewport().update()

    def _close_find(self) -> None:
        self.view.found = ""
        self.find_bar.hide()
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
