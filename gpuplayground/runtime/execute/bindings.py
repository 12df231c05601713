"""Finds the names that a module's statements set, and changes the values of plain assignments."""

from __future__ import annotations

import ast
from typing import Iterable, Iterator, Sequence

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def names_set(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the module's names that some of its statements set or delete, at any depth.

    Names that a function declares ``global`` count, because calling it may set them; ``import *`` sets none.
    """
    return {name for node in nodes for name in _names(node)}


def assigned_values(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Yield each name that a plain assignment sets, with its expression.

    For ``a = b, c = 1, 2`` these are ``a`` with the tuple, ``b`` with 1 and ``c`` with 2.
    """
    parts = _parts(node)
    if parts is not None:
        targets, value = parts
        for target in targets:
            yield from _matched(target, value)


def with_value(node: ast.stmt, name: str, value: float) -> list[ast.stmt] | None:
    """Return statements like an assignment, but with ``name`` set to a number; None if it does not assign the name.

    The number replaces the name's expression where there is one: in ``n = m = 5`` for both names, in ``n, k = 5, 6``
    for the first. Otherwise the name is set afterwards.
    """
    parts = _parts(node)
    if parts is None:
        return None
    targets, old = parts
    if name not in names_set(targets):
        return None
    number = ast.copy_location(ast.Constant(value), old)
    new = old
    for target in targets:
        new = _replaced(target, new, name, number)
    made: list[ast.stmt] = [ast.Assign(list(targets), new)]
    if not any(found == name and expression is number for each in targets for found, expression in _matched(each, new)):
        made.append(ast.Assign([ast.Name(name, ast.Store())], number))
    return [ast.fix_missing_locations(ast.copy_location(each, node)) for each in made]


def _parts(node: ast.stmt) -> tuple[Sequence[ast.expr], ast.expr] | None:
    if isinstance(node, ast.Assign):
        return node.targets, node.value
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return [node.target], node.value
    return None


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]] | None:
    """Return the parts of a target paired with those of a value; None if they do not match one by one."""
    if not (isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List))):
        return None
    is_starred = any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts))
    if is_starred or len(target.elts) != len(value.elts):
        return None
    return list(zip(target.elts, value.elts))  # noqa: B905 - they are equally long


def _matched(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    for part, part_value in _pairs(target, value) or ():
        yield from _matched(part, part_value)


def _replaced(target: ast.expr, value: ast.expr, name: str, number: ast.expr) -> ast.expr:
    """Return a value with ``number`` wherever it is assigned to ``name`` through one target."""
    if isinstance(target, ast.Name):
        return number if target.id == name else value
    pairs = _pairs(target, value)
    if pairs is None:
        return value
    parts = [_replaced(part, part_value, name, number) for part, part_value in pairs]
    return ast.copy_location(ast.Tuple(parts, ast.Load()), value)


def _names(node: ast.AST) -> Iterator[str]:  # noqa: C901, PLR0912 - a branch for each kind of node
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            name = alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name)
            yield from () if name == "*" else (name,)
    elif isinstance(node, ast.AnnAssign) and node.value is None:
        yield from _names(node.annotation)
    elif isinstance(node, _COMPREHENSIONS):
        # Its variables are local, but := sets names outside.
        for part in ast.walk(node):
            if isinstance(part, ast.NamedExpr):
                yield part.target.id
    elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        yield from _names_of_scope(node)
    else:
        # An except clause and match patterns have names that are not nodes.
        for text in (getattr(node, "name", None), getattr(node, "rest", None)):
            if isinstance(text, str):
                yield text
        for child in ast.iter_child_nodes(node):
            yield from _names(child)


def _names_of_scope(node: ast.AST) -> Iterator[str]:
    """Yield the names that a definition sets outside: its own, those declared global, those set by := in its head."""
    if not isinstance(node, ast.Lambda):
        yield node.name  # type: ignore[attr-defined]
    for part in ast.walk(node):
        if isinstance(part, ast.Global):
            yield from part.names
    outside = [*getattr(node, "decorator_list", ()), *getattr(node, "bases", ())]
    outside += [keyword.value for keyword in getattr(node, "keywords", ())]
    arguments = getattr(node, "args", None)
    if arguments is not None:
        outside += [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]
    for part in outside:
        yield from _names(part)
