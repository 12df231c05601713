"""The values of a sweep as people write them: ``n = 2**10 .. 2**26``, ``n = 100 .. 500 step 100``, ``n = 1, 2, 4``."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from keyword import iskeyword

from gpuplayground.model.benchmarks import SweepPlan

MAX_VALUES = 1000
#: A value beyond this is no size of anything.
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
    """The text is no sweep; the message is a sentence that says what to write instead."""


def parse_sweep(text: str) -> SweepPlan:
    """Return the variable and its values.

    A range ``a .. b`` doubles from value to value and includes its end where it is met; ``x4`` behind it is another
    factor, and ``step 1000`` makes it linear. Values are whole numbers unless they are written with a point.

    Raises:
        SweepError: the text is none, or means more than :data:`MAX_VALUES` values.
    """
    variable, equals, values = (part.strip() for part in text.partition("="))
    if not (equals and values.replace(",", "").strip()):
        raise SweepError(f"“{text.strip()}” is no sweep: {_FORMS}.")
    if not variable.isidentifier() or iskeyword(variable):
        raise SweepError(f"“{variable}” is no name of a variable: {_FORMS}.")
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
        raise SweepError(f"A step of {step} leads nowhere: write one above zero.")
    # A little more than the end, for steps such as 0.1 that are not exact in binary.
    steps = (end - start) / step * (1 + 1e-12) + 1e-9
    if steps >= MAX_VALUES:  # it may be infinite
        raise _too_many()
    return tuple(_tidy(start + index * step) for index in range(int(steps) + 1))


def _geometric(start: float, end: float, factor: float) -> tuple[int | float, ...]:
    if start <= 0:
        raise SweepError("A range that multiplies starts above zero: choose another start, or add a step.")
    if factor <= 1:
        raise SweepError(f"A factor of {factor} leads nowhere: write one above 1, such as x2.")
    values: list[int | float] = []
    value, is_whole = start, isinstance(start, int)
    while value <= end * (1 + 1e-12):
        values.append(round(value) if is_whole else _tidy(value))
        if len(values) > MAX_VALUES:
            raise _too_many()
        value *= factor
    # A factor such as 1.1 repeats small whole numbers.
    return tuple(dict.fromkeys(values))


def _tidy(value: float) -> int | float:
    """Return a value without what arithmetic added to it: 0.3 and not 0.30000000000000004."""
    return value if isinstance(value, int) else float(f"{value:.12g}")


def _too_many() -> SweepError:
    return SweepError(f"That is more than {MAX_VALUES} values: choose a larger step or factor.")


def _value(text: str) -> int | float:
    text = text.strip()
    try:
        value = _evaluated(ast.parse(text, mode="eval").body, text)
    except (SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError, MemoryError):
        raise SweepError(f"“{text}” is no number: {_FORMS}.") from None
    if not abs(value) < _LIMIT:
        raise SweepError(f"“{text}” is too large: stay below 2**63.")
    return value


def _evaluated(node: ast.expr, text: str) -> int | float:
    """Return what an expression of numbers is worth, without Python's ``eval``."""
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
        # What would not fit is not computed: it could take for ever.
        if abs(right) * max(1, int(abs(base))).bit_length() > 1024:
            return float("inf")
        if isinstance(node.op, ast.Pow):
            power = left**right
            if isinstance(power, complex):
                raise TypeError("not a real number")
            return power
        if not (isinstance(left, int) and isinstance(right, int)):
            raise TypeError("only whole numbers are shifted")
        return left << right
    return _OPERATORS[type(node.op)](left, right)


def _literal(node: ast.Constant, text: str) -> int | float:
    """Return a number; one such as ``1e6``, without a point, is whole."""
    value = node.value
    if type(value) is int:
        return value
    if type(value) is not float:
        raise TypeError("not a number")
    return int(value) if value.is_integer() and "." not in (ast.get_source_segment(text, node) or ".") else value
