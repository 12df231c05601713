"""Waiting for the GPU through libcuda, proven on a libcuda made of C that counts what is asked of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from gpuplayground.model.results import StatementTiming
from tests.support.snippets import Played, Playground

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")


def play(playground: Playground, libcuda: Path, text: str) -> Played:
    head = f"import ctypes, time\ncuda = ctypes.CDLL({str(libcuda)!r}); time.sleep(0.006)\n"
    played = playground.play(head + dedent(text))
    assert played.result.exit_code == 0, played.stderr
    return played


def timed(played: Played, text: str) -> StatementTiming:
    return next(t for t in played.result.timings if t.source.startswith(text))


def number(played: Played, name: str) -> int:
    return int(played.output().split(f"{name}=")[1].split()[0])


def test_a_kernel_counts_for_the_statement_that_launched_it(playground: Playground, libcuda: Path) -> None:
    played = play(
        playground,
        libcuda,
        """
        cuda.cuInit(0)
        cuda.use_primary(0); cuda.push_primary(0); time.sleep(0.001)
        cuda.launch(0)
        idle = 1
        print(f"depth={cuda.stack_depth()} references={cuda.references(0)}")
        """,
    )
    launch, idle = timed(played, "cuda.launch(0)"), timed(played, "idle")
    assert launch.wall_ns < 25_000_000 <= (launch.synced_ns or 0)
    assert idle.synced_ns is not None
    assert idle.synced_ns < 25_000_000
    assert timed(played, "cuda.cuInit").synced_ns is None
    assert number(played, "depth") == 1
    assert number(played, "references") == 1


def test_primary_contexts_that_are_not_current_are_waited_for(playground: Playground, libcuda: Path) -> None:
    played = play(
        playground,
        libcuda,
        """
        cuda.cuInit(0)
        cuda.use_primary(1); time.sleep(0.001)
        cuda.launch(1)
        print(f"depth={cuda.stack_depth()} references={cuda.references(1)} other={cuda.references(0)}")
        """,
    )
    assert (timed(played, "cuda.launch(1)").synced_ns or 0) >= 25_000_000
    assert number(played, "depth") == 0
    assert number(played, "references") == 1
    assert number(played, "other") == 0


def test_an_explicit_context_is_waited_for_beside_a_primary_one(playground: Playground, libcuda: Path) -> None:
    played = play(
        playground,
        libcuda,
        """
        cuda.cuInit(0); cuda.push_explicit(); cuda.use_primary(0); time.sleep(0.001)
        cuda.launch_explicit(); cuda.launch(0)
        """,
    )
    assert (timed(played, "cuda.launch_explicit()").synced_ns or 0) >= 25_000_000
    assert (timed(played, "cuda.launch(0)").synced_ns or 0) >= 25_000_000


def test_no_context_is_ever_created(playground: Playground, libcuda: Path) -> None:
    played = play(
        playground,
        libcuda,
        """
        cuda.cuInit(0); time.sleep(0.01)
        x = 1; time.sleep(0.01)
        cuda.use_primary(0); time.sleep(0.001)
        y = 1
        cuda.drop_primary(0)
        z = 1
        print("created=%d synced=%d" % (ctypes.c_int.in_dll(cuda, "created").value,
                                        ctypes.c_int.in_dll(cuda, "synchronized").value))
        """,
    )
    assert number(played, "created") == 0
    assert number(played, "synced") > 0
    assert timed(played, "x = 1").synced_ns is None
    assert timed(played, "y = 1").synced_ns is not None
    assert timed(played, "z = 1").synced_ns is None


def test_an_error_of_the_gpu_is_left_to_the_snippet(playground: Playground, libcuda: Path) -> None:
    played = play(
        playground,
        libcuda,
        "cuda.cuInit(0); cuda.use_primary(0); cuda.push_primary(0); time.sleep(0.001)\ncuda.fail()\nx = 1\n",
    )
    assert timed(played, "x = 1").synced_ns is not None


def test_a_library_that_is_not_initialised_is_not_in_use(playground: Playground, libcuda: Path) -> None:
    played = play(playground, libcuda, "x = 1\ntime.sleep(0.01)\n")
    assert all(t.synced_ns is None for t in played.result.timings)


def test_without_a_driver_library_nothing_is_loaded(playground: Playground) -> None:
    played = playground.play(
        "import time\ntime.sleep(0.02)\nprint([line for line in open('/proc/self/maps') if 'libcuda' in line])"
    )
    assert played.output() == "[]\n"
    assert all(t.synced_ns is None for t in played.result.timings)


def test_a_library_that_lacks_a_function_is_left_alone(playground: Playground, tmp_path: Path) -> None:
    (tmp_path / "poor.c").write_text("int cuInit(unsigned f) { return f; }\n")
    library = tmp_path / "libcuda.so.1"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "-o", str(library), str(tmp_path / "poor.c")],
        check=True,
    )
    played = play(playground, library, "x = 1\ntime.sleep(0.01)\nprint('ok')\n")
    assert played.output() == "ok\n"


PRIMARY = "cuda.cuInit(0); cuda.use_primary(0); cuda.push_primary(0); time.sleep(0.001)\n"
INVALIDATED = "print('invalidated=%d' % ctypes.c_int.in_dll(cuda, 'invalidated').value)\n"


def test_a_capture_that_spans_statements_is_left_alone(playground: Playground, libcuda: Path) -> None:
    source = "cuda.capture_blocking(1)\nx = 1\ncuda.capture_blocking(0)\ny = 1\n"
    played = play(playground, libcuda, PRIMARY + source + INVALIDATED)
    assert number(played, "invalidated") == 0
    assert timed(played, "x = 1").synced_ns is None
    assert timed(played, "y = 1").synced_ns is not None


FRAMEWORKS = {
    "torch": """
        class cuda:
            is_initialized = staticmethod(lambda: True)
            is_current_stream_capturing = staticmethod(lambda: bool(driver.is_captured()))
        """,
    "cupy": """
        class Stream:
            is_capturing = staticmethod(lambda: bool(driver.is_captured()))
        class cuda:
            get_current_stream = Stream
        """,
}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_capture_on_the_stream_of_a_framework_is_left_alone(playground: Playground, libcuda: Path, name: str) -> None:
    head = f"import ctypes\ndriver = ctypes.CDLL({str(libcuda)!r})\n"
    (playground.folder / f"{name}.py").write_text(head + dedent(FRAMEWORKS[name]))
    source = f"import {name}\ncuda.capture_other(1)\nx = 1\ncuda.capture_other(0)\ny = 1\n"
    played = play(playground, libcuda, PRIMARY + source + INVALIDATED)
    assert number(played, "invalidated") == 0
    assert timed(played, "x = 1").synced_ns is None
    assert timed(played, "y = 1").synced_ns is not None


def test_a_capture_nobody_can_tell_of_is_disturbed_only_once(playground: Playground, libcuda: Path) -> None:
    attempt = "cuda.capture_other(1)\nx = 1\ncuda.capture_other(0)\n"
    played = play(playground, libcuda, PRIMARY + attempt + attempt + "time.sleep(0.01)\ny = 1\n" + INVALIDATED)
    assert number(played, "invalidated") == 1
    assert timed(played, "y = 1").synced_ns is None
    assert "A stream capture spanned several statements" in played.result.trace_note


def test_a_framework_is_not_asked_unless_a_context_is_current(playground: Playground, libcuda: Path) -> None:
    (playground.folder / "torch.py").write_text(
        "asked = []\nclass cuda:\n"
        "    is_initialized = staticmethod(lambda: True)\n"
        "    is_current_stream_capturing = staticmethod(lambda: asked.append(1))\n"
    )
    source = "import torch\ncuda.cuInit(0); cuda.use_primary(0); time.sleep(0.001)\nx = 1\nprint(torch.asked)"
    played = play(playground, libcuda, source)
    assert timed(played, "x = 1").synced_ns is not None
    assert played.output() == "[]\n"


@pytest.mark.parametrize("text", ["", "class cuda:\n    is_initialized = is_current_stream_capturing = lambda: 1 / 0"])
def test_a_framework_that_cannot_say_is_no_capture(playground: Playground, libcuda: Path, text: str) -> None:
    (playground.folder / "torch.py").write_text(text)
    played = play(playground, libcuda, PRIMARY + "import torch\nx = 1\n")
    assert timed(played, "x = 1").synced_ns is not None
