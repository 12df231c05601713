"""Steps after a run that may fail without costing its results or its exit code."""

from __future__ import annotations

from collections.abc import Callable

from gpuplayground.model.run_summary import brief
from gpuplayground.standard_streams import CommandFailedError, tell


def best_effort(action: Callable[[], object], failure: str) -> bool:
    """Do something and return whether it succeeded; if not, explain why in one sentence on stderr.

    Args:
        action: what to do. Every exception ends here, except an interruption by the user.
        failure: what its failure means, such as "The run is not kept in the history".
    """
    try:
        action()
    except CommandFailedError as error:
        tell(f"gpuplayground: {error}\n")
    except Exception as error:
        kind, words = type(error).__name__, str(error)
        tell(f"gpuplayground: {failure} ({brief(f'{kind}: {words}' if words else kind)}): the run is not affected.\n")
    else:
        return True
    return False
