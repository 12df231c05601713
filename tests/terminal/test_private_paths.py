from __future__ import annotations

import pytest

from gpuplayground.terminal.private_paths import PathFilter

ROOT = "/home/me/.local/share/gpuplayground/runs"
PRIVATE = f"{ROOT}/d535492554a247dc9fc6dbfc5eec8a03/e0ee87315df2/"
TEXT = f"one\n{PRIVATE}untitled-1.py:2: UserWarning: old\n/home/me/.local/other {ROOT}/notes.txt {PRIVATE}x.py\n"
SHOWN = f"one\nuntitled-1.py:2: UserWarning: old\n/home/me/.local/other {ROOT}/notes.txt x.py\n"


@pytest.mark.parametrize("size", [1, 2, 7, 40, 1000])
def test_the_folder_of_a_copy_is_left_out_wherever_the_text_is_cut(size: int) -> None:
    paths, data = PathFilter(ROOT), TEXT.encode()
    shown = b"".join(paths.feed(data[start : start + size]) for start in range(0, len(data), size))
    assert (shown + paths.finish()).decode() == SHOWN


def test_what_looks_like_the_beginning_of_it_is_not_lost() -> None:
    paths = PathFilter(ROOT)
    assert paths.feed(b"ratio 1/") + paths.finish() == b"ratio 1/"
    assert paths.feed(f"{ROOT}/abc".encode()) + paths.finish() == f"{ROOT}/abc".encode()


def test_without_a_folder_everything_passes() -> None:
    assert PathFilter("").feed(TEXT.encode()) == TEXT.encode()
