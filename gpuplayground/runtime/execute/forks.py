"""Detaches the runtime from forked children of a snippet."""

from __future__ import annotations

import os
import sys

from ..io.channel import Channel
from .statements import SharedProgress

#: Warning of Python 3.12 and later when a process with several threads forks.
_WARNING = r"This process \(pid=\d+\) is multi-threaded"


def prepare_for_forks(channel: Channel, progress: SharedProgress) -> None:
    """Stop the helper thread during each fork, and detach channel and progress in the child."""
    if sys.platform == "win32":
        return

    def in_parent() -> None:
        if sys.version_info >= (3, 12):
            # Some versions count threads after this hook, when the helper thread is running again.
            _warn_of_threads(sys.platform != "linux" or len(os.listdir("/proc/self/task")) > 1)  # noqa: PTH208
        channel.resume()

    def in_child() -> None:
        channel.detach()
        progress.detach()

    os.register_at_fork(before=channel.pause, after_in_parent=in_parent, after_in_child=in_child)


def _warn_of_threads(wanted: bool) -> None:
    """Let Python warn about a fork with threads only if the snippet has its own threads."""
    import warnings

    ours = [f for f in warnings.filters if f[1] is not None and getattr(f[1], "pattern", f[1]) == _WARNING]
    if wanted:
        for entry in ours:
            warnings.filters.remove(entry)  # type: ignore[attr-defined]
    elif not ours:
        warnings.filterwarnings("ignore", _WARNING, DeprecationWarning)
