"""What comes after a run: none of it may cost the results that are there, or the run's own exit code."""

from __future__ import annotations

from collections.abc import Callable

from gpuplayground.model.run_summary import brief
from gpuplayground.standard_streams import CommandFailedError, tell


def attempt(action: Callable[[], object], otherwise: str) -> bool:
    """Do something and return whether that went well; where it did not, one sentence on stderr says so.

    Args:
        action: what to do. Whatever it raises ends here, except for an interruption by the user.
        otherwise: what there is not when it fails, such as "The run is not kept in the history".
    """
    try:
        action()
    except CommandFailedError as error:
        tell(f"gpuplayground: {error}\n")
    except Exception as error:
        kind, words = type(error).__name__, str(error)
        tell(f"gpuplayground: {otherwise} ({brief(f'{kind}: {words}' if words else kind)}): the run is not affected.\n")
    else:
        return True
    return False
