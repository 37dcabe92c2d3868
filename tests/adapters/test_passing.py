import pytest

from voxplan.adapters.endpoints import endpoint
from voxplan.adapters.passing import merged, pairs, text_of
from voxplan.engine.language.spec import PassedOption


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (0.5, "0.5"),
        ("", ""),
        ("true", "true"),
        ("ä", "ä"),
        ({"a": (1, "b")}, '{"a":[1,"b"]}'),
    ],
)
def test_every_value_has_one_text(value: object, text: str) -> None:
    """Text is not quoted."""
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", [("n", "a")]),
        (("a", True, 2), [("n", "a"), ("n", "true"), ("n", "2")]),
        ((), []),
        (({"a": 1}, {"b": 2}), [("n", '[{"a":1},{"b":2}]')]),
        (("a", ("b",)), [("n", '["a",["b"]]')]),
        ({"a": True}, [("n", '{"a":true}')]),
    ],
)
def test_a_list_is_a_repeated_field(value: PassedOption, expected: list[tuple[str, str]]) -> None:
    """One that holds more than values is one field."""
    assert list(pairs("n", value)) == expected


def test_objects_are_merged_and_nothing_else_is() -> None:
    """What is over decides; neither of the two changes."""
    under: dict[str, object] = {"a": {"x": 1, "z": {"p": 1}}, "list": [1], "kept": 1, "object": {"x": 1}}
    over: dict[str, object] = {"a": {"z": {"q": 2}}, "list": [2], "object": 5}
    assert merged(under, over) == {"a": {"x": 1, "z": {"p": 1, "q": 2}}, "list": [2], "kept": 1, "object": 5}
    assert under == {"a": {"x": 1, "z": {"p": 1}}, "list": [1], "kept": 1, "object": {"x": 1}}


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://a.example", "https://a.example/v2/jobs"),
        ("https://a.example/v2", "https://a.example/v2/jobs"),
        ("https://a.example/v2/jobs", "https://a.example/v2/jobs"),
        ("https://a.example/proxy", "https://a.example/proxy/v2/jobs"),
        ("https://a.example/proxy/v2", "https://a.example/proxy/v2/jobs"),
        ("https://a.example/xv2", "https://a.example/xv2/v2/jobs"),
    ],
)
def test_an_address_is_completed(base: str, expected: str) -> None:
    """With what it lacks of the path."""
    assert endpoint(base, "/v2/jobs") == expected
