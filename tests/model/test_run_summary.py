"""What a line has room for of a message."""

from __future__ import annotations

import pytest

from gpuplayground.model.run_summary import LINE, brief
from tests.support.snippets import Playground

NO_MEMORY = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 200.00 GiB. GPU 0 has a total capacity of 139.81 "
    "GiB of which 138.29 GiB is free. Including non-PyTorch memory, this process has 1.51 GiB memory in use. Of the "
    "allocated memory 1.00 GiB is allocated by PyTorch, and 0 bytes is reserved by PyTorch but unallocated. See "
    "documentation for Memory Management (https://pytorch.org/docs/stable/notes/cuda.html#environment-variables)"
)
NAMES = " ".join(f"name{number}" for number in range(100))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("ValueError", "ValueError"),
        ("ValueError: one. Two. Three.", "ValueError: one. Two. Three."),
        ("ValueError: one\ntwo", "ValueError: one …"),
        ("ValueError: one\n\n", "ValueError: one"),
        ("  a \t b\r\n", "a b"),
        (NO_MEMORY, "torch.OutOfMemoryError: CUDA out of memory. …"),
        (
            f"E: e.g. This, i.e. That, at 1.5 or in a.B. {NAMES}. No.",
            f"E: e.g. This, i.e. That, at 1.5 or in a.B. {NAMES}",
        ),
        (f"E: 失敗しました。{NAMES}", "E: 失敗しました。 …"),
        ("x" * 500, "x" * (LINE - 1) + "…"),
    ],
)
def test_a_message_is_shown_whole_or_as_its_first_sentence(text: str, shown: str) -> None:
    found = brief(text)
    assert len(found) <= LINE
    if len(shown) <= LINE:
        assert found == shown
    else:
        assert found.endswith(" …")
        assert shown.startswith(found.removesuffix(" …"))


def test_a_long_message_is_brief_in_the_summary_and_whole_in_the_error_and_the_output(playground: Playground) -> None:
    played = playground.play(f"class OutOfMemoryError(Exception): ...\nraise OutOfMemoryError({NO_MEMORY!r})")
    error = played.result.error
    assert error is not None
    assert error.summary == "OutOfMemoryError: torch.OutOfMemoryError: CUDA out of memory. …"
    assert played.result.summary.startswith(f"{error.summary} (line 2) · ")
    assert error.message == f"OutOfMemoryError: {NO_MEMORY}"
    assert NO_MEMORY in played.stderr


def test_a_text_given_to_exit_is_brief_too(playground: Playground) -> None:
    played = playground.play(f"import sys\nsys.exit({NO_MEMORY!r})")
    assert played.result.summary.startswith("exit 1: torch.OutOfMemoryError: CUDA out of memory. … · ")
