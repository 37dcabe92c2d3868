import pytest
from returns.result import Failure, Success

from voxplan.io_shell.references import missing_references, resolve


@pytest.mark.parametrize(
    ("text", "resolved"),
    [("${A}", "1"), ("https://${A}.example/${B}", "https://1.example/2"), ("plain $A {A}", "plain $A {A}")],
)
def test_references_are_filled_in(text: str, resolved: str) -> None:
    """Only `${NAME}` is one."""
    assert resolve(text, {"A": "1", "B": "2"}) == Success(resolved)


def test_a_variable_that_is_not_set_or_empty_is_missing() -> None:
    """An empty key is no key."""
    assert resolve("${A}", {"A": ""}) == Failure("A")
    assert missing_references("${A}${B}", {}) == ("A", "B")


def test_what_is_filled_in_is_not_read_again() -> None:
    """A value that looks like a reference stays as it is."""
    assert resolve("${A}", {"A": "${B}", "B": "2"}) == Success("${B}")
