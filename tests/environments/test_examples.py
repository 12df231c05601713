"""The examples that ship, read without running them, and what keeps a file from being one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from gpuplayground.environments.examples import Example, ExampleError, load_example, load_examples
from gpuplayground.runs.leading_imports import leading_imports
from gpuplayground.storage import paths

GOOD = '''# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "cupy-cuda12x[ctk]>=13"]
# ///
# topic: Reductions
# framework: CuPy
# needs: gpu 8.0
"""Sum of squares

Shows a reduction
over two lines.

Look at the sum.

Then make it
longer.
"""
# %% Sum
assert sum([1, 4]) == 5
'''
DOCSTRING = GOOD[GOOD.index('"""') : GOOD.rindex('"""') + 3]
SHIPPED = load_examples(paths.resources() / "examples")


def write(folder: Path, source: str, name: str = "sample.py") -> Path:
    path = folder / name
    path.write_text(source, "utf-8")
    return path


def test_an_example_is_described_by_its_docstring_its_comments_and_its_script_metadata(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    expected = Example(
        path,
        title="Sum of squares",
        summary="Shows a reduction over two lines.",
        topic="Reductions",
        dependencies=("numpy", "cupy-cuda12x[ctk]>=13"),
        source=GOOD,
        framework="CuPy",
        note="Look at the sum. Then make it longer.",
        needs_gpu=True,
        min_capability=(8, 0),
    )
    assert load_example(path) == expected


@pytest.mark.parametrize(
    ("line", "needs_gpu", "capability"),
    [("", False, None), ("# needs: gpu\n", True, None), ("# needs: gpu 12.1\n", True, (12, 1))],
)
def test_an_example_says_which_gpu_it_needs(
    tmp_path: Path, line: str, needs_gpu: bool, capability: tuple[int, int] | None
) -> None:
    example = load_example(write(tmp_path, GOOD.replace("# needs: gpu 8.0\n", line)))
    assert (example.needs_gpu, example.min_capability) == (needs_gpu, capability)


def test_of_two_topics_the_first_counts(tmp_path: Path) -> None:
    example = load_example(write(tmp_path, GOOD + "# topic: Something else\n"))
    assert example.topic == "Reductions"


def test_describing_an_example_does_not_run_it(tmp_path: Path) -> None:
    load_example(write(tmp_path, GOOD + "raise SystemExit('it ran')\n"))


def test_a_topic_inside_a_string_is_not_a_topic(tmp_path: Path) -> None:
    source = GOOD.replace("# topic: Reductions\n", "") + "text = '''\n# topic: Nonsense\n'''\n"
    with pytest.raises(ExampleError, match="has no topic"):
        load_example(write(tmp_path, source))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("# topic: Reductions\n", "", "sample.py has no topic"),
        ("# framework: CuPy\n", "", "sample.py has no framework"),
        ("gpu 8.0", "gpu eight", "sample.py needs 'gpu eight': write '# needs: gpu' or '# needs: gpu 8.0'"),
        (DOCSTRING, "", "sample.py has no module docstring"),
        (DOCSTRING, '"""Sum of squares"""', "sample.py has no description"),
        ("\n\nLook at the sum.\n\nThen make it\nlonger.", "", "sample.py has no note"),
        ("# /// script\n", "", "sample.py has no PEP 723 block"),
        ("# dependencies", "# requirements", "sample.py has a PEP 723 block without a list of dependencies"),
        ('"numpy", ', '"numpy" ', "sample.py has a PEP 723 block that is not TOML"),
        ("# %% Sum\n", "", "sample.py has no cells"),
        ("assert sum", "assert (sum", "sample.py is not valid Python"),
    ],
)
def test_a_file_that_lacks_a_part_is_refused_in_a_sentence_that_names_it(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    assert old in GOOD
    with pytest.raises(ExampleError, match=sentence):
        load_example(write(tmp_path, GOOD.replace(old, new)))


def test_examples_of_one_topic_stand_together_in_the_order_of_their_file_names(tmp_path: Path) -> None:
    for name, topic in (("c.py", "Reductions"), ("a.py", "Reductions"), ("b.py", "Copies")):
        write(tmp_path, GOOD.replace("topic: Reductions", f"topic: {topic}"), name)
    assert [example.path.name for example in load_examples(tmp_path)] == ["a.py", "c.py", "b.py"]


def test_a_folder_that_is_not_there_holds_no_examples(tmp_path: Path) -> None:
    assert load_examples(tmp_path / "nothing") == ()


def test_examples_are_found_in_folders_by_topic(tmp_path: Path) -> None:
    for folder, topic in (("2_copies", "Copies"), ("1_first", "First steps")):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, GOOD.replace("topic: Reductions", f"topic: {topic}"))
    assert [example.topic for example in load_examples(tmp_path)] == ["First steps", "Copies"]


def test_the_first_steps_ship_for_every_framework() -> None:
    frameworks = [example.framework for example in SHIPPED if "_vector_addition_" in example.path.stem]
    assert frameworks == ["NumPy", "PyCUDA", "CuPy", "PyTorch", "TensorFlow", "Numba", "OpenCL"]


def test_each_topic_of_the_shipped_examples_is_a_folder_of_its_own() -> None:
    folders = {example.path.parent.name: set[str]() for example in SHIPPED}
    for example in SHIPPED:
        folders[example.path.parent.name].add(example.topic)
    assert sorted(name[0] for name in folders) == list("123456789")
    assert all(len(topics) == 1 for topics in folders.values())
    assert len({example.topic for example in SHIPPED}) == 9


def test_the_file_names_of_the_shipped_examples_are_told_apart_as_tabs_are() -> None:
    assert len({example.path.name for example in SHIPPED}) == len(SHIPPED)


def test_the_page_of_examples_lists_what_ships() -> None:
    page = paths.resources().parent / "docs" / "examples.md"
    rows = [line.split("|")[1:5] for line in page.read_text("utf-8").splitlines() if line.startswith("| ")]
    listed = [tuple(cell.strip() for cell in row) for row in rows]
    for example in SHIPPED:
        assert (example.topic, f"`{example.path.stem}`: {example.title}", example.framework, needs(example)) in listed


def needs(example: Example) -> str:
    if example.min_capability is not None:
        return f"GPU {example.min_capability[0]}.{example.min_capability[1]}"
    return "GPU" if example.needs_gpu else ""


@pytest.mark.parametrize("example", SHIPPED, ids=lambda example: example.path.stem)
def test_a_shipped_example_is_titled_split_into_titled_cells_and_checks_its_result(example: Example) -> None:
    assert 10 <= len(example.title) <= 60
    assert 40 <= len(example.summary) <= 140
    assert example.summary.endswith(".")
    cells = [line for line in example.source.splitlines() if line.startswith("# %%")]
    assert len(cells) >= 4
    assert all(line.startswith("# %% ") for line in cells)
    assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(example.source)))
    assert max(map(len, example.source.splitlines())) <= 120
    assert len(example.source.splitlines()) < 80


@pytest.mark.parametrize("example", SHIPPED, ids=lambda example: example.path.stem)
def test_the_note_of_a_shipped_example_is_some_sentences(example: Example) -> None:
    assert 100 <= len(example.note) <= 420
    assert 2 <= len(re.findall(r"[.?](?= [A-Z(]|$)", example.note)) <= 4


@pytest.mark.parametrize("example", SHIPPED, ids=lambda example: example.path.stem)
def test_the_note_of_a_shipped_example_names_cells_that_are_there(example: Example) -> None:
    titles = [line.removeprefix("# %% ") for line in example.source.splitlines() if line.startswith("# %% ")]
    for quoted in re.findall(r'"([^"]+)"', example.note):
        assert any(title.startswith(quoted) for title in titles)


@pytest.mark.parametrize("example", SHIPPED, ids=lambda example: example.path.stem)
def test_a_shipped_example_leaves_installation_to_the_application(example: Example) -> None:
    assert "pip install" not in example.source
    assert "is not installed" not in example.source
    assert "find_spec" not in example.source


@pytest.mark.parametrize("example", SHIPPED, ids=lambda example: example.path.stem)
def test_a_shipped_example_that_stops_without_a_gpu_says_so_before_it_runs(example: Example) -> None:
    assert ("sys.exit(" in example.source) == (example.needs_gpu or example.path.stem.endswith("_torch_compile"))


@pytest.mark.parametrize("example", SHIPPED, ids=lambda example: example.path.stem)
def test_a_shipped_example_leaves_timing_to_the_application(example: Example) -> None:
    names = {node.attr for node in ast.walk(ast.parse(example.source)) if isinstance(node, ast.Attribute)}
    # Work on several streams has to be waited for; everything else is waited for by the copy back.
    waits = set() if example.path.stem.endswith("_on_streams") else {"synchronize"}
    assert not names & {"perf_counter", "Event", "monotonic", *waits}


@pytest.mark.parametrize(
    ("stem", "heavy"),
    [("numpy", "numpy"), ("cupy", "cupy"), ("torch", "torch"), ("tensorflow", "tensorflow"), ("numba", "numba")],
)
def test_a_warm_spare_can_import_the_framework_of_an_example_ahead(stem: str, heavy: str) -> None:
    (source,) = (example.source for example in SHIPPED if example.path.stem.endswith(f"_vector_addition_{stem}"))
    assert any(text.split()[1] == heavy for text in leading_imports(source))


def test_the_kernel_of_the_pycuda_example_is_called_add_them_and_checks_its_bounds() -> None:
    (source,) = (example.source for example in SHIPPED if example.path.stem.endswith("_vector_addition_pycuda"))
    assert "__global__ void add_them(" in source
    assert "if (i < n)" in source


@pytest.mark.parametrize("step", ["gpuarray.to_gpu(a)", "SourceModule(", "add_them(d_c", "d_c.get()"])
def test_each_step_of_the_pycuda_example_is_a_statement_of_its_own(step: str) -> None:
    (source,) = (example.source for example in SHIPPED if example.path.stem.endswith("_vector_addition_pycuda"))
    statements = [ast.get_source_segment(source, node) or "" for node in ast.parse(source).body]
    (statement,) = (statement for statement in statements if step in statement)
    steps = ("to_gpu(a)", "to_gpu(b)", "SourceModule(", "add_them(d_c", ".get()")
    assert sum(other in statement for other in steps) == 1
