"""Checks that a window can be shown before Qt starts, which aborts with a core dump without a display."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from gpuplayground.cli.commands import COMMANDS
from gpuplayground.cli.usage import UsageError

#: Maximum wait for the display to answer, in seconds: it may be remote.
ANSWER_S = 5.0
_ALTERNATIVES = f"use a subcommand ({', '.join(COMMANDS)}), or render the window to an image with --screenshot OUT.png."
_VARIABLES = {"wayland": "WAYLAND_DISPLAY", "xcb": "DISPLAY"}


def check_display(environment: Mapping[str, str]) -> None:
    """Connect to the display as Qt will, to find out whether that works. Takes about 1 ms for a local display.

    Args:
        environment: the environment variables, some of which name the display.

    Raises:
        UsageError: there is no display, none answers, or a system library for it is missing.
    """
    if sys.platform in ("win32", "darwin"):
        return
    if chosen := environment.get("QT_QPA_PLATFORM"):
        platforms = [name.partition(":")[0].removesuffix("-egl") for name in chosen.split(";")]
    else:
        platforms = [platform for platform, variable in _VARIABLES.items() if environment.get(variable)]
    problem: str | None = f"There is no display for the window: set DISPLAY (ssh -X does), {_ALTERNATIVES}"
    for platform in platforms:
        problem = _problem(platform, environment)
        if problem is None:
            return
    raise UsageError(problem)


def _problem(platform: str, environment: Mapping[str, str]) -> str | None:
    """Return why one of Qt's platforms cannot be used, or None. Only X and Wayland are checked."""
    if platform not in _VARIABLES or (platform == "wayland" and environment.get("WAYLAND_SOCKET")):
        return None
    name = environment.get(_VARIABLES[platform])
    try:
        _load_plugin(platform)
        connects = (_x_connection if platform == "xcb" else _wayland_connection)(name)
    except OSError as error:
        return f"Qt cannot use the display ({error}): install that system library, {_ALTERNATIVES}"
    # In a thread: the libraries have no timeout.
    results: list[bool] = []
    probe = threading.Thread(target=lambda: results.append(connects()), daemon=True)
    probe.start()
    probe.join(ANSWER_S)
    if results == [True]:
        return None
    shown = f" {name}" if name else ""
    return f"The display{shown} cannot be reached: set {_VARIABLES[platform]} to another one, {_ALTERNATIVES}"


def _load_plugin(platform: str) -> None:
    """Load Qt's platform plugin to find missing system libraries, which a PySide6 wheel cannot depend on."""
    package = find_spec("PySide6")
    if package is not None and package.origin is not None:
        plugin = Path(package.origin).parent / "Qt" / "plugins" / "platforms" / f"libq{platform}.so"
        if plugin.exists():
            ctypes.CDLL(str(plugin))


def _x_connection(name: str | None) -> Callable[[], bool]:
    """Return a call that connects to an X server and returns whether that worked; see xcb_connect(3)."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = (ctypes.c_char_p, ctypes.c_void_p)
    xcb.xcb_connection_has_error.argtypes = (ctypes.c_void_p,)

    def connects() -> bool:
        # Stays open until this process ends: when its last client leaves, an X server resets, which could break Qt's
        # connection.
        connection = xcb.xcb_connect(os.fsencode(name) if name else None, None)
        error: int = xcb.xcb_connection_has_error(connection)
        return error == 0

    return connects


def _wayland_connection(name: str | None) -> Callable[[], bool]:
    """Return a call that connects to a Wayland compositor and returns whether that worked."""
    wayland = ctypes.CDLL("libwayland-client.so.0")
    wayland.wl_display_connect.restype = ctypes.c_void_p
    wayland.wl_display_connect.argtypes = (ctypes.c_char_p,)
    wayland.wl_display_disconnect.argtypes = (ctypes.c_void_p,)

    def connects() -> bool:
        connection = wayland.wl_display_connect(os.fsencode(name) if name else None)
        if connection is not None:
            wayland.wl_display_disconnect(connection)
        return connection is not None

    return connects
