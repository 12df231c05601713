"""Whether two snippets computed the same."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuplayground.comparison.agreement import (
    Agreement,
    check_results,
    largest_difference,
    least_difference,
    tolerance_of,
)
from gpuplayground.model.result_value import ResultValue

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


def long(digest: str, mean: float | None = 1.0, largest: float | None = 1.0, dtype: str = "float32") -> ResultValue:
    """An array of 2**20 elements, of which 1024 ones are known."""
    return ResultValue(dtype, (1 << 20,), digest, (1.0,) * 1024, mean, largest)


def test_a_sample_that_agrees_is_said_to_be_a_sample() -> None:
    assert check_results(long("a"), long("b")).agreement is Agreement.SAMPLE
    assert check_results(long("a", None, None), long("b", None, None)).agreement is Agreement.SAMPLE
    assert check_results(long("a"), long("a")).agreement is Agreement.EQUAL


def test_elements_that_no_sample_holds_show_in_the_mean_and_the_largest_magnitude() -> None:
    check = check_results(long("a"), long("b", mean=5e5, largest=1e6))
    assert check.agreement is Agreement.DIFFERENT
    assert check.largest_difference == pytest.approx(1.0, rel=1e-5)
    check = check_results(long("a"), long("b", mean=0.9998))  # 200 of a million are 0
    assert check.agreement is Agreement.DIFFERENT
    assert check.largest_difference == pytest.approx(2e-4)


def test_a_mean_within_tolerance_leaves_the_sample_to_decide() -> None:
    assert check_results(long("a"), long("b", mean=1 + 1e-7, largest=1 + 1e-6)).agreement is Agreement.SAMPLE


def test_imaginary_parts_count_too() -> None:
    first, second = ResultValue("complex64", (1,), "a", (1.0, 1.0)), ResultValue("complex64", (1,), "b", (1.0, -5.0))
    check = check_results(first, second)
    assert check.agreement is Agreement.DIFFERENT
    assert check.largest_difference == pytest.approx(6 / 5)
    close = ResultValue("complex64", (1,), "c", (1.0, 1.000001))
    assert check_results(first, close).agreement is Agreement.CLOSE


def test_complex_numbers_of_which_only_the_real_parts_were_kept_are_a_sample() -> None:
    first, second = (ResultValue("complex64", (2,), digest, (1.0, 2.0)) for digest in "ab")
    assert check_results(first, second).agreement is Agreement.SAMPLE


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=20))
def test_means_and_largest_magnitudes_never_differ_by_more_than_some_element(pairs: list[tuple[float, float]]) -> None:
    def value(numbers: list[float]) -> ResultValue:
        sizes = [abs(number) for number in numbers]
        return ResultValue("float64", (len(sizes),), "", tuple(numbers), sum(sizes) / len(sizes), max(sizes))

    first, second = value([a for a, _ in pairs]), value([b for _, b in pairs])
    assert least_difference(first, second) <= largest_difference(first.sample, second.sample) + 1e-12


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
