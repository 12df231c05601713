"""Sets a variable of the set-up to each value of a sweep and runs the dependent statements again."""

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
    """Runs the set-up for each value of a sweep.

    Statements above the variable's assignment run once; the assignment, with the value inserted, and the statements
    below run for each value.

    Args:
        selection: the snippet's set-up and body. The assignment in the set-up is given the first value.
        filename: the snippet's file name for tracebacks.
        variable: a name that is set by a single assignment of the set-up.
        values: numbers.

    Raises:
        RefusedError: there is not exactly one such assignment, or no value.
    """

    def __init__(self, selection: Selection, filename: str, variable: str, values: Sequence[float]) -> None:
        if not values:
            raise RefusedError(f"The sweep has no value for {variable}: give some, as in {variable} = 1, 2, 4.")
        reason = refusal(variable, selection.set_up_nodes, selection.nodes)
        if reason:
            raise RefusedError(f"{reason}.")
        self.values = values
        self._selection = selection
        self._filename = filename
        self._variable = variable
        nodes = selection.set_up_nodes
        self._place = next(index for index, node in enumerate(nodes) if variable in names_set([node]))
        #: Names that are deleted before each value. Names also set above stay, because they may accumulate.
        self._made = names_set([*nodes[self._place :], *selection.nodes]) - names_set(nodes[: self._place])
        selection.set_up[self._place].code = self._code(values[0])

    def _code(self, value: float) -> CodeType:
        """Return the code of the assignment with a value inserted."""
        statements = with_value(self._selection.set_up_nodes[self._place], self._variable, value)
        assert statements is not None  # otherwise the sweep would have been refused
        flags = self._selection.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code: CodeType = compile(ast.Module(statements, []), self._filename, "exec", flags, dont_inherit=True)
        return code

    def set_up_again(
        self, index: int, namespace: dict[str, Any], progress: SharedProgress, awaited: Callable[[Any], None]
    ) -> None:
        """Free the objects of the previous value, set the variable to the next and execute the dependent statements.

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
    """Return why a variable cannot be swept, and after a colon what to do; empty if it can.

    Args:
        variable: the name.
        set_up: the statements above the measured ones.
        body: the measured statements.
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
