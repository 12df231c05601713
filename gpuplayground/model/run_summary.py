"""How a run ended, in one line."""

from __future__ import annotations

import re
import signal

from gpuplayground import units
from gpuplayground.model.results import RunError

_MEANINGS = {
    "SIGSEGV": "a segmentation fault in native code",
    "SIGBUS": "a bus error in native code",
    "SIGABRT": "native code aborted",
    "SIGFPE": "an arithmetic error in native code",
    "SIGILL": "an illegal instruction in native code",
    "SIGKILL": "from outside; often the system had run out of memory",
    "SIGTERM": "from outside",
    "SIGXCPU": "the limit on CPU time",
}
#: Characters of a message that a line has room for, beside the name of the file, a line number and a time.
LINE = 120
#: The end of a sentence: a capital or a figure begins the next one. "e.g." and the like end none.
_SENTENCE_END = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bcf)[.!?](?=\s+[^\Wa-z_])|[。！？]")


def brief(text: str, limit: int = LINE) -> str:
    """Return what a line has room for of a message: all of it, or its first sentence, or the beginning of that.

    What was left out is an ellipsis. The message of an exception begins with its name.

    Args:
        text: one or more lines.
        limit: characters at most.
    """
    first, *others = text.strip().splitlines() or [""]
    first, is_cut = " ".join(first.split()), any(line.strip() for line in others)
    if len(first) > limit:
        end = _SENTENCE_END.search(first)
        first, is_cut = first[: end.end()] if end else first, True
    if len(first) + 2 * is_cut <= limit:
        return f"{first} …" if is_cut else first
    # Between two words, unless one of them is a line by itself.
    head = first[: limit - 1].rpartition(" ")[0]
    return f"{head} …" if len(head) > limit // 2 else f"{first[: limit - 1]}…"


#: The note on a snippet that closed all descriptors, also ours, and went on.
CHANNEL_LOST = (
    "The snippet closed all descriptors or became another program: what it would have reported from then on "
    "(its error, its result, the versions of its frameworks) is missing."
)


def signal_name(status: int) -> str | None:
    """Return the name of the signal that ended a process of this status, such as ``SIGSEGV``."""
    if status >= 0:
        return None
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def of_error(error: RunError, duration_ns: int) -> str:
    """Return ``ValueError: message (line 4) · 1.20 s``."""
    return of_failure(error.text, error.line, duration_ns)


def of_failure(message: str, line: int | None, duration_ns: int | None = None) -> str:
    """Return ``ValueError: message (line 4)``, and with a duration ``ValueError: message (line 4) · 1.20 s``."""
    place = f" (line {line})" if line is not None else ""
    time = f" · {units.duration(duration_ns)}" if duration_ns is not None else ""
    return f"{brief(message)}{place}{time}"


def of_early_end(exit_code: int, line: int | None, duration_ns: int) -> str:
    """Return the sentence for a benchmark whose process ended by ``os._exit()`` or the like."""
    place = f" at line {line}" if line is not None else ""
    sentence = f"The process ended with exit code {exit_code}{place} before it was measured: take that out."
    return f"{sentence} · {units.duration(duration_ns)}"


def of_exit(exit_code: int, message: str, duration_ns: int) -> str:
    """Return ``exit 3 · 1.20 s``, with the text given to ``sys.exit()`` if there was one."""
    said = f": {brief(message)}" if message.strip() else ""
    return f"exit {exit_code}{said} · {units.duration(duration_ns)}"


def of_signal(name: str, line: int | None, duration_ns: int) -> str:
    """Return ``ended by SIGSEGV (a segmentation fault in native code) at line 4 · 1.20 s``."""
    meaning = f" ({_MEANINGS[name]})" if name in _MEANINGS else ""
    place = f" at line {line}" if line is not None else ""
    return f"ended by {name}{meaning}{place} · {units.duration(duration_ns)}"


def of_stop(how: str, line: int | None, duration_ns: int) -> str:
    """Return ``stopped at line 4 · 1.20 s``; ``how`` is its first word or words."""
    place = f" at line {line}" if line is not None else ""
    return f"{how}{place} · {units.duration(duration_ns)}"


def of_failed_start(interpreter: str, exit_code: int, last_words: str) -> str:
    """Return why an interpreter ended before it could run anything."""
    words = f": {last_words}" if last_words else ""
    return f"{interpreter} did not work as a Python interpreter (exit {exit_code}{words}): choose another environment."


def left_running(count: int) -> str:
    """Return the note on processes that outlived a snippet."""
    return "1 process left running was ended." if count == 1 else f"{count} processes left running were ended."


def cannot_be_ended(pid: int) -> str:
    """Return the note on a snippet's process that outlived even SIGKILL."""
    return f"Process {pid} could not be ended: the driver may hang."
