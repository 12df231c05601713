"""A variable of the set-up that takes one value after the other, with what depends on it made anew each time."""

from __future__ import annotations

import ast
import gc
from typing import Any, Callable, Iterator, Sequence

from .bench_body import RefusedError, Selection
from .statements import SharedProgress
from .wire import Progress


class Sweep:
    """What to do of the set-up for each value.

    The statements above the variable's assignment run once, with the first value; those below it run for each value.

    Args:
        selection: the snippet in two parts. The assignment in its set-up is replaced by one of the first value.
        filename: the snippet's file, for tracebacks.
        variable: a name that one statement of the set-up assigns.
        values: numbers.

    Raises:
        RefusedError: there is not exactly one such statement, or no value.
    """

    def __init__(self, selection: Selection, filename: str, variable: str, values: Sequence[float]) -> None:
        if not values:
            raise RefusedError(f"The sweep has no value for {variable}: name one, as in {variable} = 1, 2, 4.")
        places = list(_assignments(variable, selection.set_up_nodes))
        if not places:
            raise RefusedError(
                f"{variable} is not assigned above the selection: set it there, as in {variable} = 1024."
            )
        if len(places) > 1:
            raise RefusedError(f"{variable} is assigned {len(places)} times above the selection: keep one.")
        if variable in selection.names_bound(len(selection.set_up)):
            raise RefusedError(f"{variable} is assigned in what is to be measured too: move that above it.")
        self.values = values
        self._variable = variable
        self._selection = selection
        self._place = places[0]
        #: What is made anew for each value. Names that are also bound above the variable stay, as they may be sums.
        self._made = selection.names_bound(self._place + 1) - selection.names_bound(0, self._place + 1)
        statement = selection.set_up[self._place]
        text = "\n" * (statement.line - 1) + f"{variable} = {values[0]!r}"
        statement.code = compile(text, filename, "exec", dont_inherit=True)

    def set_up_again(
        self, index: int, namespace: dict[str, Any], progress: SharedProgress, awaited: Callable[[Any], None]
    ) -> None:
        """Free what the value before needed, set the variable to a value and execute what depends on it.

        Raises:
            BaseException: whatever a statement raises.
        """
        for name in self._made:
            namespace.pop(name, None)
        gc.collect()
        namespace[self._variable] = self.values[index]
        for place in range(self._place + 1, len(self._selection.set_up)):
            progress.words[Progress.CURRENT] = place
            awaitable = eval(self._selection.set_up[place].code, namespace)  # noqa: S307 - as execute() does
            if awaitable is not None:
                awaited(awaitable)


def _assignments(name: str, nodes: Sequence[ast.stmt]) -> Iterator[int]:
    """Yield the index of each statement ``name = ...`` among some at top level."""
    for index, node in enumerate(nodes):
        if isinstance(node, ast.AnnAssign):
            targets: list[ast.expr] = [node.target] if node.value is not None else []
        else:
            targets = node.targets if isinstance(node, ast.Assign) else []
        if len(targets) == 1 and isinstance(targets[0], ast.Name) and targets[0].id == name:
            yield index
