"""Formats how a run ended, in one line."""

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
#: Maximum length of a message in a summary line, in characters.
LINE = 120
#: End of a sentence: followed by a capital or a digit, and not part of an abbreviation such as "e.g.".
_SENTENCE_END = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bcf)[.!?](?=\s+[^\Wa-z_])|[。！？]")


def brief(text: str, limit: int = LINE) -> str:
    """Return a message shortened to one line: all of it, its first sentence, or the beginning of that.

    An ellipsis marks what is omitted.

    Args:
        text: one or more lines.
        limit: maximum number of characters.
    """
    first, *others = text.strip().splitlines() or [""]
    first, is_cut = " ".join(first.split()), any(line.strip() for line in others)
    if len(first) > limit:
        end = _SENTENCE_END.search(first)
        first, is_cut = first[: end.end()] if end else first, True
    if len(first) + 2 * is_cut <= limit:
        return f"{first} …" if is_cut else first
    # Cut between two words, unless a single word fills most of the line.
    head = first[: limit - 1].rpartition(" ")[0]
    return f"{head} …" if len(head) > limit // 2 else f"{first[: limit - 1]}…"


#: Note on a snippet that closed all descriptors, including the runtime's, and kept running.
CHANNEL_LOST = (
    "The snippet closed all descriptors or replaced itself with another program, so later reports "
    "(error, result, framework versions) are missing."
)


def signal_name(status: int) -> str | None:
    """Return the name of the signal in an exit status, such as ``SIGSEGV``; None if no signal ended the process."""
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
    """Return the sentence for a benchmark whose process ended early, for instance by ``os._exit()``."""
    place = f" at line {line}" if line is not None else ""
    sentence = f"The process ended with exit code {exit_code}{place} before the measurement: remove that exit."
    return f"{sentence} · {units.duration(duration_ns)}"


def of_exit(exit_code: int, message: str, duration_ns: int) -> str:
    """Return ``exit 3 · 1.20 s``, with the message passed to ``sys.exit()``, if any."""
    said = f": {brief(message)}" if message.strip() else ""
    return f"exit {exit_code}{said} · {units.duration(duration_ns)}"


def of_signal(name: str, line: int | None, duration_ns: int) -> str:
    """Return ``ended by SIGSEGV (a segmentation fault in native code) at line 4 · 1.20 s``."""
    meaning = f" ({_MEANINGS[name]})" if name in _MEANINGS else ""
    place = f" at line {line}" if line is not None else ""
    return f"ended by {name}{meaning}{place} · {units.duration(duration_ns)}"


def of_stop(how: str, line: int | None, duration_ns: int) -> str:
    """Return ``stopped at line 4 · 1.20 s``, where ``how`` is ``stopped``."""
    place = f" at line {line}" if line is not None else ""
    return f"{how}{place} · {units.duration(duration_ns)}"


def of_failed_start(interpreter: str, exit_code: int, last_words: str) -> str:
    """Return the sentence for an interpreter that ended before it could run anything."""
    words = f": {last_words}" if last_words else ""
    return f"{interpreter} did not work as a Python interpreter (exit {exit_code}{words}): choose another environment."


def left_running(count: int) -> str:
    """Return the note on processes that a snippet left running."""
    return "1 process left running was ended." if count == 1 else f"{count} processes left running were ended."


def cannot_be_ended(pid: int) -> str:
    """Return the note on a snippet's process that survived SIGKILL."""
    return f"Process {pid} could not be killed: the driver may hang."
