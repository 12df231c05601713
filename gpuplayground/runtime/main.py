"""Serves one session: makes imports ahead, waits for the snippet, executes it as ``__main__`` and reports the end."""

from __future__ import annotations

import atexit
import mmap
import os
import signal
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn, Sequence

from . import clock
from .execute import forks
from .execute.event_loop import TopLevelLoop
from .execute.forks import prepare_for_forks
from .execute.hidden_frames import hidden, hide
from .execute.outermost import Entry, Outermost
from .execute.statements import Program, SharedProgress, Statement, Timer, execute
from .execute.tracebacks import Hooks, Script, call_hook, error_frame, formatted, full, without_our_frames
from .execute.undecodable import is_undecodable, run_as_bytes
from .execute.warmup import Warmup
from .io import channel as channels
from .io import descriptors, streams, transport, wire
from .io.channel import Channel
from .io.descriptors import move_high
from .trace.cuda import CudaClock
from .trace.tracer import Tracer

if TYPE_CHECKING:
    from .bench.benchmark import BenchmarkRun

_NOT_WAITED = (
    "A stream capture spanned several statements, so the GPU was not waited for after it, and GPU operations are "
    "assigned to statements by their start."
)


def main(arguments: Sequence[str], startup: frozenset[str]) -> None:
    """Serve one session.

    Args:
        arguments: channel, progress memory, trace file, and source of standard input.
        startup: modules imported by Python itself.
    """
    hide(channels, descriptors, transport, forks, streams)
    descriptor, memory, trace, stdin = arguments
    channel = Channel(int(descriptor))
    tracer = Tracer(move_high(int(trace)))
    streams.install(stdin, lambda: channel.send({"kind": "input"}))
    progress = SharedProgress([])
    prepare_for_forks(channel, progress)
    channel.start()
    # Registered first, so that it is called last, after the exit handlers of the snippet and its modules.
    atexit.register(_end_quietly, channel, tracer)
    script = Script()
    # Before all imports, because a module may set its own hook.
    Hooks(script).install()
    sys.argv = [""]
    channel.send({"kind": "hello", "python": sys.version.split()[0], "executable": sys.executable})
    warmup = Warmup()
    while True:
        order = channel.next_order()
        if signal.getsignal(signal.SIGINT) in (signal.SIG_DFL, signal.SIG_IGN):
            # Until now SIGINT has its default action, so that Ctrl+C before any user code ends this process silently;
            # or it is ignored in the background of a shell, where Stop must still work.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if order["kind"] == "run":
            break
        warmup.import_all(order["imports"], order["folder"])
        channel.send({"kind": "ready"})
    clock.follow(order["clock_ns"])
    script.path, script.shown = order["script"], order["shown"]
    _Execution(order, script, channel, progress, memory, warmup, startup, tracer).run()


@hidden
def _end_quietly(channel: Channel, tracer: Tracer) -> None:
    sys.settrace(None)  # an active debugger would step through this
    tracer.close()
    channel.end()


class _Execution:
    """Executes the snippet as ``__main__`` and reports about it."""

    def __init__(
        self,
        order: wire.Frame,
        script: Script,
        channel: Channel,
        progress: SharedProgress,
        memory: str,
        warmup: Warmup,
        startup: frozenset[str],
        tracer: Tracer,
    ) -> None:
        self._tracer = tracer
        self._clock = CudaClock()
        self._namespace: dict[str, Any] = {}
        self._order = order
        self._channel = channel
        self._progress = progress
        self._memory = memory
        self._warmup = warmup
        self._startup = startup
        self._script = script
        self._loop = TopLevelLoop()

    def run(self) -> NoReturn:
        """Execute the snippet and end as Python would.

        Raises:
            KeyboardInterrupt: makes Python call the rest, see :mod:`.execute.outermost`.
        """
        stage = Outermost(self._conclude)
        program = entry = None
        try:
            program, entry = self._execute()
        except BaseException as error:  # raised by the snippet
            stage.error = error
        stage.launch(program.code if program is not None else None, entry, self._namespace)

    @hidden
    def _conclude(self, error: BaseException | None) -> BaseException:
        """Report how the snippet ended and return the exception that ends the process accordingly."""
        try:
            self._loop.close()
        except BaseException as failure:  # raised by a task of the snippet
            error = failure
        # With PYTHONINSPECT, Python shows SystemExit like any other exception.
        if isinstance(error, SystemExit) and not sys.flags.inspect:
            self._finish({"kind": "exit", "message": error.code if isinstance(error.code, str) else ""})
            return error
        if error is None:
            self._finish(result=True)
            return SystemExit(0)
        self._report(error)
        return error if isinstance(error, KeyboardInterrupt) else SystemExit(1)

    def _execute(self) -> tuple[Program, Entry] | tuple[None, None]:
        """Return the snippet ready to run; or run it and return nothing, if it is a benchmark or awaits."""
        is_benchmark = self._order.get("benchmark") is not None
        if is_benchmark:
            # Before the snippet's folder is on the path, because it may shadow modules that this needs.
            from .bench import benchmark  # noqa: F401
        elif self._order.get("trace") and self._tracer.would_attach(self._order["source"]):
            # Before the path is changed, for the same reason. CUPTI needs NumPy, whose import counts as the snippet's.
            if "numpy" not in sys.modules:
                self._warmup.import_all(["import numpy"], self._order["folder"])
            self._tracer.attach()
        module = self._enter_main()
        namespace = self._namespace = module.__dict__
        clock, progress = self._clock, self._progress
        after = self._tracer.after_statement if self._order.get("trace") else None
        entry = None if is_benchmark else Entry()
        if is_undecodable(self._order["source"]):
            self._progress.words = _shared_words(self._memory, 0)
            self._send({"kind": "started", "rows": []})
            run_as_bytes(self._script.path, namespace)
            return None, None
        program = Program(self._order["source"], self._script.path, entry)
        statements: Sequence[Statement] = program.statements
        measured = self._benchmark(statements) if is_benchmark else None
        if measured is not None:
            statements = measured.rows
        rows = [
            [s.line, s.end_line, s.source, s.is_import, self._warmup.use(s.imports) if s.imports else 0]
            for s in statements
        ]
        progress.words = _shared_words(self._memory, len(statements))
        self._send({"kind": "started", "rows": rows})
        if entry is not None and not program.awaits:
            for statement in statements:
                statement.forget_tree()
            entry.time_with(Timer(statements, progress, clock, self._before, after))
            return program, entry
        if program.docstring is not None:
            exec(program.docstring, namespace)
        if measured is not None:
            measured.run(namespace, progress, clock, self._before, self._loop.run, self._send, self._tracer)
        else:
            execute(statements, namespace, progress, clock, self._before, self._loop.run, after)
        return None, None

    def _benchmark(self, statements: Sequence[Statement]) -> BenchmarkRun:
        """Return the benchmark of the snippet.

        Raises:
            SystemExit: the plan does not fit the snippet; the reason has been sent to the session.
        """
        from .bench.benchmark import BenchmarkRun, RefusedError

        try:
            return BenchmarkRun(self._order, self._script, statements)
        except RefusedError as refusal:
            self._send({"kind": "refused", "sentence": str(refusal)})
            raise SystemExit(1) from None

    def _before(self, statement: Statement) -> None:
        streams.flush()
        if statement.is_import:
            self._warmup.replay(statement.imports)
        self._tracer.before_statement()

    def _enter_main(self) -> ModuleType:
        """Set up ``__main__``, ``sys.argv`` and ``sys.path`` as for ``python file.py``."""
        from importlib.machinery import SourceFileLoader

        path, folder = self._script.path, self._order["folder"]
        sys.argv = [path, *self._order["arguments"]]
        if not getattr(sys.flags, "safe_path", False):
            sys.path.insert(0, folder)
            _forget_shadowed_modules(folder, self._startup)
        module = ModuleType("__main__")
        vars(module).update(
            __file__=path,
            __builtins__=sys.modules["builtins"],
            __loader__=SourceFileLoader("__main__", path),
            __cached__=None,
        )
        if sys.version_info < (3, 14):
            module.__annotations__ = {}
        sys.modules["__main__"] = module
        return module

    @hidden
    def _report(self, error: BaseException) -> None:
        trace = without_our_frames(error.__traceback__)
        try:
            frame = error_frame(error, trace, self._script)
            if formatted(error, trace, self._script)[1]:
                frame["full_traceback"] = full(error, trace, self._script)
        except Exception:  # out of memory, or an exception that cannot be shown
            name = type(error).__name__
            frame = {"kind": "error", "message": name, "exception": name, "line": None}
        self._send(frame)
        call_hook(error, trace)
        self._finish()

    def _finish(self, frame: wire.Frame | None = None, *, result: bool = False) -> None:
        """Send the final report; threads of the snippet may still be running."""
        streams.flush()
        import threading

        from .execute.outcome import allocator_peaks, framework_versions, result_value

        if frame is not None:
            self._send(frame)
        note = self._tracer.finish(self._starts_ns()) if self._order.get("trace") else ""
        if self._clock.has_given_up:
            note = f"{note} {_NOT_WAITED}".lstrip()
        waiting = [t for t in threading.enumerate() if not t.daemon and t is not threading.main_thread()]
        self._send(
            {
                "kind": "done",
                "threads": len(waiting),
                "frameworks": framework_versions(),
                "trace_note": note,
                "result": result_value(self._namespace) if result else None,
                "allocator_peaks": allocator_peaks(),
            }
        )

    def _starts_ns(self) -> list[int]:
        """Return the start of each executed statement, in table order."""
        words, layout = self._progress.words, wire.Progress
        begun = words[layout.START_NS] if len(words) else 0
        slots = range(layout.FIRST, len(words), layout.STRIDE)
        return [begun + words[slot + 3] for slot in slots if words[slot + 2] in (layout.DONE, layout.FAILED)]

    def _send(self, frame: wire.Frame) -> None:
        self._channel.send({**frame, "run_id": self._order["run_id"]})


def _shared_words(memory: str, statements: int) -> memoryview:
    """Return the words shared with the session; ``memory`` is a descriptor, on Windows the name of a mapping."""
    size = wire.Progress.size(statements)
    if sys.platform == "win32":
        mapping = mmap.mmap(-1, size, tagname=memory)
    else:
        os.ftruncate(int(memory), size)
        mapping = _mapping(int(memory), size)
        os.close(int(memory))
    words = memoryview(mapping).cast("q")
    words[wire.Progress.CURRENT] = -1
    return words


def _mapping(descriptor: int, size: int) -> mmap.mmap:
    """Map a file without keeping a descriptor.

    Before Python 3.13 a mapping duplicates the descriptor. The duplicate takes a low number that the snippet would
    get, and closing the mapping would close whatever the snippet has opened under that number by then.
    """
    if sys.version_info >= (3, 13):
        return mmap.mmap(descriptor, size, trackfd=False)
    import ctypes

    lowest_free = os.dup(descriptor)
    os.close(lowest_free)
    mapping = mmap.mmap(descriptor, size)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(mapping))  # so that it is never closed
    if os.path.sameopenfile(lowest_free, descriptor):
        os.close(lowest_free)
    return mapping


def _forget_shadowed_modules(folder: str, startup: frozenset[str]) -> None:
    """Unload modules imported by the runtime that the snippet's folder shadows, so that the snippet gets its own."""
    from importlib.machinery import PathFinder

    sys.path_importer_cache.pop(folder, None)
    try:
        own = {name.partition(".")[0] for name in os.listdir(folder)}  # noqa: PTH208 - pathlib is slow
    except OSError:
        return
    for name in own.intersection(sys.modules).difference(startup):
        spec = PathFinder.find_spec(name, [folder])
        if spec is not None and spec.loader is not None:
            for module in [m for m in sys.modules if m == name or m.startswith(name + ".")]:
                del sys.modules[module]
