"""The options of the window on the command line."""

from __future__ import annotations

from dataclasses import dataclass

#: Default size of a screenshot, in pixels.
PICTURE_SIZE = (1400, 900)


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """The options of the window.

    Args:
        files: Python files to open in tabs, recordings, or a folder.
        screenshot: PNG file to render the window to without a display, ``after_s`` seconds after it shows.
        after_s: see ``screenshot``.
        size: width and height in pixels; None for those of the last time.
        theme: ``dark`` or ``light``; None for that of the last time.
        replay: recording to show instead of live GPUs.
        run: whether to run the first file immediately.
    """

    files: tuple[str, ...] = ()
    screenshot: str | None = None
    after_s: float = 3.0
    size: tuple[int, int] | None = None
    theme: str | None = None
    replay: str | None = None
    run: bool = False
