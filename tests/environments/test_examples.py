"""The examples that ship, read without running them, and what keeps a file from being one."""

from __future__ import annotations

import ast
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
"""Sum of squares

Shows a reduction
over two lines.
"""
# %% Sum
assert sum([1, 4]) == 5
'''
SHIPPED = load_examples(paths.resources() / "examples")


def write(folder: Path, source: str, name: str = "sample.py") -> Path:
    path = folder / name
    path.write_text(source, "utf-8")
    return path


def test_an_example_is_described_by_its_docstring_its_topic_and_its_script_metadata(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    expected = Example(
        path,
        title="Sum of squares",
        summary="Shows a reduction over two lines.",
        topic="Reductions",
        dependencies=("numpy", "cupy-cuda12x[ctk]>=13"),
        source=GOOD,
    )
    assert load_example(path) == expected


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
        ('"""Sum of squares\n\nShows a reduction\nover two lines.\n"""', "", "sample.py has no module docstring"),
        ("\n\nShows a reduction\nover two lines.\n", "", "sample.py has no description"),
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


def test_vector_addition_ships_for_numpy_pycuda_cupy_pytorch_tensorflow_and_numba() -> None:
    topic = [example for example in SHIPPED if example.topic == "Vector addition"]
    for example, package in zip(
        topic, ("numpy", "pycuda", "cupy-cuda12x[ctk]", "torch", "tensorflow", "numba"), strict=True
    ):
        assert package in example.dependencies


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


@pytest.mark.parametrize("example", SHIPPED, ids=lambda example: example.path.stem)
def test_a_shipped_example_leaves_timing_to_the_application(example: Example) -> None:
    names = {node.attr for node in ast.walk(ast.parse(example.source)) if isinstance(node, ast.Attribute)}
    assert not names & {"synchronize", "perf_counter", "Event", "monotonic"}


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
