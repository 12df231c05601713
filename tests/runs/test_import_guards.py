"""Guards between the leading imports, as the examples have them: which leave a warm spare its imports, which do not."""

from __future__ import annotations

import pytest

from gpuplayground.runs.leading_imports import leading_imports


@pytest.mark.parametrize(
    "guard",
    [
        "if not find_spec('torch'): sys.exit('install it')",
        "if sys.version_info < (3, 10): raise SystemExit",
        "if a: exit(1)",
    ],
)
def test_a_guard_that_only_leaves_does_not_end_the_leading_imports(guard: str) -> None:
    assert leading_imports(f"import sys\n{guard}\nimport torch\n") == ("import sys", "import torch")


@pytest.mark.parametrize(
    "guard",
    [
        "if gpu: os.environ['CUDA_VISIBLE_DEVICES'] = '1'",
        "if gpu: sys.exit(1)\nelse: prepare()",
        "if gpu:\n    prepare()\n    sys.exit(1)",
        "if gpu: prepare()",
        "sys.exit(1)",
    ],
)
def test_a_statement_that_may_do_something_else_ends_them(guard: str) -> None:
    assert leading_imports(f"import sys\n{guard}\nimport torch\n") == ("import sys",)
