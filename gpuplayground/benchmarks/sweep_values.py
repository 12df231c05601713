"""Parses sweeps such as ``n = 2**10 .. 2**26``, ``n = 100 .. 500 step 100`` and ``n = 1, 2, 4``."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from keyword import iskeyword

from gpuplayground.model.benchmarks import SweepPlan

MAX_VALUES = 1000
#: Values of this magnitude or more are rejected.
_LIMIT = 2**63
_FORMS = "write a range such as n = 2**10 .. 2**26, or a list such as n = 1, 2, 4"
_RANGE = re.compile(r"(?P<start>.+?)\s*\.\.\s*(?P<end>.+?)(?:\s+step\s+(?P<step>.+?)|\s+[x×]\s*(?P<factor>.+?))?")
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


class SweepError(Exception):
    """The text is not a valid sweep; the message is a sentence that says what to write instead."""


def parse_sweep(text: str) -> SweepPlan:
    """Return the variable and its values.

    A range ``a .. b`` doubles from value to value and includes its end if it is reached. A suffix ``x4`` sets another
    factor, ``step 1000`` makes the range linear. Values are integers unless written with a decimal point.

    Raises:
        SweepError: the text is invalid, or has more than :data:`MAX_VALUES` values.
    """
    variable, equals, values = (part.strip() for part in text.partition("="))
    if not (equals and values.replace(",", "").strip()):
        raise SweepError(f"“{text.strip()}” is not a sweep: {_FORMS}.")
    if not variable.isidentifier() or iskeyword(variable):
        raise SweepError(f"“{variable}” is not a variable name: {_FORMS}.")
    match = _RANGE.fullmatch(values)
    if match is None:
        return SweepPlan(variable, _listed(values))
    start, end = _value(match["start"]), _value(match["end"])
    if end < start:
        raise SweepError(f"The range ends at {end}, below its start {start}: write the smaller value first.")
    if match["step"] is not None:
        return SweepPlan(variable, _linear(start, end, _value(match["step"])))
    return SweepPlan(variable, _geometric(start, end, _value(match["factor"] or "2")))


def _listed(text: str) -> tuple[int | float, ...]:
    parts = [part for part in text.split(",") if part.strip()]
    if len(parts) > MAX_VALUES:
        raise _too_many()
    return tuple(_value(part) for part in parts)


def _linear(start: float, end: float, step: float) -> tuple[int | float, ...]:
    if step <= 0:
        raise SweepError(f"The step is {step}, but it must be above zero.")
    # Slightly beyond the end, because steps such as 0.1 are not exact in binary.
    steps = (end - start) / step * (1 + 1e-12) + 1e-9
    if steps >= MAX_VALUES:  # it may be infinite
        raise _too_many()
    return tuple(_tidy(start + index * step) for index in range(int(steps) + 1))


def _geometric(start: float, end: float, factor: float) -> tuple[int | float, ...]:
    if start <= 0:
        raise SweepError("A range with a factor must start above zero: choose another start, or add a step.")
    if factor <= 1:
        raise SweepError(f"The factor is {factor}, but it must be above 1, such as x2.")
    values: list[int | float] = []
    value, is_whole = start, isinstance(start, int)
    while value <= end * (1 + 1e-12):
        values.append(round(value) if is_whole else _tidy(value))
        if len(values) > MAX_VALUES:
            raise _too_many()
        value *= factor
    # A factor such as 1.1 repeats small integers.
    return tuple(dict.fromkeys(values))


def _tidy(value: float) -> int | float:
    """Return a value without rounding noise: 0.3 instead of 0.30000000000000004."""
    return value if isinstance(value, int) else float(f"{value:.12g}")


def _too_many() -> SweepError:
    return SweepError(f"That is more than {MAX_VALUES} values: choose a larger step or factor.")


def _value(text: str) -> int | float:
    text = text.strip()
    try:
        value = _evaluated(ast.parse(text, mode="eval").body, text)
    except (SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError, MemoryError):
        raise SweepError(f"“{text}” is not a number: {_FORMS}.") from None
    if not abs(value) < _LIMIT:
        raise SweepError(f"“{text}” is too large: stay below 2**63.")
    return value


def _evaluated(node: ast.expr, text: str) -> int | float:
    """Return the value of an arithmetic expression, without ``eval``."""
    if isinstance(node, ast.Constant):
        return _literal(node, text)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        operand = _evaluated(node.operand, text)
        return -operand if isinstance(node.op, ast.USub) else operand
    if not isinstance(node, ast.BinOp):
        raise TypeError("not arithmetic")
    left, right = _evaluated(node.left, text), _evaluated(node.right, text)
    if isinstance(node.op, (ast.Pow, ast.LShift)):
        base = left if isinstance(node.op, ast.Pow) else 2
        # Not computed if too large, because that could take forever.
        if abs(right) * max(1, int(abs(base))).bit_length() > 1024:
            return float("inf")
        if isinstance(node.op, ast.Pow):
            power = left**right
            if isinstance(power, complex):
                raise TypeError("not a real number")
            return power
        if not (isinstance(left, int) and isinstance(right, int)):
            raise TypeError("only integers can be shifted")
        return left << right
    return _OPERATORS[type(node.op)](left, right)


def _literal(node: ast.Constant, text: str) -> int | float:
    """Return a number; ``1e6``, which has no decimal point, is an integer."""
    value = node.value
    if type(value) is int:
        return value
    if type(value) is not float:
        raise TypeError("not a number")
    return int(value) if value.is_integer() and "." not in (ast.get_source_segment(text, node) or ".") else value
