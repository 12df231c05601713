"""Forks of a snippet: the copy must be as if nothing of ours were in the process."""

from __future__ import annotations

import os
import sys

from ..io.channel import Channel
from .statements import SharedProgress

#: What Python 3.12 and later warn of when a process with several threads forks.
_WARNING = r"This process \(pid=\d+\) is multi-threaded"


def prepare_for_forks(channel: Channel, progress: SharedProgress) -> None:
    """Stop our thread for the moment of each fork, and give channel and progress up in the child."""
    if sys.platform == "win32":
        return

    def in_parent() -> None:
        if sys.version_info >= (3, 12):
            # Some versions count threads after this hook, when ours is there again.
            _warn_of_threads(sys.platform != "linux" or len(os.listdir("/proc/self/task")) > 1)  # noqa: PTH208
        channel.resume()

    def in_child() -> None:
        channel.detach()
        progress.detach()

    os.register_at_fork(before=channel.pause, after_in_parent=in_parent, after_in_child=in_child)


def _warn_of_threads(wanted: bool) -> None:
    """Let Python warn of a fork with threads only if the snippet has threads of its own."""
    import warnings

    ours = [f for f in warnings.filters if f[1] is not None and getattr(f[1], "pattern", f[1]) == _WARNING]
    if wanted:
        for entry in ours:
            warnings.filters.remove(entry)  # type: ignore[attr-defined]
    elif not ours:
        warnings.filterwarnings("ignore", _WARNING, DeprecationWarning)
