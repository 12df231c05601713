"""The snippet's parent on Linux: it adopts and reaps what the snippet leaves behind, and ends all of it in the end.

The interpreter forks before it has imported anything else: the copy goes on as the snippet, and the first process
stays to watch it. A fork takes a millisecond, and the two share most of their memory.

The watcher holds one end of a socket. The session sends orders, one byte each: the number of a signal for the snippet;
SIGKILL ends the snippet and all its descendants. So does the end of the socket, whatever ended the session. The
watcher answers in lines: ``pid N`` at once, ``status N`` when the snippet has ended (the exit code, or minus a signal),
and ``left N`` ahead of its own end, with the number of descendants it had to kill.
"""

from __future__ import annotations

# What is imported here stays in the memory of each watcher: signal, contextlib and typing would add a sixth to it.
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
#: First and longest wait between two looks at processes that have been killed and are still there, in milliseconds.
_FIRST_LOOK_MS, _LAST_LOOK_MS = 5, 1000
#: Signals that mean a fault of the watcher itself, or that no process can have a handler for.
_NOT_HEARD = frozenset(
    getattr(signal, "SIG" + name)
    for name in ("KILL", "STOP", "CONT", "SEGV", "BUS", "FPE", "ILL", "ABRT", "TRAP", "SYS")
)


def watch_over_snippet(arguments: Sequence[str]) -> None:
    """Return in the process that becomes the snippet; the one that called goes on as its watcher until it exits.

    Args:
        arguments: of this process. The first one is the descriptor of the socket, or minus the watcher's process
            number in a snippet that its watcher has started anew; numbers behind it are descriptors too.
    """
    descriptor = int(arguments[0])
    libc = ctypes.CDLL(None)
    watcher = os.getpid() if descriptor >= 0 else -descriptor
    if descriptor >= 0:
        libc.prctl(_SET_SUBREAPER, 1, 0, 0, 0)
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        snippet = _started_anew(descriptor, mask) if _has_threads() else os.fork()
        if snippet:
            libc.prctl(_SET_NAME, b"watches %d" % snippet, 0, 0, 0)
            # None of them is the watcher's: a pipe must be at its end when the snippet has closed it.
            for number in ("0", "1", "2", *arguments[1:]):
                if number.isdecimal():
                    _close(int(number))
            _Watcher(descriptor, snippet, mask).run()
        os.close(descriptor)
    # Without a session of its own it was started in that of a terminal, and stays in the terminal's foreground.
    if os.getsid(0) == watcher:
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is a snippet to raise KeyboardInterrupt in
    libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != watcher:
        os.kill(os.getpid(), signal.SIGKILL)
    if descriptor >= 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _has_threads() -> bool:
    """Return whether Python's own start-up has begun threads, as a sitecustomize may: a fork would lose them."""
    return len(os.listdir("/proc/self/task")) > 1  # noqa: PTH208 - pathlib is not worth importing


def _started_anew(descriptor: int, mask: set[int]) -> int:
    """Start the interpreter once more with the same arguments, as the snippet, and return its process number."""
    arguments = list(sys.orig_argv)
    arguments[-len(sys.argv) + 1] = str(-os.getpid())
    closed = [(os.POSIX_SPAWN_CLOSE, descriptor)]
    return os.posix_spawn(sys.executable, arguments, os.environ, file_actions=closed, setsigmask=mask)


class _Watcher:
    """The one thread of the watcher. It allocates nothing that it keeps.

    Args:
        descriptor: its end of the socket.
        snippet: the process number of its child.
        mask: the signals that were blocked before it blocked all.
    """

    def __init__(self, descriptor: int, snippet: int, mask: set[int]) -> None:
        self._session = descriptor
        self._snippet = snippet
        self._is_snippet_alive = True
        #: Signals that came to this process itself.
        self._heard: set[int] = set()
        #: Children that were sent SIGKILL and have not been reaped.
        self._killed: set[int] = set()
        self._left = 0
        self._woken = _wake_on_signals(self._hear)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def run(self) -> NoReturn:
        """Watch until the last descendant has ended, and exit."""
        self._tell(b"pid %d\n" % self._snippet)
        poll = select.poll()
        poll.register(self._session, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        while self._reap():
            ready = [number for number, _ in poll.poll()]
            if self._woken in ready:
                os.read(self._woken, 4096)
            if self._session in ready and not self._obey():
                self._end_all()
                break
        self._tell(b"left %d\n" % self._left)
        os._exit(0)

    def _hear(self, number: int, _frame: Any) -> None:
        self._heard.add(number)

    def _tell(self, line: bytes) -> None:
        try:
            os.write(self._session, line)
        except OSError:
            return  # the session is gone

    def _reap(self) -> bool:
        """Take the status of every child that has ended; return whether there are others."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if not pid:
                return True
            if pid == self._snippet and self._is_snippet_alive:
                self._is_snippet_alive = False
                self._tell(b"status %d\n" % os.waitstatus_to_exitcode(status))
            elif pid in self._killed:
                self._left += 1
            self._killed.discard(pid)

    def _obey(self) -> bool:
        """Pass signals on; return whether all may live on."""
        try:
            orders = os.read(self._session, 4096)
        except OSError:
            return False
        for number in orders:
            if number == signal.SIGKILL:
                return False
            if number in self._heard:
                # It came to the whole process group, as from a terminal: the snippet has it already.
                self._heard.discard(number)
            elif self._is_snippet_alive:
                self._send(number)
        return bool(orders)

    def _send(self, number: int) -> None:
        """Send the snippet a signal. Ctrl+C is for its whole process group, if it leads one."""
        try:
            if number == signal.SIGINT and os.getpgid(self._snippet) == self._snippet:
                os.killpg(self._snippet, number)
            else:
                os.kill(self._snippet, number)
        except OSError:
            return  # it became another user's

    def _end_all(self) -> None:
        """Kill every descendant, also those that are born meanwhile, and return when all have ended.

        Only children are killed. Nobody else can reap them, so that a number can't mean another process by then; the
        children of one that ends become children of this process before it can be reaped. So when there is no child
        left, there is no descendant.
        """
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        patience_ms = _FIRST_LOOK_MS
        while self._reap():
            if not self._kill_children():
                return
            # One that waits in a driver may take for ever. A child that came up meanwhile is seen at the next look.
            if poll.poll(patience_ms):
                os.read(self._woken, 4096)
                patience_ms = _FIRST_LOOK_MS
            else:
                patience_ms = min(2 * patience_ms, _LAST_LOOK_MS)

    def _kill_children(self) -> bool:
        """Kill every child; return whether any may still end by that, for those of another user may not be killed."""
        children = _children()
        refused = 0
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
                self._killed.add(pid)
            except OSError:
                refused += 1
        return not children or refused < len(children)


def _wake_on_signals(hear: Callable[[int, Any], None]) -> int:
    """Have every signal handled by a function and written to a pipe; return the end to read from.

    Whatever is sent to the process group of a terminal, or by a snippet to its own, must not end or stop the watcher.
    """
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in set(signal.valid_signals()) - _NOT_HEARD:
        signal.signal(number, hear)
    return reading


def _children() -> list[int]:
    """Return the living and ended children of this process, but perhaps not one that has only just become one."""
    try:
        return [int(pid) for pid in _contents(f"/proc/self/task/{os.getpid()}/children").split()]
    except OSError:  # a kernel built without CONFIG_PROC_CHILDREN
        return [int(name) for name in os.listdir("/proc") if name.isdecimal() and _is_child(name)]  # noqa: PTH208


def _is_child(name: str) -> bool:
    try:
        # The name of the program, in parentheses, may itself contain spaces and parentheses.
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
