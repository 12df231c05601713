"""A variable of the set-up that takes one value after the other, with what depends on it made anew each time."""

from __future__ import annotations

import ast
import gc
from types import CodeType
from typing import Any, Callable, Sequence

from ..execute.bindings import names_set, with_value
from ..execute.statements import SharedProgress
from ..io.wire import Progress
from .body import RefusedError, Selection


class Sweep:
    """What to do of the set-up for each value.

    The statements above the variable's assignment run once; the assignment, with a value put in, and those below it run
    for each value.

    Args:
        selection: the snippet in two parts. The assignment in its set-up is given the first value.
        filename: the snippet's file, for tracebacks.
        variable: a name that a single assignment of the set-up sets.
        values: numbers.

    Raises:
        RefusedError: there is not exactly one such statement, or no value.
    """

    def __init__(self, selection: Selection, filename: str, variable: str, values: Sequence[float]) -> None:
        if not values:
            raise RefusedError(f"The sweep has no value for {variable}: name one, as in {variable} = 1, 2, 4.")
        reason = refusal(variable, selection.set_up_nodes, selection.nodes)
        if reason:
            raise RefusedError(f"{reason}.")
        self.values = values
        self._selection = selection
        self._filename = filename
        self._variable = variable
        nodes = selection.set_up_nodes
        self._place = next(index for index, node in enumerate(nodes) if variable in names_set([node]))
        #: What is made anew for each value. Names that are also set above stay, as they may be sums.
        self._made = names_set([*nodes[self._place :], *selection.nodes]) - names_set(nodes[: self._place])
        selection.set_up[self._place].code = self._code(values[0])

    def _code(self, value: float) -> CodeType:
        """Return the statement that sets the variable, with this value."""
        statements = with_value(self._selection.set_up_nodes[self._place], self._variable, value)
        assert statements is not None  # it would have been refused
        flags = self._selection.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code: CodeType = compile(ast.Module(statements, []), self._filename, "exec", flags, dont_inherit=True)
        return code

    def set_up_again(
        self, index: int, namespace: dict[str, Any], progress: SharedProgress, awaited: Callable[[Any], None]
    ) -> None:
        """Free what the value before needed, set the variable to the next and execute what depends on it.

        Raises:
            BaseException: whatever a statement raises.
        """
        for name in self._made:
            namespace.pop(name, None)
        gc.collect()
        set_up = self._selection.set_up
        set_up[self._place].code = self._code(self.values[index])
        for place in range(self._place, len(set_up)):
            progress.words[Progress.CURRENT] = place
            awaitable = eval(set_up[place].code, namespace)  # noqa: S307 - as execute() does
            if awaitable is not None:
                awaited(awaitable)


def refusal(variable: str, set_up: Sequence[ast.stmt], body: Sequence[ast.stmt]) -> str:
    """Return why a variable cannot take other values, and behind a colon what to do; an empty text where it can.

    Args:
        variable: a name.
        set_up: the statements above what is measured.
        body: the statements that are measured.
    """
    if variable in names_set(body):
        return f"{variable} is also set in the lines to measure: move that above them"
    setting = [node for node in set_up if variable in names_set([node])]
    if not setting:
        return f"{variable} is not assigned above: set it there, as in {variable} = 1024"
    if len(setting) > 1:
        lines = list(dict.fromkeys(str(node.lineno) for node in setting))
        place = f"line {lines[0]}" if len(lines) == 1 else f"lines {lines[0]} and {lines[1]}"
        return f"{variable} is set {len(setting)} times above ({place}{', …' if len(lines) > 2 else ''}): keep one"
    if with_value(setting[0], variable, 0) is None:
        line = setting[0].lineno
        return f"{variable} is not set by an assignment in line {line}: write one there, as in {variable} = 1024"
    return ""
