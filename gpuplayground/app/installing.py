"""Offers to install what a snippet lacks, builds the environment, and runs the snippet in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMessageBox, QWidget

from gpuplayground.environments.interpreters import environment_of
from gpuplayground.environments.managed.records import BuildPlan, BuildProgress, ManagedEnvironment
from gpuplayground.environments.packages.machine import Machine, machine_of
from gpuplayground.model.events import RunFinished, SessionEvent
from gpuplayground.model.results import RunRequest
from gpuplayground.model.samples import DriverInfo, Inventory
from gpuplayground.ui.editor.page import EditorPage
from gpuplayground.ui.output.panel import OutputPanel
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.window.main_window import MainWindow
from gpuplayground.ui.window.playground import PlaygroundPanel
from gpuplayground.units import data_size
from gpuplayground.workers.environment_builder import EnvironmentBuilder
from gpuplayground.workers.interpreters import Interpreters, candidates

if TYPE_CHECKING:
    from gpuplayground.environments.provision import Offer


class Installing(QObject):
    """Connects the end of runs with the builder of environments.

    Args:
        builder: plans and builds environments.
        interpreters: the Pythons that can run snippets.
        playground: shows offers above the output.
        window: the parent of questions.
        device: returns the GPU that snippets may use, as a UUID or None.
        choose: sets the Python of a tab.
        parent: the owner.
    """

    def __init__(
        self,
        builder: EnvironmentBuilder,
        interpreters: Interpreters,
        playground: PlaygroundPanel,
        window: MainWindow,
        device: Callable[[], str | None],
        choose: Callable[[str, str], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._builder, self._interpreters, self._playground = builder, interpreters, playground
        self._window, self._device, self._choose = window, device, choose
        self._inventory: Inventory | None = None
        self._offers: dict[str, Offer] = {}
        self._plans: dict[str, BuildPlan] = {}
        self._details: dict[str, str] = {}
        self._interpreter_of: dict[str, str] = {}
        builder.planned.connect(self._planned)
        builder.progressed.connect(self._progressed)
        builder.built.connect(self._built)
        builder.failed.connect(self._failed)
        builder.cancelled.connect(self._cancelled)
        playground.offerAccepted.connect(self._act)
        playground.tabs.tabClosed.connect(self._forget)

    @property
    def inventory(self) -> Inventory | None:
        """The driver and the GPUs of this machine; None until they are known."""
        return self._inventory

    @property
    def machine(self) -> Machine:
        """This machine, as far as it is known yet."""
        inventory = self._inventory
        return machine_of(DriverInfo(), ()) if inventory is None else machine_of(inventory.driver, inventory.gpus)

    def set_inventory(self, inventory: Inventory) -> None:
        """Set the driver and the GPUs."""
        self._inventory = inventory

    def begin(self, tab_id: str, request: RunRequest) -> None:
        """Take the request of a run that starts: an offer of the last run no longer applies."""
        self._offers.pop(tab_id, None)
        self._interpreter_of[tab_id] = request.interpreter or ""

    def follow(self, tab_id: str, event: SessionEvent) -> None:
        """Offer to install what a finished run lacked."""
        if not isinstance(event, RunFinished):
            return
        error = event.run.error
        if error is not None:
            self._offer(tab_id, error.kind, error.summary)

    def _offer(self, tab_id: str, kind: str, message: str) -> None:
        from gpuplayground.environments.packages.script_header import HeaderError
        from gpuplayground.environments.provision import missing_module, offer_for

        page, module = self._playground.tabs.page(tab_id), missing_module(kind, message)
        if page is None or not module:
            return
        interpreter = self._interpreter_of.get(tab_id, "")
        known = [each for each in candidates(self._interpreters.environments) if each.interpreter != interpreter]
        try:
            offer = offer_for(module, page.text(), _folder_of(page), known)
        except HeaderError as error:
            self._output(tab_id).offer.say(str(error), icon="triangle-alert", role="warning")
            return
        if offer is not None:
            self._offers[tab_id] = offer
            self._show(tab_id, offer, interpreter)

    def _show(self, tab_id: str, offer: Offer, interpreter: str) -> None:
        environment = self._interpreters.environment(interpreter)
        where = environment.label if environment is not None else interpreter
        sentence = self.tr("{0} is not installed in {1}.").format(offer.module, where)
        actions: dict[str, str] = {}
        if offer.is_known:
            actions["install"] = self.tr("Install {0}").format(_listed(offer))
        else:
            actions["name"] = self.tr("Install a package…")
        other = self._interpreters.environment(offer.candidates[0].interpreter) if offer.candidates else None
        if other is not None:
            actions["use"] = self.tr("Run with {0}").format(other.label)
        self._output(tab_id).offer.say(sentence, icon="download", actions=actions)

    def _act(self, tab_id: str, action: str) -> None:
        offer = self._offers.get(tab_id)
        if action == "cancel":
            self._builder.cancel(tab_id)
        elif action == "details":
            self._output(tab_id).note(self._details.get(tab_id, ""))
        elif offer is not None and action == "use":
            self._run_with(tab_id, offer.candidates[0].interpreter)
        elif offer is not None and action == "name":
            self._ask_name(tab_id, offer)
        elif offer is not None and action in ("install", "again"):
            self._plan(tab_id, offer)

    def _ask_name(self, tab_id: str, offer: Offer) -> None:
        from packaging.requirements import InvalidRequirement, Requirement

        from gpuplayground.environments.provision import with_package

        question = self.tr("Name of the package on PyPI that has the module {0}:").format(offer.module)
        name, accepted = QInputDialog.getText(
            self._window, self.tr("Install a package"), plainly(question), QLineEdit.EchoMode.Normal, ""
        )
        if not accepted or not name.strip():
            return
        try:
            package = str(Requirement(name.strip()))
        except InvalidRequirement:
            sentence = self.tr("“{0}” is not the name of a package: enter one such as scikit-learn.")
            self._output(tab_id).offer.say(
                sentence.format(name.strip()),
                icon="triangle-alert",
                role="warning",
                actions={"name": self.tr("Install a package…")},
            )
            return
        page = self._playground.tabs.page(tab_id)
        if page is None:
            return
        self._offers[tab_id] = offer = with_package(offer, package, page.text(), _folder_of(page))
        self._plan(tab_id, offer)

    def _plan(self, tab_id: str, offer: Offer) -> None:
        from gpuplayground.environments.provision import plan_build

        sentence = self.tr("Finding the versions of {0} that fit this machine…").format(_listed(offer))
        self._output(tab_id).offer.say(sentence, icon="search", actions={"cancel": self.tr("Cancel")})
        machine, gpu = self.machine, self._device()
        self._builder.plan(tab_id, lambda stop: plan_build(offer.needs, machine, self._builder.environments, gpu, stop))

    def _planned(self, tab_id: str, plan: BuildPlan) -> None:
        if tab_id not in self._offers:
            return
        self._plans[tab_id] = plan
        if not confirmed_build(plan, self._window):
            self._cancelled(tab_id)
            return
        self._builder.build(tab_id, plan)

    def _progressed(self, tab_id: str, progress: BuildProgress) -> None:
        if tab_id not in self._offers:
            return
        self._output(tab_id).offer.say(progress_text(progress), icon="download", actions={"cancel": self.tr("Cancel")})

    def _built(self, tab_id: str, environment: ManagedEnvironment) -> None:
        self._interpreters.add_environment(environment_of(environment))
        if tab_id not in self._offers:
            return
        plan = self._plans.pop(tab_id, None)
        if plan is not None and plan.notes:
            self._output(tab_id).note("\n".join(plan.notes))
        self._run_with(tab_id, environment.interpreter)

    def _run_with(self, tab_id: str, interpreter: str) -> None:
        self._offers.pop(tab_id, None)
        self._output(tab_id).offer.clear()
        self._choose(tab_id, interpreter)
        self._playground.runRequested.emit(tab_id)

    def _failed(self, tab_id: str, sentence: str, details: str) -> None:
        if tab_id not in self._offers:
            return
        self._details[tab_id] = details
        actions = {"again": self.tr("Try again")}
        if details:
            actions["details"] = self.tr("Show uv's messages")
        self._output(tab_id).offer.say(sentence, icon="triangle-alert", role="warning", actions=actions)

    def _cancelled(self, tab_id: str) -> None:
        offer = self._offers.get(tab_id)
        if offer is not None:
            sentence = self.tr("Nothing was installed. What has been downloaded is used the next time.")
            self._output(tab_id).offer.say(sentence, actions={"install": self.tr("Install {0}").format(_listed(offer))})

    def _forget(self, tab_id: str) -> None:
        self._builder.cancel(tab_id)
        self._offers.pop(tab_id, None)
        self._plans.pop(tab_id, None)
        for texts in (self._details, self._interpreter_of):
            texts.pop(tab_id, None)

    def _output(self, tab_id: str) -> OutputPanel:
        return self._playground.output(tab_id)


def _listed(offer: Offer) -> str:
    return ", ".join(offer.needs.requirements)


def _folder_of(page: EditorPage) -> Path | None:
    return page.document.path.parent if page.document.path is not None else None


def progress_text(progress: BuildProgress) -> str:
    """Return the progress of a build, such as ``Downloading · 212 MB of 1.31 GB · torch``."""
    words = [progress.step]
    if progress.received_bytes or progress.total_bytes:
        received, total = data_size(progress.received_bytes), progress.total_bytes
        text = QCoreApplication.translate("Installing", "{0} of {1}")
        words.append(received if total is None else text.format(received, data_size(total)))
    if progress.package:
        words.append(progress.package)
    return " · ".join(words)


def confirmed_build(plan: BuildPlan, parent: QWidget) -> bool:
    """Ask before a large download, or one of unknown size, and return whether to go on."""
    from gpuplayground.environments.provision import needs_confirmation

    if not needs_confirmation(plan):
        return True

    def tr(text: str) -> str:
        return QCoreApplication.translate("Installing", text)

    known = tr("The environment {0} downloads {1}.")
    unknown = tr("The environment {0} downloads {1} and files of unknown size.")
    text = (known if plan.is_size_known else unknown).format(plan.name, data_size(plan.download_bytes))
    box = QMessageBox(QMessageBox.Icon.Question, tr("Install packages"), plainly(text), parent=parent)
    box.setInformativeText(plainly("\n".join((*plan.notes, tr("Every snippet that it fits uses it.")))))
    box.setDetailedText("\n".join(f"{each.name} {each.version}" for each in plan.packages))
    install = box.addButton(tr("Install"), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    return box.clickedButton() is install
