"""Opens the windows beside the main one: examples, environments, doctor. Each is imported when it is first opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QMessageBox

from gpuplayground.app.installing import Installing, confirmed_build, progress_text
from gpuplayground.storage import paths
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.window.main_window import MainWindow
from gpuplayground.ui.window.playground import PlaygroundPanel
from gpuplayground.workers.environment_builder import EnvironmentBuilder
from gpuplayground.workers.interpreters import Interpreters, candidates

if TYPE_CHECKING:
    from gpuplayground.environments.doctor.finding import Fix
    from gpuplayground.environments.example_status import ExampleStatus
    from gpuplayground.environments.examples import Example
    from gpuplayground.environments.managed.records import BuildPlan, BuildProgress
    from gpuplayground.ui.doctor.dialog import DoctorDialog
    from gpuplayground.ui.environments.dialog import EnvironmentsDialog
    from gpuplayground.ui.examples.browser import ExamplesBrowser
    from gpuplayground.workers.doctor import Doctor

#: Key of the builds that the window of environments asks for.
_KEY = "environments"
#: How often to look whether the GPUs are known, in milliseconds.
_RETRY_MS = 200


class Tools(QObject):
    """Owns the windows and answers what they ask for.

    Args:
        theme: colours and fonts.
        icons: icons of the theme.
        window: their parent.
        playground: runs examples.
        interpreters: the Pythons that can run snippets.
        builder: builds environments.
        installing: knows this machine.
        device: returns the GPU that snippets may use, as a UUID or None.
        parent: the owner.
    """

    def __init__(
        self,
        theme: Theme,
        icons: Icons,
        window: MainWindow,
        playground: PlaygroundPanel,
        interpreters: Interpreters,
        builder: EnvironmentBuilder,
        installing: Installing,
        device: Callable[[], str | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._theme, self._icons, self._window, self._playground = theme, icons, window, playground
        self._interpreters, self._builder, self._installing = interpreters, builder, installing
        self._device = device
        self._browser: ExamplesBrowser | None = None
        self._dialog: EnvironmentsDialog | None = None
        self._doctor_dialog: DoctorDialog | None = None
        self._doctor: Doctor | None = None
        self._details = ""
        self._examples: tuple[Example, ...] = ()
        interpreters.changed.connect(self._interpreters_changed)
        builder.changed.connect(interpreters.discover)
        builder.planned.connect(self._planned)
        builder.progressed.connect(self._progressed)
        builder.failed.connect(self._failed)
        builder.cancelled.connect(self._cancelled)
        builder.built.connect(self._built)

    # -- examples

    def show_examples(self) -> None:
        """Show the browser of examples."""
        from gpuplayground.environments.examples import load_examples
        from gpuplayground.ui.examples.browser import ExamplesBrowser

        if self._browser is None:
            self._examples = load_examples(paths.resources() / "examples")
            self._browser = ExamplesBrowser(self._theme, self._icons, self._examples, self._window)
            self._browser.openWanted.connect(self._open_example)
            self._browser.runWanted.connect(self._run_example)
        self._mark_examples()
        _bring_up(self._browser)

    def _open_example(self, example: Example) -> None:
        self._window.exampleChosen.emit(example)

    def _run_example(self, example: Example) -> None:
        self._open_example(example)
        self._window.activateWindow()
        self._playground.run()

    def _mark_examples(self) -> None:
        if self._browser is not None:
            self._browser.set_status({each.path: self._status(each) for each in self._examples})

    def _status(self, example: Example) -> ExampleStatus:
        from gpuplayground.environments.example_status import ExampleState, ExampleStatus
        from gpuplayground.environments.packages.automatic import choose
        from gpuplayground.environments.packages.needs import Needs
        from gpuplayground.environments.packages.select import select
        from gpuplayground.environments.packages.selection import NoBuildError

        machine = self._installing.machine
        capabilities = [gpu.capability for gpu in machine.gpus if gpu.capability is not None]
        least = example.min_capability
        if example.needs_gpu and not machine.gpus:
            return ExampleStatus(ExampleState.NEEDS_GPU, self.tr("It needs an NVIDIA GPU, and this machine has none."))
        if least is not None and capabilities and max(capabilities) < least:
            text = self.tr("It needs a GPU of compute capability {0}.{1} or newer.").format(*least)
            return ExampleStatus(ExampleState.NEEDS_GPU, text)
        needs = Needs(example.dependencies, from_header=True)
        found = choose(needs, candidates(self._interpreters.environments))
        if found is not None:
            known = self._interpreters.environment(found.interpreter)
            label = known.label if known is not None else found.interpreter
            return ExampleStatus(ExampleState.RUNS_HERE, self.tr("It runs in {0}.").format(label))
        try:
            select(example.dependencies, machine)
        except NoBuildError as error:
            return ExampleStatus(ExampleState.NEEDS_GPU, str(error))
        return ExampleStatus(ExampleState.INSTALLABLE, self.tr("Run it: what it needs is then offered to install."))

    # -- environments

    def show_environments(self) -> None:
        """Show the window of environments."""
        from gpuplayground.environments.packages.sets import DEFAULT_SETS
        from gpuplayground.ui.environments.dialog import EnvironmentsDialog

        if self._dialog is None:
            dialog = self._dialog = EnvironmentsDialog(self._theme, self._icons, DEFAULT_SETS, self._window)
            dialog.buildRequested.connect(self.build_set)
            dialog.removeRequested.connect(self._builder.remove)
            dialog.cancelRequested.connect(lambda: self._builder.cancel(_KEY))
            dialog.doctorRequested.connect(self.show_doctor)
            dialog.detailsRequested.connect(lambda: dialog.show_details(self._details))
        self._list_environments()
        _bring_up(self._dialog)

    def build_set(self, name: str, requirements: tuple[str, ...] = ()) -> None:
        """Plan and build one of the default sets, or other requirements under a name."""
        from gpuplayground.environments.packages.needs import Needs
        from gpuplayground.environments.packages.sets import DEFAULT_SETS
        from gpuplayground.environments.provision import plan_build

        self.show_environments()
        needs = Needs(requirements or DEFAULT_SETS[name][:1])
        machine, gpu = self._installing.machine, self._device()
        if self._dialog is not None:
            self._dialog.show_progress(self.tr("Finding the versions that fit this machine…"))
        self._builder.plan(_KEY, lambda stop: plan_build(needs, machine, self._builder.environments, gpu, stop))

    def _planned(self, key: str, plan: BuildPlan) -> None:
        if key != _KEY:
            return
        if confirmed_build(plan, self._dialog or self._window):
            self._builder.build(_KEY, plan)
        else:
            self._cancelled(_KEY)

    def _progressed(self, key: str, progress: BuildProgress) -> None:
        if key == _KEY and self._dialog is not None:
            self._dialog.show_progress(progress_text(progress))

    def _failed(self, key: str, sentence: str, details: str) -> None:
        is_ours = key == _KEY or any(each.managed == key for each in self._interpreters.environments)
        if is_ours and self._dialog is not None:
            self._details = details
            self._dialog.show_message(sentence, has_details=bool(details))

    def _cancelled(self, key: str) -> None:
        if key == _KEY and self._dialog is not None:
            self._dialog.banner.clear()

    def _built(self, key: str, _environment: object) -> None:
        self._cancelled(key)

    def _interpreters_changed(self) -> None:
        self._list_environments()
        self._mark_examples()

    def _list_environments(self) -> None:
        if self._dialog is not None:
            self._dialog.show_environments([each for each in self._interpreters.environments if each.managed])
            self._builder.sizes(self._dialog.show_sizes)

    # -- doctor

    def show_doctor(self) -> None:
        """Show the doctor's window; the first time it examines at once."""
        from gpuplayground.ui.doctor.dialog import DoctorDialog
        from gpuplayground.workers.doctor import Doctor

        if self._doctor_dialog is None or self._doctor is None:
            dialog = self._doctor_dialog = DoctorDialog(self._theme, self._icons, self._window)
            doctor = self._doctor = Doctor(self)
            doctor.answered.connect(dialog.show_answers)
            doctor.planned.connect(dialog.plan)
            doctor.started.connect(dialog.start)
            doctor.found.connect(dialog.add)
            doctor.failed.connect(dialog.fail)
            doctor.ended.connect(dialog.end)
            dialog.checkRequested.connect(lambda: self._examine(is_fresh=True))
            dialog.cancelRequested.connect(doctor.cancel)
            dialog.fixWanted.connect(self._fix)
            self._examine(is_fresh=False)
        _bring_up(self._doctor_dialog)

    def _examine(self, *, is_fresh: bool) -> None:
        if self._doctor is None or self._doctor_dialog is None or self._doctor.is_running:
            return
        self._doctor_dialog.begin()
        inventory = self._installing.inventory
        if inventory is None:  # the window has just opened
            QTimer.singleShot(_RETRY_MS, self, lambda: self._examine(is_fresh=is_fresh))
            return
        self._doctor.start(inventory, self._interpreters.environments, is_fresh=is_fresh)

    def _fix(self, fix: Fix) -> None:
        text = self.tr("Build the environment {0} with {1}?").format(fix.name, ", ".join(fix.requirements))
        answer = QMessageBox.question(self._doctor_dialog or self._window, self.tr("Doctor"), plainly(text))
        if answer == QMessageBox.StandardButton.Yes:
            self.build_set(fix.name, tuple(fix.requirements))

    # -- the end

    def end(self) -> None:
        """Cancel a running examination. Returns at once."""
        if self._doctor is not None:
            self._doctor.end()

    def wait(self, seconds: float) -> bool:
        """Wait at most that long, after :meth:`end`, and return whether every thread has ended."""
        return self._doctor is None or self._doctor.wait(seconds)


def _bring_up(dialog: ExamplesBrowser | EnvironmentsDialog | DoctorDialog) -> None:
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
