"""The page of the laws is that of the tests, and every law has one."""

from tests.laws.table import PAGE, law_tests, page, problems

TESTS = tuple(law_tests())


def test_page_is_that_of_the_tests() -> None:
    """docs/laws.md is what `python -m tests.laws.table` writes."""
    assert PAGE.read_text(encoding="utf-8") == page(TESTS)


def test_every_law_has_a_test() -> None:
    """No law is without a test, and no test is named after a law that does not exist."""
    assert problems(TESTS) == []


def test_a_counterexample_is_no_test_of_its_law() -> None:
    """A law that only has tests of stronger, false forms still wants one."""
    only_false = tuple(test for test in TESTS if test.law != "M2" or test.is_counterexample)
    assert any(test.law == "M2" for test in only_false)
    assert "law M2 has no test" in problems(only_false)
