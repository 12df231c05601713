"""The snippet's parent process on Linux: adopts and reaps the snippet's descendants, and finally kills all of them.

The interpreter forks before it imports anything else: the child becomes the snippet, the parent watches it. The fork
takes a millisecond, and the two share most of their memory.

The watcher has one end of a socket. The session sends commands of one byte each: the number of a signal for the
snippet, where SIGKILL kills the snippet and all its descendants. So does closing the socket, for whatever reason the
session ends. The watcher reports in lines: ``pid N`` at once, ``status N`` when the snippet has ended (its exit code or
minus a signal), and ``left N`` before its own end, with the number of descendants it killed.
"""

from __future__ import annotations

# Imports stay in the memory of each watcher: signal, contextlib and typing would add a sixth to it.
import _signal as signal  # type: ignore[import-not-found]
import ctypes
import os
import select
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn, Sequence

#: From linux/prctl.h.
_SET_DEATH_SIGNAL, _SET_NAME, _SET_SUBREAPER = 1, 15, 36
#: Shortest and longest polling interval for killed processes, in milliseconds.
_SHORTEST_POLL_MS, _LONGEST_POLL_MS = 5, 1000
#: Signals that indicate a fault of the watcher itself, or that cannot be handled.
_UNHANDLED = frozenset(
    getattr(signal, "SIG" + name)
    for name in ("KILL", "STOP", "CONT", "SEGV", "BUS", "FPE", "ILL", "ABRT", "TRAP", "SYS")
)


def watch_over_snippet(arguments: Sequence[str]) -> None:
    """Return in the process that becomes the snippet; the calling process becomes its watcher and exits.

    Args:
        arguments: arguments of this process. The first is the descriptor of the socket, or minus the watcher's process
            id in a snippet that its watcher has re-executed; later numbers are descriptors too.
    """
    descriptor = int(arguments[0])
    libc = ctypes.CDLL(None)
    watcher = os.getpid() if descriptor >= 0 else -descriptor
    if descriptor >= 0:
        libc.prctl(_SET_SUBREAPER, 1, 0, 0, 0)
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        snippet = _restarted(descriptor, mask) if _has_threads() else os.fork()
        if snippet:
            libc.prctl(_SET_NAME, b"watches %d" % snippet, 0, 0, 0)
            # The watcher must not keep pipes open after the snippet has closed them.
            for number in ("0", "1", "2", *arguments[1:]):
                if number.isdecimal():
                    _close(int(number))
            _Watcher(descriptor, snippet, mask).run()
        os.close(descriptor)
    # If the watcher leads no session, it runs in a terminal's, and the snippet stays in the foreground.
    if os.getsid(0) == watcher:
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is snippet code to raise KeyboardInterrupt in
    libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != watcher:
        os.kill(os.getpid(), signal.SIGKILL)
    if descriptor >= 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _has_threads() -> bool:
    """Return whether Python's start-up has created threads, for instance in sitecustomize; a fork would lose them."""
    return len(os.listdir("/proc/self/task")) > 1  # noqa: PTH208 - pathlib is not worth importing


def _restarted(descriptor: int, mask: set[int]) -> int:
    """Start the interpreter again with the same arguments, as the snippet, and return its process id."""
    arguments = list(sys.orig_argv)
    arguments[-len(sys.argv) + 1] = str(-os.getpid())
    closed = [(os.POSIX_SPAWN_CLOSE, descriptor)]
    return os.posix_spawn(sys.executable, arguments, os.environ, file_actions=closed, setsigmask=mask)


class _Watcher:
    """The watcher's loop. It keeps no growing state.

    Args:
        descriptor: its end of the socket.
        snippet: process id of the snippet.
        mask: signals that were blocked before it blocked all.
    """

    def __init__(self, descriptor: int, snippet: int, mask: set[int]) -> None:
        self._session = descriptor
        self._snippet = snippet
        self._is_snippet_alive = True
        #: Signals that this process received itself.
        self._received: set[int] = set()
        #: Children that were sent SIGKILL and have not been reaped.
        self._killed: set[int] = set()
        self._left = 0
        self._woken = _wake_on_signals(self._on_signal)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def run(self) -> NoReturn:
        """Watch until the last descendant has ended, and exit."""
        self._report(b"pid %d\n" % self._snippet)
        poll = select.poll()
        poll.register(self._session, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        while self._reap():
            ready = [number for number, _ in poll.poll()]
            if self._woken in ready:
                os.read(self._woken, 4096)
            if self._session in ready and not self._forward_signals():
                self._end_all()
                break
        self._report(b"left %d\n" % self._left)
        os._exit(0)

    def _on_signal(self, number: int, _frame: Any) -> None:
        self._received.add(number)

    def _report(self, line: bytes) -> None:
        try:
            os.write(self._session, line)
        except OSError:
            return  # the session is gone

    def _reap(self) -> bool:
        """Reap every child that has ended; return whether any are left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if not pid:
                return True
            if pid == self._snippet and self._is_snippet_alive:
                self._is_snippet_alive = False
                self._report(b"status %d\n" % os.waitstatus_to_exitcode(status))
            elif pid in self._killed:
                self._left += 1
            self._killed.discard(pid)

    def _forward_signals(self) -> bool:
        """Forward signals; return False if everything is to be killed."""
        try:
            signals = os.read(self._session, 4096)
        except OSError:
            return False
        for number in signals:
            if number == signal.SIGKILL:
                return False
            if number in self._received:
                # Sent to the whole process group, as by a terminal, so the snippet has received it already.
                self._received.discard(number)
            elif self._is_snippet_alive:
                self._send(number)
        return bool(signals)

    def _send(self, number: int) -> None:
        """Send the snippet a signal; SIGINT goes to its whole process group if it leads one."""
        try:
            if number == signal.SIGINT and os.getpgid(self._snippet) == self._snippet:
                os.killpg(self._snippet, number)
            else:
                os.kill(self._snippet, number)
        except OSError:
            return  # the snippet runs as another user by now

    def _end_all(self) -> None:
        """Kill every descendant, including those started meanwhile, and return when all have ended.

        Only children are killed. Nobody else can reap them, so their ids cannot be reused. The children of a process
        become children of this one before it can be reaped. So when no child is left, there is no descendant.
        """
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        poll_ms = _SHORTEST_POLL_MS
        while self._reap():
            if not self._kill_children():
                return
            # A process that hangs in a driver may never end. New children are found at the next poll.
            if poll.poll(poll_ms):
                os.read(self._woken, 4096)
                poll_ms = _SHORTEST_POLL_MS
            else:
                poll_ms = min(2 * poll_ms, _LONGEST_POLL_MS)

    def _kill_children(self) -> bool:
        """Kill every child; return False if none could be killed because all belong to another user."""
        children = _children()
        refused = 0
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
                self._killed.add(pid)
            except OSError:
                refused += 1
        return not children or refused < len(children)


def _wake_on_signals(on_signal: Callable[[int, Any], None]) -> int:
    """Handle every signal with a function and a wake-up pipe; return the pipe's read end.

    Signals sent to the terminal's or the snippet's process group must not end or stop the watcher.
    """
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in set(signal.valid_signals()) - _UNHANDLED:
        signal.signal(number, on_signal)
    return reading


def _children() -> list[int]:
    """Return the running and ended children of this process; very new children may be missing."""
    try:
        return [int(pid) for pid in _contents(f"/proc/self/task/{os.getpid()}/children").split()]
    except OSError:  # a kernel built without CONFIG_PROC_CHILDREN
        return [int(name) for name in os.listdir("/proc") if name.isdecimal() and _is_child(name)]  # noqa: PTH208


def _is_child(name: str) -> bool:
    try:
        # The program's name in parentheses may contain spaces and parentheses.
        return int(_contents(f"/proc/{name}/stat").rpartition(b")")[2].split()[1]) == os.getpid()
    except OSError:
        return False


def _contents(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = b""
        while part := os.read(descriptor, 1 << 16):
            data += part
        return data
    finally:
        os.close(descriptor)


def _close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:
        return
