"""Splitting a snippet into statements, without a process."""

from __future__ import annotations

import pytest

from gpuplayground.runtime.execute.statements import split


def texts(source: str) -> list[str]:
    return [statement.source for statement in split(source, "x.py")[1]]


def test_a_snippet_is_split_into_its_top_level_statements() -> None:
    assert texts("x = 1\nif x:\n    y = 2\n    z = 3\nprint(x)") == ["x = 1", "if x:", "print(x)"]


def test_only_the_plain_guard_is_flattened() -> None:
    assert texts('if __name__ == "__main__":\n    a = 1\n    b = 2\n') == ["a = 1", "b = 2"]
    assert texts('if __name__ == "__main__":\n    a = 1\nelse:\n    b = 2\n') == ['if __name__ == "__main__":']
    assert texts('if __name__ != "__main__":\n    a = 1\n') == ['if __name__ != "__main__":']


def test_code_keeps_its_lines() -> None:
    _, statements = split("\n\nx = 1\n\n\ndef f():\n    pass\n", "x.py")
    assert statements[0].code.co_consts[0] == 1
    assert [(s.line, s.end_line) for s in statements] == [(3, 3), (6, 7)]
    function = next(c for c in statements[1].code.co_consts if hasattr(c, "co_firstlineno"))
    assert function.co_firstlineno == 6


def test_imports_are_named_without_their_aliases() -> None:
    _, statements = split("import a.b as c, d\nfrom e import f as g, h\nfrom . import i", "x.py")
    assert [s.imports for s in statements] == [
        ("import a.b", "import d"),
        ("from e import f", "from e import h"),
        (),
    ]


@pytest.mark.filterwarnings("always")
def test_a_warning_of_the_compiler_comes_once(recwarn: pytest.WarningsRecorder) -> None:
    split("x = 1\ny = x is 1\nz = '\\d'\n", "x.py")
    assert len(recwarn) == 2


def test_deep_expressions_compile_as_they_do_from_text() -> None:
    assert len(texts(f"x = {'1 + ' * 2000}1")) == 1


def test_columns_are_bytes_and_tabs_are_characters() -> None:
    assert texts("ä = 'é'; ö = 2;\tü = 3") == ["ä = 'é'", "ö = 2", "ü = 3"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_counts_lines_alike(end: str) -> None:
    assert texts(f"a = 1{end}b = '''x{end}y'''{end}c = 3{end}") == ["a = 1", "b = '''x", "c = 3"]


def test_form_feeds_do_not_shift_lines() -> None:
    assert texts("a = 1\n\x0c\nb = '\x0b \x1c \u2028'\nc = 3\n")[-1] == "c = 3"
