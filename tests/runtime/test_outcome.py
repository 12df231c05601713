"""What a snippet leaves behind: its result in short, by real runs."""

from __future__ import annotations

from tests.snippets import Playground


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
    assert len(long.sample) == 4096
    assert (long.sample[0], long.sample[-1]) == (0.0, 99_999.0)
    broken = playground.play("import numpy as np\nresult = np.array([1.0, np.nan])").result.result
    assert broken is not None
    assert broken.sample == ()


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
