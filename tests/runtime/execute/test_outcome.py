"""What a snippet leaves behind: its result in short, by real runs."""

from __future__ import annotations

import pytest

from gpuplayground.comparison.agreement import Agreement, check_results
from gpuplayground.model.result_value import ResultValue
from tests.support.snippets import Playground


def result_of(playground: Playground, *lines: str) -> ResultValue:
    value = playground.play("\n".join(("import numpy as np", *lines))).result.result
    assert value is not None
    return value


def test_an_array_named_result_is_kept_in_short(playground: Playground) -> None:
    run = playground.play("import numpy as np\nresult = np.arange(6, dtype=np.float32).reshape(2, 3)").result
    assert run.result is not None
    assert (run.result.dtype, run.result.shape) == ("float32", (2, 3))
    assert run.result.sample == (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)


def test_equal_arrays_have_one_digest_and_others_another(playground: Playground) -> None:
    def digest(source: str) -> str:
        value = playground.play(f"import numpy as np\nresult = {source}").result.result
        assert value is not None
        return value.digest

    assert digest("np.ones(4)") == digest("np.zeros(4) + 1")
    assert digest("np.ones(4)") != digest("np.ones(4, np.float32)")
    assert digest("np.ones(4)") != digest("np.ones((2, 2))")


def test_a_long_array_is_sampled_and_one_with_a_nan_is_not(playground: Playground) -> None:
    long = playground.play("import numpy as np\nresult = np.arange(100_000)").result.result
    assert long is not None
    assert len(long.sample) == 1024
    assert (long.sample[0], long.sample[-1]) == (0.0, 99_999.0)
    assert (long.mean_magnitude, long.largest_magnitude) == (49_999.5, 99_999.0)
    for broken in ("np.array([1.0, np.nan])", "np.where(np.arange(100_000) == 1, np.inf, 1.0)"):
        assert result_of(playground, f"result = {broken}").sample == ()


def test_complex_numbers_are_kept_with_both_parts(playground: Playground) -> None:
    value = result_of(playground, "result = np.array([3 - 4j, 0j], np.complex64)")
    assert value.sample == (3.0, -4.0, 0.0, 0.0)
    assert (value.mean_magnitude, value.largest_magnitude) == (2.5, 5.0)


def test_magnitudes_are_taken_of_what_its_own_type_cannot_hold(playground: Playground) -> None:
    value = result_of(playground, "result = np.array([-128, 127], np.int8)")
    assert (value.mean_magnitude, value.largest_magnitude) == (127.5, 128.0)
    value = result_of(playground, "result = np.full(4, 60000, np.float16)")
    assert value.mean_magnitude == value.largest_magnitude == 60000
    value = result_of(playground, "result = np.full(4, 1e308)")
    assert (value.mean_magnitude, value.largest_magnitude) == (None, 1e308)


@pytest.mark.parametrize(
    "wrong",
    [
        "result[1::2] = 1e6; result[np.linspace(0, result.size - 1, 1024).astype(np.int64)] = 1",
        "result[5000:5200] = 0; result[np.linspace(0, result.size - 1, 1024).astype(np.int64)] = 1",
        "result[1] = 2",
    ],
)
def test_what_is_wrong_between_the_elements_sampled_is_found(playground: Playground, wrong: str) -> None:
    right = result_of(playground, "result = np.ones(1 << 20, np.float32)")
    other = result_of(playground, "result = np.ones(1 << 20, np.float32)", wrong)
    assert other.sample == right.sample
    assert check_results(right, other).agreement is Agreement.DIFFERENT


def test_what_is_no_array_or_only_looks_like_one_is_no_result(playground: Playground) -> None:
    liar = "class Liar:\n    dtype, shape = 'float32', (2,)\n    def get(self): raise RuntimeError\n"
    for source in ("result = 3", "result = [1, 2]", f"import numpy\n{liar}result = Liar()", "import numpy"):
        run = playground.play(source).result
        assert run.result is None
        assert run.exit_code == 0


def test_a_run_that_fails_has_no_result(playground: Playground) -> None:
    assert playground.play("import numpy as np\nresult = np.ones(2)\n1 / 0").result.result is None


def test_a_snippet_that_takes_its_main_module_away_still_has_a_result(playground: Playground) -> None:
    run = playground.play("import sys\nimport numpy as np\nresult = np.ones(2)\ndel sys.modules['__main__']").result
    assert run.exit_code == 0
    assert run.result is not None
