"""Leading imports, batches of output and script files, each by itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gpuplayground.model.events import OutputChunk
from gpuplayground.model.results import RunRequest
from gpuplayground.runs.folders import RunFolders
from gpuplayground.runs.leading_imports import leading_imports
from gpuplayground.runs.output import INTERVAL_S, OutputBatcher
from gpuplayground.runs.scripts import Script, ScriptFolders


def test_the_leading_imports_end_at_the_first_other_statement() -> None:
    head = '"""Text."""\nfrom __future__ import annotations\n'
    source = head + "import os, a.b as c\nfrom d import e as f\nx = 1\nimport late\n"
    assert leading_imports(source) == ("import os", "import a.b", "from d import e")


def test_modules_that_create_a_context_and_relative_imports_are_left_out() -> None:
    source = (
        "import pycuda.autoinit\nimport pycuda.driver as cuda\nfrom pycuda import autoinit, compiler\nfrom . import x\n"
    )
    assert leading_imports(source) == ("import pycuda.driver", "from pycuda import compiler")


@pytest.mark.parametrize(
    ("source", "imports"),
    [
        ("", ()),
        ("import json\nprint(", ("import json",)),
        ("import json\nx = (1,\n2\n", ("import json",)),
        ("import json\nif True:\n  x\n y\n", ("import json",)),
        ("import (", ()),
        ("import json\n\0", ("import json",)),
        ("import json\n'''never closed", ("import json",)),
        ("\ufeffimport json", ("import json",)),
    ],
)
def test_text_that_does_not_parse_gives_what_stands_above(source: str, imports: tuple[str, ...]) -> None:
    assert leading_imports(source) in (imports, ()) if "\0" in source else leading_imports(source) == imports


def test_a_long_snippet_is_parsed_only_at_its_top() -> None:
    source = "import json\n" + "def f():\n    return (1,\n        2)\n" * 200
    assert leading_imports(source) == ("import json",)


class Collector:
    def __init__(self, limit: int | None) -> None:
        self.batches: list[tuple[tuple[OutputChunk, ...], int]] = []
        self.batcher = OutputBatcher(lambda chunks, dropped: self.batches.append((chunks, dropped)), limit)


def test_the_first_output_comes_at_once_and_more_in_batches() -> None:
    collector = Collector(1000)
    batcher = collector.batcher
    batcher.append("stdout", b"a")
    assert batcher.wait_s(10.0) == 0
    batcher.flush_if_due(10.0)
    batcher.append("stdout", b"b")
    batcher.append("stdout", b"c")
    batcher.append("stderr", b"d")
    batcher.flush_if_due(10.01)
    assert batcher.wait_s(10.01) == pytest.approx(INTERVAL_S - 0.01)
    batcher.flush_if_due(10.05)
    assert batcher.wait_s(10.05) is None
    assert collector.batches == [
        ((OutputChunk("stdout", b"a"),), 0),
        ((OutputChunk("stdout", b"bc"), OutputChunk("stderr", b"d")), 0),
    ]


def test_a_batch_keeps_the_newest_bytes_and_counts_the_others() -> None:
    collector = Collector(4)
    batcher = collector.batcher
    for part in (b"12", b"345", b"67"):
        batcher.append("stdout", part)
    batcher.append("stderr", b"8")
    batcher.flush()
    assert collector.batches == [((OutputChunk("stdout", b"567"), OutputChunk("stderr", b"8")), 4)]
    assert batcher.dropped_bytes == 4


def test_without_a_limit_nothing_is_dropped() -> None:
    collector = Collector(None)
    for _ in range(5):
        collector.batcher.append("stdout", b"x" * 600_000)
    collector.batcher.flush()
    assert sum(len(chunk.data) for chunks, _ in collector.batches for chunk in chunks) == 3_000_000
    assert all(dropped == 0 for _, dropped in collector.batches)


def test_while_there_is_no_room_a_batch_waits_and_is_cut() -> None:
    batches: list[tuple[tuple[OutputChunk, ...], int]] = []
    room = [False]
    batcher = OutputBatcher(lambda chunks, dropped: batches.append((chunks, dropped)), 4, lambda: room[0])
    for second in range(100):
        batcher.append("stdout", b"abc")
        batcher.flush_if_due(float(second))
        assert (batcher.wait_s(float(second)) or 0) > 0, "waiting must not become a busy loop"
    assert batches == []
    room[0] = True
    batcher.flush_if_due(200.0)
    assert batches == [((OutputChunk("stdout", b"cabc"),), 296)]
    batcher.append("stdout", b"end")
    room[0] = False
    batcher.flush()
    assert batches[1] == ((OutputChunk("stdout", b"end"),), 0)


@pytest.mark.parametrize(
    ("on_disk", "source"),
    [(b"x = 1\n", "x = 1\n"), (b"x = 1\r\n", "x = 1\n"), (b"\xef\xbb\xbfx = 1\n", "x = 1\n")],
)
def test_a_file_with_the_text_of_the_buffer_is_run_itself(tmp_path: Path, on_disk: bytes, source: str) -> None:
    file = tmp_path / "x.py"
    file.write_bytes(on_disk)
    script = Script(RunRequest(run_id="1", source=source, path=str(file)), RunFolders(tmp_path / "runs"))
    assert (script.path, script.shown) == (str(file), str(file))
    script.remove()
    assert file.exists()


def test_another_text_is_run_from_a_copy_in_the_encoding_it_declares(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    source = "# -*- coding: latin-1 -*-\nx = 'é'\n"
    folders = RunFolders(tmp_path / "runs")
    script = Script(RunRequest(run_id="1", source=source, path=str(file)), folders)
    assert script.shown == str(file)
    assert Path(script.path).name == "x.py"
    assert Path(script.path).read_bytes() == source.encode("latin-1")
    folder = Path(script.path).parent
    script.remove()
    assert not folder.exists()
    folders.close()
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_name_cannot_lead_out_of_the_run_folder(tmp_path: Path) -> None:
    folders = RunFolders(tmp_path / "runs")
    script = Script(RunRequest(run_id="1", source="x", name="../../evil\0.py"), folders)
    assert Path(script.path).parent.parent.parent == tmp_path / "runs"
    script.remove()
    folders.close()


def test_a_snippet_works_in_its_own_folder_unless_told_otherwise(tmp_path: Path) -> None:
    path = str(tmp_path / "x.py")
    assert ScriptFolders.of(RunRequest("1", "", path=path)) == ScriptFolders(str(tmp_path), str(tmp_path))
    assert ScriptFolders.of(RunRequest("1", "", path=path, working_directory="/")) == ScriptFolders(str(tmp_path), "/")
    assert ScriptFolders.of(RunRequest("1", "", working_directory="/")) == ScriptFolders("/", "/")
    home = os.path.expanduser("~")  # noqa: PTH111
    assert ScriptFolders.of(RunRequest("1", "")) == ScriptFolders(home, home)
