"""The display a window needs: asked before Qt is, which aborts where there is none."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gpuplayground.cli import display
from gpuplayground.cli.commands import COMMANDS
from gpuplayground.cli.usage import UsageError
from tests.support.command_line import assert_refused, environment, gpuplayground

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")

NONE = {"DISPLAY": None, "WAYLAND_DISPLAY": None, "WAYLAND_SOCKET": None, "QT_QPA_PLATFORM": None}
X_PORT = 6000
FIRST_DISPLAY = 1000


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket at a port that names an X display of this machine."""
    with closing(socket.socket()) as listening:
        for number in range(FIRST_DISPLAY, FIRST_DISPLAY + 1000):
            try:
                listening.bind(("127.0.0.1", X_PORT + number))
                break
            except OSError:
                continue
        listening.listen()
        yield listening


def name_of(listener: socket.socket) -> str:
    return f"127.0.0.1:{listener.getsockname()[1] - X_PORT}.0"


def accept_one(listener: socket.socket) -> None:
    """Be an X server that lets its first client in; see "Connection Setup" in the X protocol."""
    client, _ = listener.accept()
    with client:
        client.recv(1 << 16)
        client.sendall(struct.pack("=BxHHH", 1, 11, 0, 8) + bytes(32))
        client.recv(1 << 16)


def test_without_a_display_the_window_is_refused_in_a_sentence_that_names_the_ways_out() -> None:
    done = gpuplayground(env=environment(**NONE))
    assert_refused(done, "There is no display for the window")
    for way_out in (*COMMANDS, "--screenshot OUT.png"):
        assert way_out in done.stderr


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DISPLAY": ":987654"}, "The display :987654 cannot be reached: set DISPLAY to another one"),
        ({"DISPLAY": "nonsense"}, "The display nonsense cannot be reached"),
        ({"QT_QPA_PLATFORM": "xcb"}, "The display cannot be reached: set DISPLAY to another one"),
        ({"WAYLAND_DISPLAY": "gone"}, "The display gone cannot be reached: set WAYLAND_DISPLAY to another one"),
        ({"WAYLAND_DISPLAY": "gone", "DISPLAY": ":987654"}, "The display :987654 cannot be reached"),
    ],
)
def test_a_display_that_is_gone_is_refused_in_one_sentence_instead_of_a_core_dump(
    variables: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    env = environment(**{**NONE, "XDG_RUNTIME_DIR": str(tmp_path), **variables})
    assert_refused(gpuplayground(env=env), sentence)


def test_a_display_that_lets_clients_in_is_good_enough(listener: socket.socket) -> None:
    server = threading.Thread(target=accept_one, args=(listener,), daemon=True)
    server.start()
    display.check_display({"DISPLAY": name_of(listener)})


def test_a_display_that_never_answers_is_given_up(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "ANSWER_S", 0.2)
    with pytest.raises(UsageError, match="cannot be reached"):
        display.check_display({"DISPLAY": name_of(listener)})


@pytest.mark.parametrize("platform", ["offscreen", "vnc:size=800x600", "xcb;offscreen"])
def test_a_platform_without_a_display_needs_none(platform: str) -> None:
    display.check_display({"QT_QPA_PLATFORM": platform})


def test_a_missing_system_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_platform: str) -> None:
        raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(display, "_load_plugin", missing)
    with pytest.raises(UsageError, match=r"\(libxcb-cursor\.so\.0: .*\): install that system library"):
        display.check_display({"DISPLAY": ":0"})
