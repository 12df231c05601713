"""Warm spares: quick, invisible to the snippet, and never in the way."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from gpuplayground.model.results import RunRequest, RunState
from gpuplayground.runs import spares
from gpuplayground.runs.process import ProcessSettings, SnippetProcess
from tests.support.command_line import wait_for
from tests.support.snippets import INTERPRETER, Playground


def test_a_spare_has_imported_ahead_and_its_cost_is_told(playground: Playground) -> None:
    source = "import statistics as s, json\nfrom decimal import Decimal\nprint(s.mean([1, 3]), Decimal(1))\nimport wave"
    playground.warm(source)
    played = playground.play(source)
    assert played.result.was_warm
    assert played.output() == "2 1\n"
    costs = [t.prewarmed_ns for t in played.result.timings]
    assert costs[0] > 0
    assert costs[1] > 0
    assert costs[2] == costs[3] == 0
    assert played.result.timings[0].cost_ns >= costs[0]


def test_a_spare_that_greets_before_it_is_told_what_to_import_loses_nothing(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start_and_dawdle(settings: ProcessSettings) -> SnippetProcess:
        process = SnippetProcess(settings)
        wait_for(lambda: bool(process.sources.peek()))
        return process

    monkeypatch.setattr(spares, "SnippetProcess", start_and_dawdle)
    playground.warm("import json")
    played = playground.play("import json; print('heard')")
    assert played.result.was_warm
    assert played.output() == "heard\n"
    assert played.result.environment["python"]


def test_a_spare_is_replaced_after_its_run(playground: Playground) -> None:
    playground.warm("import json")
    assert playground.play("import json").result.was_warm
    playground.wait_for_spare()
    assert playground.play("import json").result.was_warm


def test_a_spare_serves_a_snippet_that_imports_more_but_not_one_that_imports_less(playground: Playground) -> None:
    playground.warm("import json, wave")
    assert not playground.play("import json").result.was_warm
    assert playground.play("import json\nimport wave\nimport calendar").result.was_warm


def test_a_spare_of_another_folder_or_gpu_choice_is_not_used(playground: Playground) -> None:
    playground.warm("import json")
    other = playground.folder / "other"
    other.mkdir()
    assert not playground.play("import json", working_directory=str(other)).result.was_warm
    played = playground.play("import json, os; print(os.environ['CUDA_VISIBLE_DEVICES'])", cuda_visible_devices="1")
    assert not played.result.was_warm
    assert played.output() == "1\n"


def test_a_spare_that_was_killed_is_silently_replaced_by_a_cold_start(playground: Playground) -> None:
    playground.warm("import json")
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and "child.py" in read(process / "cmdline") and is_ours(process, playground):
            os.kill(int(process.name), signal.SIGKILL)
    played = playground.play("import json; print('cold')")
    assert played.output() == "cold\n"
    assert played.result.state is RunState.FINISHED
    assert not played.result.was_warm
    assert played.states == [RunState.STARTING, RunState.RUNNING, RunState.FINISHED]


def test_modules_beside_the_snippet_are_not_imported_ahead(playground: Playground) -> None:
    module = playground.folder / "beside.py"
    module.write_text("VALUE = 1")
    playground.warm("import beside")
    module.write_text("VALUE = 2222")
    played = playground.play("import beside; print(beside.VALUE)")
    assert played.result.was_warm
    assert played.output() == "2222\n"


def test_what_a_module_prints_when_imported_is_shown_by_the_run(playground: Playground) -> None:
    source = "print('before')\nimport this"
    cold = playground.play(source)
    source = "import this\nprint('after')"
    playground.warm(source)
    played = playground.play(source)
    assert played.result.was_warm
    assert played.output().startswith("The Zen of Python")
    assert played.output().endswith("after\n")
    assert len(played.output()) > 800
    assert cold.output().startswith("before\nThe Zen")


def test_imports_that_fail_or_exit_ahead_fail_in_the_run(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(playground, monkeypatch, "leaving", "import sys; print('leaving'); sys.exit(9)")
    source = "import no_such_module_at_all"
    playground.warm(source)
    played = playground.play(source)
    assert played.result.was_warm
    assert played.result.summary.startswith("ModuleNotFoundError: No module named 'no_such_module_at_all' (line 1)")
    source = "import leaving"
    playground.launcher.warm(RunRequest(run_id="w", source=source, working_directory=str(playground.folder)))
    played = playground.play(source)
    assert played.output() == "leaving\n"
    assert played.result.exit_code == 9


def test_a_hook_that_an_imported_module_sets_is_honoured(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(playground, monkeypatch, "hooking", "import sys; sys.excepthook = lambda *error: print('hook', error[0])")
    source = "import hooking\n1 / 0"
    playground.warm(source)
    played = playground.play(source)
    assert played.result.was_warm
    assert played.output() == "hook <class 'ZeroDivisionError'>\n"


def test_a_module_that_crashes_when_imported_ahead_means_a_cold_start(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import os, sys\nif '' == sys.argv[0]: os.abort()\nprint('imported')"
    library(playground, monkeypatch, "crashing", text)
    source = "import crashing"
    playground.launcher.warm(RunRequest(run_id="w", source=source, working_directory=str(playground.folder)))
    played = playground.play(source)
    assert played.output() == "imported\n"
    assert not played.result.was_warm


def test_a_run_that_finds_a_spare_still_importing_waits_for_it(playground: Playground) -> None:
    source = "import statistics, decimal, fractions\nprint('ran')"
    playground.launcher.warm(RunRequest(run_id="w", source=source, working_directory=str(playground.folder)))
    played = playground.play(source)
    assert played.output() == "ran\n"


def test_environment_set_before_an_import_still_works(playground: Playground) -> None:
    source = "import os\nos.environ['SETTING'] = 'set'\nimport wave, sys\nprint('wave' in sys.modules)"
    playground.warm(source)
    played = playground.play(source)
    assert played.result.was_warm
    assert played.result.timings[2].prewarmed_ns == 0


def test_a_warm_run_looks_like_a_cold_one(playground: Playground) -> None:
    source = (
        "import random, threading, sys, os\n"
        "print(__name__, sys.argv, sys.path[0], os.getcwd(), threading.active_count(), sys.stdin.fileno())\n"
        "print(sorted(k for k in globals()))\n"
    )
    playground.warm(source)
    path = playground.folder / "x.py"
    path.write_text(source)
    warm = playground.play(source, path=str(path))
    cold = playground.play("#\n" + source, path=str(path))
    assert warm.result.was_warm
    assert not cold.result.was_warm or cold.output()
    assert warm.output().splitlines()[1] == cold.output().splitlines()[1]


def age(playground: Playground, seconds: float) -> None:
    """Let every spare have been started that much earlier."""
    spares = playground.launcher.spares._spares
    for interpreter, old in spares.items():
        spares[interpreter] = replace(old, begun=old.begun - seconds)


def test_a_spare_that_is_ready_is_used_however_old(playground: Playground) -> None:
    playground.warm("import json")
    age(playground, 10_000)
    assert playground.play("import json").result.was_warm


def test_a_spare_that_never_comes_to_an_end_of_its_imports_is_not_used(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import sys, time\nif '' == sys.argv[0]: time.sleep(600)"
    library(playground, monkeypatch, "hanging", text)
    source = "import hanging\nprint('ran')"
    playground.launcher.warm(RunRequest(run_id="w", source=source, working_directory=str(playground.folder)))
    wait_for(lambda: bool(playground.launcher.spares._spares))
    age(playground, 10_000)
    played = playground.play(source)
    assert played.output() == "ran\n"
    assert not played.result.was_warm


def is_last(playground: Playground, interpreter: str) -> bool:
    """Whether the spare of an interpreter is ready and was the last one that was wanted."""
    spares = playground.launcher.spares
    return spares.is_ready(interpreter) and list(spares._spares)[-1] == interpreter


def test_spares_are_kept_for_the_last_two_interpreters(playground: Playground) -> None:
    interpreters = []
    for name in ("one", "two", "three"):
        script = playground.folder / name
        script.write_text(f'#!/bin/sh\nexec {INTERPRETER} "$@"\n')
        script.chmod(0o755)
        interpreters.append(str(script))
    spares = playground.launcher.spares
    one, two, three = interpreters
    for interpreter in (one, two, one, three):
        request = RunRequest(
            run_id="w", source="import json", interpreter=interpreter, working_directory=str(playground.folder)
        )
        playground.launcher.warm(request)
        # The thread takes the one wanted last to the end, also when its spare is there already.
        wait_for(partial(is_last, playground, interpreter))
    assert list(spares._spares) == [one, three]
    assert not spares.is_ready(two)
    assert len(playground.living()) == (4 if sys.platform == "linux" else 2), "each has a watcher on Linux"


def test_closing_ends_spares(playground: Playground) -> None:
    playground.warm("import json")
    assert playground.living()
    playground.launcher.close()
    assert playground.living() == []


def read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def is_ours(process: Path, playground: Playground) -> bool:
    mark = os.environ["GPUPLAYGROUND_TEST_MARK"]
    return mark in read(process / "environ")


def library(playground: Playground, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    """Put a module where every snippet finds it, but not beside this one."""
    folder = playground.folder / "library"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(folder))
