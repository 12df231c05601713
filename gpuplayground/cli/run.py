"""``gpuplayground run``: runs a snippet on this terminal and prints what each statement cost."""

from __future__ import annotations

import argparse
import io
import os
import select
import shutil
import signal
import sys
import threading
import time
import tokenize
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from gpuplayground.cli import run_report
from gpuplayground.cli.arguments import Parser, Subparsers, add_run_options
from gpuplayground.cli.best_effort import best_effort
from gpuplayground.cli.gpu_watch import watching
from gpuplayground.cli.inventory import read_inventory
from gpuplayground.cli.past_runs import save_to_history
from gpuplayground.cli.result_files import write_json
from gpuplayground.cli.signal_queue import SignalQueue
from gpuplayground.cli.usage import EXIT_BROKEN_PIPE, EXIT_PROBLEM, UsageError, output_file, readable_file
from gpuplayground.environments.interpreters import InterpreterError, probe
from gpuplayground.model.events import OutputAppended, SessionEvent
from gpuplayground.model.results import Run, RunRequest
from gpuplayground.receipts.receipt import Receipt
from gpuplayground.runs.session import Launcher, Session
from gpuplayground.standard_streams import CommandFailedError, tell, tell_styled, unwritable

#: Size limit of a file, in bytes: an endless device would fill the memory.
LIMIT_BYTES = 100_000_000
_STDIN = "-"
_DESCRIPTORS = {"stdout": 1, "stderr": 2}
#: Queued beside signal numbers: the run is over; the grace period has expired.
_OVER, _GRACE_EXPIRED = 0, 255
#: Signals that ask a process to end, and all that are forwarded to the snippet.
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
_FORWARDED = (*_ENDING, "SIGQUIT", "SIGUSR1", "SIGUSR2")
#: Wait before a signal is forwarded, in seconds. timeout(1) and service managers signal every process of a group, so
#: the snippet may get the signal without us, too.
_GROUP_SIGNAL_S = 0.05


def add_parser(subparsers: Subparsers) -> Parser:
    """Add the parser of ``gpuplayground run``."""
    parser = subparsers.add_parser(
        "run",
        usage="gpuplayground run FILE [--python INTERPRETER | --install [--yes]] [--timeout S] [--grace S] "
        "[--device GPU] [--no-trace] [--no-history] [--json OUT] [-- ARGS...]",
        description="Run a Python file and print on stderr what each statement cost.",
        epilog="Exit code: the file's own; 124 after a timeout, 130 after Ctrl+C, 128+N if signal N ended it, 2 if it "
        "could not be started. Ctrl+C interrupts the file, a second one kills it; SIGTERM, SIGHUP, SIGQUIT, "
        "SIGUSR1 and SIGUSR2 are forwarded to it.",
        allow_abbrev=False,
    )
    add_run_options(parser)
    parser.add_argument("--no-trace", action="store_true", help="do not trace the GPU, which adds a little overhead")
    parser.set_defaults(passes_arguments=True, execute=run_file)
    return parser


def run_file(options: argparse.Namespace) -> int:
    """Run a file to its end and return the exit code; see :func:`gpuplayground.cli.run_report.exit_code`.

    Raises:
        UsageError: the file, the interpreter or the JSON file cannot be used.
        CommandFailedError: its output cannot be written.
    """
    request = replace(request_of(options), trace=not options.no_trace)
    out = output_file(options.json, request.path) if options.json is not None else None
    columns = shutil.get_terminal_size().columns if sys.stderr.isatty() else None
    launcher = Launcher(attached=True)
    try:
        with watching(request) as watch:
            attended = AttendedRun(launcher.session(), request, options.grace, watch.follow)
            run = attended.wait_for_end()
            code = attended.exit_code(run)
            if attended.output_error is None and not tell_styled(run_report.as_text(run, columns)):
                code = code or EXIT_PROBLEM
            observed = watch.try_to_observe(run)
    finally:
        launcher.close()
    if observed.receipts and attended.output_error is None:
        tell(run_report.receipts_as_text(observed.receipts))
    if not options.no_history:
        best_effort(lambda: save_to_history(request, observed, watch.inventory), "The run is not kept in the history")
    if out is not None and not results_written(out, run, request, code, observed.receipts):
        code = code or EXIT_PROBLEM  # requested, but not written
    tell_of_missing_package(options, run, "run")
    if attended.output_error is not None:
        raise attended.output_error
    return code


def results_written(out: Path, run: Run, request: RunRequest, code: int, receipts: Sequence[Receipt]) -> bool:
    """Write the results as JSON and return whether that worked; if not, say so on stderr."""

    def write() -> None:
        write_json(out, run_report.as_json(run, request, code, read_inventory(), receipts))

    return best_effort(write, f"{out} is not written")


def tell_of_missing_package(options: argparse.Namespace, run: Run, command: str = "") -> None:
    """If a file ended because a package is missing that ``--install`` can install, say so."""
    if run.error is None or run.error.kind != "ModuleNotFoundError" or options.install or options.file == _STDIN:
        return
    from gpuplayground.cli.install import tell_how_to_install
    from gpuplayground.environments.provision import missing_module

    module = missing_module(run.error.kind, run.error.message or run.error.summary)
    tell_how_to_install(module, f"gpuplayground {command} {options.file} --install" if command else "")


def request_of(options: argparse.Namespace, check: Callable[[str], object] | None = None) -> RunRequest:
    """Return the request that the options of ``run`` and ``bench`` describe; with ``--install`` build its environment.

    Args:
        options: the options.
        check: is called with the source before anything is installed.

    Raises:
        UsageError: the file, the interpreter or the GPU cannot be used.
        CommandFailedError: the environment cannot be built.
    """
    working_directory = _working_directory()
    path = None if options.file == _STDIN else readable_file(options.file, allow_stream=True)
    # A pipe can be read only once, and opening a named one again would block: it has no path to show.
    file = path if path is not None and path.is_file() else None
    source = _source(path)
    device = _device_uuid(options.device) if options.device else None
    if check is not None:
        check(source)
    folder = file.absolute().parent if file is not None else Path(working_directory)
    interpreter = _interpreter(options, source, folder, device)
    return RunRequest(
        run_id=uuid.uuid4().hex,
        source=source,
        name=file.name if file is not None else "stdin" if path is None else str(path),
        path=str(file.absolute()) if file is not None else None,
        arguments=tuple(options.arguments),
        interpreter=interpreter,
        working_directory=working_directory,
        cuda_visible_devices=device,
        timeout_s=options.timeout,
    )


def _interpreter(options: argparse.Namespace, source: str, folder: Path, device: str | None) -> str:
    if options.install:
        if options.python:
            raise UsageError("--python and --install exclude each other: leave one out.")
        from gpuplayground.cli.install import environment_for

        return environment_for(source, folder, device, is_agreed=options.yes)
    if options.python:
        try:
            return probe(options.python).interpreter
        except InterpreterError as error:
            raise UsageError(str(error)) from error
    return sys.executable


def _device_uuid(device: str) -> str:
    """Return the UUID of a GPU of this machine, or the text itself if there is no driver.

    CUDA numbers GPUs in its own order, so an index could select another one; and for a GPU that does not exist it
    silently hides all of them.
    """
    if device.startswith("MIG-"):
        return device
    gpus = read_inventory().gpus
    for gpu in gpus:
        if device == str(gpu.index) or gpu.uuid.startswith(device):
            return gpu.uuid
    if gpus:
        names = ", ".join(f"{gpu.index} ({gpu.name})" for gpu in gpus)
        raise UsageError(f"There is no GPU {device}: this machine has {names}.")
    return device


def _working_directory() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        raise UsageError("The working folder no longer exists: change to another one.") from None


def _source(path: Path | None) -> str:
    name = "Standard input" if path is None else str(path)
    try:
        with open(0 if path is None else path, "rb", closefd=path is not None) as file:
            data = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read ({error.strerror or error}): name a Python file.") from error
    if len(data) > LIMIT_BYTES:
        if b"\0" in data:
            raise UsageError(f"{name} is a binary file: name a Python file.")
        raise UsageError(f"{name} is larger than {LIMIT_BYTES // 1_000_000} MB: name a smaller file.")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        if b"coding".decode(encoding) == "coding":
            return data.decode(encoding)
    except (SyntaxError, UnicodeError, LookupError):
        pass
    # Python reports the error when it runs these bytes.
    return data.decode("utf-8", "surrogateescape")


class AttendedRun:
    """A run on this terminal: forwards its output and signals; a second Ctrl+C kills it.

    The session runs and prints in a thread, so that a slow reader of the output delays the snippet but not its
    interruption.

    Args:
        session: runs the snippet.
        request: what to run.
        grace_s: time it has to end after the first signal that asks it to, in seconds; then it is killed.
        on_event: is called with each event before anything is written about it.
    """

    def __init__(
        self,
        session: Session,
        request: RunRequest,
        grace_s: float,
        on_event: Callable[[SessionEvent], None],
    ) -> None:
        self._on_event = on_event
        self._grace_s = grace_s
        self._grace: threading.Timer | None = None
        self.is_interrupted = False
        #: The error of writing the output that ended the run, if any.
        self.output_error: BrokenPipeError | CommandFailedError | None = None
        self._session = session
        self._request = request
        self._signals = SignalQueue()
        self._outcome: Run | BaseException | None = None

    def wait_for_end(self) -> Run:
        """Run it to its end and return the result."""
        worker = threading.Thread(target=self._work, name="run")
        with self._signals.collecting(_FORWARDED):
            worker.start()
            while (number := self._signals.get()) != _OVER:
                self._handle(number)
        worker.join()
        if self._grace is not None:
            self._grace.cancel()
        self._signals.close()
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        assert self._outcome is not None
        return self._outcome

    def exit_code(self, run: Run) -> int:
        """Return the exit code of the command."""
        if self.output_error is not None:
            return EXIT_BROKEN_PIPE if isinstance(self.output_error, BrokenPipeError) else EXIT_PROBLEM
        return run_report.exit_code(run, self.is_interrupted)

    def _work(self) -> None:
        try:
            self._outcome = self._session.run(self._request, self._take, batch_limit_bytes=None)
        except BaseException as error:
            self._outcome = error
        finally:
            self._signals.put(_OVER)

    def _take(self, event: SessionEvent) -> None:
        self._on_event(event)
        if isinstance(event, OutputAppended) and self.output_error is None:
            try:
                _write_output(event)
            except OSError as error:
                # As in any pipeline: a writer ends when its reader has gone.
                self.output_error = error if isinstance(error, BrokenPipeError) else unwritable(error)
                self._session.kill()

    def _handle(self, number: int) -> None:
        if number == _GRACE_EXPIRED or (number == signal.SIGINT and self.is_interrupted):
            self._session.kill()
            return
        time.sleep(_GROUP_SIGNAL_S)
        self._signals.forget(number)
        self.is_interrupted = self.is_interrupted or number == signal.SIGINT
        self._session.pass_on(number)
        if signal.Signals(number).name in _ENDING and self._grace is None:
            self._grace = threading.Timer(self._grace_s, self._signals.put, (_GRACE_EXPIRED,))
            self._grace.daemon = True
            self._grace.start()


def _write_output(event: OutputAppended) -> None:
    """Write a batch of output to this process's own descriptors, unbuffered and unchanged.

    Raises:
        BrokenPipeError: the reader has gone.
        OSError: it cannot be written.
    """
    for chunk in event.chunks:
        descriptor, rest = _DESCRIPTORS[chunk.stream], memoryview(chunk.data)
        while rest:
            try:
                rest = rest[os.write(descriptor, rest) :]
            except BlockingIOError:
                # Another process with the same terminal or pipe may have made it non-blocking.
                select.select([], [descriptor], [])
