"""Which names statements set: everything that Python itself would store or delete at the top level."""

from __future__ import annotations

import ast

import pytest

from gpuplayground.runtime.execute.bindings import assigned_values, names_set, with_value


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a = b", "a"),
        ("a, (b, *c) = d", "a b c"),
        ("a = [b] = c", "a b"),
        ("a: int", ""),
        ("a: int = 1", "a"),
        ("a += 1", "a"),
        ("a.b = c[d] = 1", ""),
        ("del a, b.c", "a"),
        ("import a.b, c as d", "a d"),
        ("from a import b, c as d", "b d"),
        ("from a import *", ""),
        ("for a, (b, *c) in d: e = 1\nelse: f = 1", "a b c e f"),
        ("with a as b, c as (d, e): pass", "b d e"),
        ("try: pass\nexcept A as b: pass", "b"),
        (
            "match a:\n case [b, *c] if (d := 1): pass\n case {'e': f, **g}: pass\n case H(i) as j: pass",
            "b c d f g i j",
        ),
        ("print(a := 1)", "a"),
        ("[a for b in c if (d := b)]", "d"),
        ("sum((a := b) for b in c)", "a"),
        ("lambda a=(b := 1): (c := 2)", "b"),
        ("@(a := b)\ndef c(d=(e := 1), *, f=(g := 2)):\n h = 1\n global i\n i = 2", "a c e g i"),
        ("class A((b := C), metaclass=(d := E)): f = 1", "A b d"),
        ("async def a():\n global b", "a b"),
        ("if a: b = 1\nelif c: d = 1\nwhile e: f = 1", "b d f"),
    ],
)
def test_the_names_that_statements_set_are_known(source: str, names: str) -> None:
    assert names_set(ast.parse(source).body) == set(names.split())


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("n = 5", "n = 7"),
        ("n: int = 5", "n = 7"),
        ("n, k = 5, 6", "n, k = (7, 6)"),
        ("k, (n, m) = 1, [2, 3]", "k, (n, m) = (1, (7, 3))"),
        ("n, n = 5, 6", "n, n = (7, 7)"),
        ("m = n = 5", "m = n = 7"),
        ("n, k = m = 5, 6", "n, k = m = (7, 6)"),
        ("n, k = f()", "n, k = f(); n = 7"),
        ("n, *k = 1, 2", "n, *k = (1, 2); n = 7"),
        ("k, *n = 1, 2", "k, *n = (1, 2); n = 7"),
        ("n, k = 1, *m", "n, k = (1, *m); n = 7"),
    ],
)
def test_an_assignment_is_given_another_value(source: str, made: str) -> None:
    (node,) = ast.parse(source).body
    statements = with_value(node, "n", 7)
    assert statements is not None
    assert list(map(ast.dump, statements)) == list(map(ast.dump, ast.parse(made).body))
    assert {each.lineno for each in statements} == {1}


@pytest.mark.parametrize(
    "source", ["n += 1", "for n in x: pass", "import n", "n: int", "k = (n := 5)", "k = 5", "n.k = 1"]
)
def test_what_is_no_assignment_to_the_name_is_given_none(source: str) -> None:
    assert with_value(ast.parse(source).body[0], "n", 7) is None


def test_the_expressions_that_names_are_set_to_are_found() -> None:
    (node,) = ast.parse("a, (b, c) = d = 1, (2, x)").body
    found = [(name, ast.unparse(value)) for name, value in assigned_values(node)]
    assert found == [("a", "1"), ("b", "2"), ("c", "x"), ("d", "(1, (2, x))")]
