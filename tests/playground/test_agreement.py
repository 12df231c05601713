"""Whether two snippets computed the same."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuplayground.playground.agreement import Agreement, check_results, largest_difference, tolerance_of
from gpuplayground.playground.results import ResultValue

SAMPLES = st.lists(st.floats(), max_size=20).map(tuple)


def array(*sample: float, dtype: str = "float32", digest: str | None = None) -> ResultValue:
    return ResultValue(dtype, (len(sample),), digest or f"{dtype} {sample}", sample)


def test_equal_digests_are_equal_results() -> None:
    check = check_results(array(1, 2), array(1, 2))
    assert check.agreement is Agreement.EQUAL
    assert check.largest_difference == 0


def test_without_a_result_there_is_nothing_to_say() -> None:
    assert check_results(None, array(1)).agreement is Agreement.NONE
    assert check_results(array(1), None).agreement is Agreement.NONE


def test_a_rounding_is_within_tolerance_and_the_figure_says_how_much() -> None:
    check = check_results(array(1000.0, 1.0), array(1000.001, 1.0))
    assert check.agreement is Agreement.CLOSE
    assert check.largest_difference == pytest.approx(1e-6, rel=0.01)


def test_a_difference_beyond_the_tolerance_is_different() -> None:
    check = check_results(array(1.0, 2.0), array(1.0, 2.1))
    assert check.agreement is Agreement.DIFFERENT
    assert check.largest_difference == pytest.approx(0.1 / 2.1)


def test_the_coarser_type_sets_the_tolerance() -> None:
    exact, half = array(1.0, 2.0, dtype="float64"), array(1.001, 2.0, dtype="torch.float16")
    assert check_results(exact, half).agreement is Agreement.CLOSE
    assert check_results(exact, array(1.001, 2.0, dtype="float32")).agreement is Agreement.DIFFERENT


def test_types_with_another_frameworks_name_are_the_same_type() -> None:
    assert tolerance_of("torch.bfloat16") == tolerance_of("bfloat16") > tolerance_of("float32")


def test_integers_must_be_equal() -> None:
    assert check_results(array(1, 2, dtype="int64"), array(1, 3, dtype="int64")).agreement is Agreement.DIFFERENT
    assert check_results(array(1, 2, dtype="int64"), array(1, 2, dtype="int32")).agreement is Agreement.CLOSE


def test_integers_that_differ_between_the_elements_sampled_are_different() -> None:
    first, second = array(1, 2, dtype="int64", digest="a"), array(1, 2, dtype="int64", digest="b")
    assert check_results(first, second).agreement is Agreement.DIFFERENT


def test_arrays_of_another_shape_are_not_compared() -> None:
    assert check_results(array(1, 2), array(1, 2, 3)).agreement is Agreement.NOT_COMPARABLE


def test_what_is_not_a_number_is_equal_or_different_by_its_digest() -> None:
    first, second = (ResultValue("<U3", (2,), digest) for digest in "ab")
    assert check_results(first, second).agreement is Agreement.DIFFERENT
    assert check_results(first, ResultValue("object", (2,), "b")).agreement is Agreement.NOT_COMPARABLE


def test_a_nan_agrees_with_a_nan_only() -> None:
    assert largest_difference((math.nan, 1.0), (math.nan, 1.0)) == 0
    assert largest_difference((math.nan, 1.0), (2.0, 1.0)) == math.inf
    assert largest_difference((math.inf,), (-math.inf,)) == math.inf
    assert largest_difference((math.inf, 2.0), (math.inf, 1.0)) == 0.5


@given(SAMPLES)
def test_a_sample_does_not_differ_from_itself(sample: tuple[float, ...]) -> None:
    assert largest_difference(sample, sample) == 0


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=20))
def test_the_difference_is_the_same_from_both_sides_and_never_negative(pairs: list[tuple[float, float]]) -> None:
    first, second = tuple(a for a, _ in pairs), tuple(b for _, b in pairs)
    assert largest_difference(first, second) == largest_difference(second, first) >= 0
