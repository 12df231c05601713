"""Runs uv and turns what it says into progress and sentences.

uv reports the bytes of its downloads to terminals only, so on POSIX it gets a pseudo-terminal. That also ends it with
this process, however this process ends: the terminal hangs up.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event

from gpuplayground.child.lifetime import apart, kill, reap
from gpuplayground.environments.managed.pip_settings import uv_environment
from gpuplayground.environments.managed.records import BuildCancelledError, BuildError

#: Makes the terminal on standard input the controlling one, then becomes the command. Under nohup the hang-up that ends
#: it would be ignored.
_IN_TERMINAL = (
    "import fcntl, os, signal, sys, termios; signal.signal(signal.SIGHUP, signal.SIG_DFL); "
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
#: A line of uv's progress, such as ``numpy  -----  15.89 KiB/16.13 MiB``.
_DOWNLOAD = re.compile(
    r"(?P<name>[\w.\-]+)\s+-+\s+(?P<got>[\d.]+) ?(?P<got_unit>[KMGT]?i?B)/(?P<all>[\d.]+) ?(?P<all_unit>[KMGT]?i?B)"
)
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
#: What uv draws while it works: a spinner, a bar; and the folder, which is known.
_DRAWN = re.compile(r"^([⠀-⣿]\s|[░█]{3}|Using Python )")
#: Width of the terminal: uv wraps its messages at it.
_COLUMNS = 500
_POLL_S = 0.05
_END_S = 1.0
#: Maximum time until all that an ended program has printed is read, in seconds.
_READ_S = 10.0
#: No line of progress is longer, in bytes.
_LINE = 4096
#: How much of uv's output is kept for the error message, in characters.
_KEPT = 20_000

#: (name, received bytes, total bytes) of a download.
OnDownload = Callable[[str, int, int], None]


class UvError(BuildError):
    """uv failed. ``kind`` says how: ``network``, ``conflict``, ``disk`` and others."""

    def __init__(self, kind: str, sentence: str, details: str) -> None:
        super().__init__(sentence, details)
        self.kind = kind


def uv_path() -> str:
    """Return the path of uv.

    Raises:
        BuildError: it is not installed.
    """
    try:
        import uv

        return str(uv.find_uv_bin())
    except (ImportError, FileNotFoundError) as error:
        raise BuildError("uv, which builds environments, is missing: python -m pip install uv") from error


def run_uv(
    arguments: Sequence[str | Path], cancelled: Event | None = None, on_download: OnDownload | None = None
) -> str:
    """Run uv and return what it printed, both streams together.

    Args:
        arguments: its arguments.
        cancelled: set it to end uv.
        on_download: called with the bytes of each download.

    Raises:
        BuildCancelledError: ``cancelled`` was set.
        UvError: uv failed.
    """
    return run_tool([uv_path(), *arguments], uv_variables(os.environ), cancelled, on_download)


def uv_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables to run uv with."""
    variables = {
        **environment,
        **uv_environment(environment),
        "NO_COLOR": "1",
        "TERM": "xterm",
        "COLUMNS": str(_COLUMNS),
    }
    variables.setdefault("UV_SYSTEM_CERTS", "1")  # a company's own certificates are in the system's store
    # Else uv would change the environment or the project that this program was started in.
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH", "PYTHONHOME"):
        variables.pop(name, None)
    return variables


def run_tool(
    command: Sequence[str | Path],
    variables: Mapping[str, str],
    cancelled: Event | None = None,
    on_download: OnDownload | None = None,
    timeout_s: float = math.inf,
) -> str:
    """Run a program of a build as :func:`run_uv` does; ``kind`` is ``timed out`` if it takes too long."""
    if cancelled is not None and cancelled.is_set():
        raise BuildCancelledError("The build was cancelled.")
    process, output = _start([str(part) for part in command], variables)
    kept = bytearray()
    reader = threading.Thread(target=_read, args=(output, kept, on_download), daemon=True)
    reader.start()
    deadline = time.monotonic() + timeout_s
    is_late = False
    try:
        while not is_late and process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)
            if cancelled is not None and cancelled.is_set():
                raise BuildCancelledError("The build was cancelled.")
            is_late = time.monotonic() > deadline
    finally:
        kill(process)
        reap(process, _END_S)
        reader.join(_READ_S)
        if not reader.is_alive():
            os.close(output)
    text = _plain(kept.decode("utf-8", "replace"))
    if is_late:
        raise UvError("timed out", f"{command[0]} did not end in {timeout_s:g} s.", text)
    if process.returncode:
        kind, sentence = explained(text, process.returncode)
        raise UvError(kind, sentence, text)
    return text


def _start(command: list[str], variables: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    program = shutil.which(command[0], path=variables.get("PATH"))
    if program is None:
        raise BuildError(f"{command[0]} is not installed or cannot be run: install it, then build again.")
    command = [program, *command[1:]]
    try:
        if sys.platform == "win32":
            reading, writing = os.pipe()
            tail: list[str] = command
        else:
            import fcntl
            import pty
            import struct
            import termios

            reading, writing = pty.openpty()
            fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", 200, _COLUMNS, 0, 0))
            tail = [sys.executable, "-I", "-S", "-c", _IN_TERMINAL, *command]
        stdin = subprocess.DEVNULL if sys.platform == "win32" else writing
        try:
            process = subprocess.Popen[bytes](
                tail, stdin=stdin, stdout=writing, stderr=writing, env=dict(variables), **apart()
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
    except OSError as error:
        raise BuildError(f"{command[0]} cannot be started ({error.strerror or error}).") from error
    return process, reading


def _read(output: int, kept: bytearray, on_download: OnDownload | None) -> None:
    """Keep the end of what a program prints, and report the downloads in it, until the program has closed it."""
    line = bytearray()
    piece = b"-"
    while piece:
        piece = _piece(output)
        kept += piece
        if len(kept) > 4 * _KEPT:
            del kept[: len(kept) - 2 * _KEPT]
        if on_download is None:
            continue
        # A piece may end within a line of progress.
        line += piece
        end = max(line.rfind(b"\n"), line.rfind(b"\r"), len(line) - _LINE) + 1 if piece else len(line)
        for name, got, size in downloads_in(line[:end].decode("utf-8", "replace")):
            on_download(name, got, size)
        del line[:end]


def _piece(output: int) -> bytes:
    try:
        return os.read(output, 1 << 16)
    except OSError:  # the terminal's other end is closed
        return b""


def downloads_in(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield name, received bytes and total bytes of each line of progress in uv's output."""
    for match in _DOWNLOAD.finditer(_ESCAPE.sub("\n", text)):
        received = float(match["got"]) * _UNITS.get(match["got_unit"], 1)
        yield match["name"], round(received), round(float(match["all"]) * _UNITS.get(match["all_unit"], 1))


def _plain(text: str) -> str:
    """Return uv's output without progress and escape sequences."""
    lines = re.split(r"[\r\n]+", _ESCAPE.sub("\n", text)[-4 * _KEPT :])
    kept = (line.rstrip() for line in lines if line.strip() and not _DOWNLOAD.search(line) and not _DRAWN.match(line))
    return "\n".join(kept)[-_KEPT:]


#: How uv fails: a pattern in its output, the kind, and the sentence. The first match counts.
_FAILURES: tuple[tuple[str, str, str], ...] = (
    (
        r"No space left on device|os error 28\b|os error 112\b|Disk quota exceeded",
        "disk",
        "The disk is full: free some space, then install again.",
    ),
    (
        r"invalid peer certificate|certificate verify failed|UnknownIssuer|self.signed certificate",
        "certificate",
        (
            "The certificate of the package index is not trusted: set SSL_CERT_FILE, or “cert” in pip's settings, to "
            "the certificates of your organization."
        ),
    ),
    (
        r"\b(401 Unauthorized|403 Forbidden)|status client error \((401|403)",
        "credentials",
        "The package index refuses access: check the name and the password in its address.",
    ),
    (
        r"tunnel error|407 Proxy Authentication|[Pp]roxy authenti|status client error \(407",
        "proxy",
        (
            "The proxy cannot be reached or refuses access: check its address, name and password in HTTPS_PROXY, or in "
            "“proxy” in pip's settings."
        ),
    ),
    (
        r"(Hash|hash|Size) mismatch|Failed to extract|[Ii]nvalid zip|wheel is invalid|RECORD file",
        "damaged",
        "A downloaded package is damaged or is not the one that its index names: install again later.",
    ),
    (
        r"Failed to download .*404 Not Found",
        "missing",
        "The package index lists {download} but does not have it: install again later.",
    ),
    (
        r"error decoding response body|end of file before|error reading a body",
        "network",
        "The download of {download} broke off: check the network, then install again; what is complete is kept.",
    ),
    (
        (
            r"dns error|failed to lookup address|error sending request|Connection refused|connection (closed|reset)|"
            r"timed out|[Nn]etwork is unreachable|tcp connect error|status server error|"
            r"Failed to establish a new connection|Max retries exceeded"
        ),
        "network",
        "The package index{host} cannot be reached: check the network and the proxy, then install again.",
    ),
    (
        r"No interpreter found|No download found for request|Failed to download .*python-build-standalone",
        "python",
        "The Python that the packages need is not installed and cannot be downloaded: install it, then try again.",
    ),
    (
        (
            r"has no wheels with a matching|no wheels are available|building from source is disabled|"
            r"no source distribution|doesn't have a source distribution or wheel"
        ),
        "no wheel",
        "A package has no wheel for this Python and platform: choose another version of it, or another Python.",
    ),
    (
        r"was not found in the package registry|not found in the provided package locations",
        "unknown",
        "There is no package {package} in the package index: check its name.",
    ),
    (
        r"Because (only|there) .{0,300}? and gpuplayground-environment depends on \S+, we can conclude that your",
        "conflict",
        "The package index has no {wanted} for this Python and platform: ask for another version.",
    ),
    (
        r"No solution found|are incompatible|unsatisfiable",
        "conflict",
        "These packages cannot be installed together: relax their versions, or use separate environments.",
    ),
    (
        r"Permission denied|os error 13\b|Access is denied|Read-only file system",
        "permission",
        "The folder of the environments cannot be written to: check its owner and permissions.",
    ),
)


def explained(text: str, code: int) -> tuple[str, str]:
    """Return the kind of uv's failure and a sentence that says what to do, given its output and exit code."""
    if code < 0:
        return "killed", f"The build was killed (signal {-code}): free some memory, then install again."
    flat = " ".join(text.split())
    for pattern, kind, sentence in _FAILURES:
        if re.search(pattern, flat):
            host = re.search(r"https?://(?:[^/@\s]*@)?([\w.\-:]+)", flat)
            package = re.search(r"Because (\S+) was not found", flat)
            wanted = re.search(r"gpuplayground-environment depends on (\S+), we", flat)
            download = re.search(r"Failed to download `([^`]+)`", flat)
            words = {
                "host": f" {host[1]}" if host else "",
                "package": package[1] if package else "of that name",
                "wanted": wanted[1] if wanted else "such version",
                "download": download[1] if download else "a package",
            }
            return kind, sentence.format(**words)
    first = next((line.partition("error: ")[2] for line in text.splitlines() if line.startswith("error: ")), "")
    return "other", f"uv could not build the environment: {first or f'exit code {code}'}"
