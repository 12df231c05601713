"""How the window was asked for on the command line."""

from __future__ import annotations

from dataclasses import dataclass

#: Size of a picture unless another is asked for: it has no screen that it must fit.
PICTURE_SIZE = (1400, 900)


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """``screenshot`` renders the window without a display ``after_s`` seconds after it shows, writes a PNG and ends.

    ``size`` is in pixels. ``replay`` is a recording to show instead of live GPUs. ``run`` starts the first file at
    once, so that a picture can show a run.
    """

    files: tuple[str, ...] = ()
    screenshot: str | None = None
    after_s: float = 3.0
    size: tuple[int, int] | None = None
    theme: str | None = None
    replay: str | None = None
    run: bool = False
