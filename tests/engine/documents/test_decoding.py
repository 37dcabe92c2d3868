from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta
from returns.result import Failure, Success

from voxplan.engine.documents.decoding import Decoded, Language, decode
from voxplan.engine.documents.document import parse_document
from voxplan.engine.documents.tree import MAX_PROBLEMS, Place
from voxplan.engine.terms.spelling import listed

Colour = Literal["red", "blue"]


class Metres(msgspec.Struct, frozen=True):
    """Written as text or number."""

    metres: float


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping with one field of every kind."""

    length: Metres | None = None
    turns: Annotated[int, Meta(ge=0, le=10)] = 0
    slope: Annotated[float, Meta(gt=0)] | None = None
    load: Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0)] = 1
    paved: bool = False
    kind: Literal["road", "track"] | None = None
    marks: Annotated[tuple[Literal["*"] | Colour, ...], Meta(min_length=1)] | None = None
    legs: tuple["Leg", ...] = ()
    code: Annotated[str, Meta(pattern=r"^[a-z]+$", max_length=5, description="one to five letters")] | None = None
    token: Annotated[str, Meta(pattern=r"^\$[a-z]+$", description="a reference")] | None = None


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """The root of a document."""

    version: Literal[1]
    legs: dict[Annotated[str, Meta(pattern=r"^[a-z]+$", description="a name in small letters")], Leg]


def metres(text: str | float) -> Success[object] | Failure[str]:
    """Reads `5m` and numbers."""
    if isinstance(text, str) and not text.endswith("m"):
        return Failure("expected metres")
    return Success(Metres(float(text.removesuffix("m")) if isinstance(text, str) else text))


LANGUAGE = Language(
    leaves={Metres: metres},
    nouns={Metres: "a length", Leg: "a leg"},
    secrets=frozenset({"token"}),
    implied=frozenset({"legs"}),
)


def decoded(text: str) -> Decoded[Walk]:
    """The YAML text, decoded."""
    return decode(parse_document(text, "yaml").unwrap().root, Walk, LANGUAGE)


def leg(text: str) -> list[str]:
    """The problems of a walk whose leg `a` is written so, as `column: message`."""
    found = decoded(f"version: 1\nlegs:\n  a: {text}")
    assert (found.value is None) == bool(found.problems)
    return [f"{problem.place.column}: {problem.message}" for problem in found.problems]


def test_a_value_of_every_kind() -> None:
    """What has the right types becomes the struct; whole numbers serve where a number is wanted."""
    text = (
        "{length: 5m, turns: 2, slope: 1, load: 0.5, paved: true, kind: road, marks: ['*', red], legs: [{length: 2}], code: ab}"
    )
    inner = Leg(length=Metres(2))
    expected = Leg(
        length=Metres(5.0), turns=2, slope=1.0, load=0.5, paved=True, kind="road", marks=("*", "red"), legs=(inner,), code="ab"
    )
    assert decoded(f"version: 1\nlegs:\n  a: {text}").value == Walk(version=1, legs={"a": expected})


MISTAKES = {
    "{turn: 1}": ["7: unknown key `turn` in `legs.a`, did you mean `turns`?"],
    "{turns: 1.0}": ["14: expected a whole number, got `1.0`"],
    "{turns: true}": ["14: expected a whole number, got `true`"],
    "{turns: '1'}": ["14: expected a whole number, got `1`"],
    "{turns: 11}": ["14: expected at most 10, got `11`"],
    "{turns: -1}": ["14: expected at least 0, got `-1`"],
    "{turns: [1]}": ["7: expected a whole number, got a list"],
    "{slope: 0}": ["14: expected more than 0, got `0.0`"],
    "{load: -0.5}": ["13: expected at least 0, got `-0.5`"],
    "{load: x}": ["13: expected a number, got `x`"],
    "{paved: 1}": ["14: expected `true` or `false`, got `1`"],
    "{kind: raod}": ["13: unknown value `raod` in `kind`, did you mean `road`?"],
    "{kind: sea}": ["13: expected one of `road`, `track`, got `sea`"],
    "{kind: 1}": ["13: expected one of `road`, `track`, got `1`"],
    "{marks: []}": ["7: `marks` is empty: expected at least one item"],
    "{marks: red}": [],
    "{marks: rde}": ["14: unknown value `rde` in `marks`, did you mean `red`?"],
    "{marks: 5}": ["14: expected one of `*`, `blue`, `red`, got `5`"],
    "{marks: {red: 1}}": ["7: expected a list, got a mapping"],
    "{marks: [rde, '*', bleu]}": [
        "15: unknown value `rde` in `marks`, did you mean `red`?",
        "25: unknown value `bleu` in `marks`, did you mean `blue`?",
    ],
    "{length: 5}": [],
    "{length: five}": ["15: expected metres"],
    "{length: true}": ["15: expected a length, got `true`"],
    "{length: {metres: 5}}": ["7: expected a length, got a mapping"],
    "{legs: {a: b}}": ["7: expected a list, got a mapping"],
    "{legs: [{legs: [x]}]}": ["22: expected a leg, got `x`"],
    "{legs: [{length: 1}, {lenght: 1}]}": ["28: unknown key `lenght` in `legs.a.legs[1]`, did you mean `length`?"],
    "{code: ABC}": ["13: expected one to five letters, got `ABC`"],
    "{code: abcdef}": ["13: expected one to five letters, got `abcdef`"],
    '{code: "a\\n"}': ["13: expected one to five letters, got `a\\n`"],
    "{code: 5}": ["13: expected one to five letters, got `5`"],
    "{token: hush}": ["14: expected a reference"],
    "{token: [hush]}": ["7: expected a reference"],
    "{token: {hush: hush}}": ["7: expected a reference"],
    "{turns: null, kind: null, length: ~, legs: }": [
        "7: `turns` is null: leave the key out, or give it a value",
        "20: `kind` is null: leave the key out, or give it a value",
        "32: `length` is null: leave the key out, or give it a value",
        "43: `legs` is null: leave the key out, or give it a value",
    ],
    "null": ["6: expected a leg, got `null`"],
    "x": ["6: expected a leg, got `x`"],
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items())
def test_mistakes(text: str, expected: list[str]) -> None:
    """Each mistake is one problem at its place that says what was expected; none shows what stands at a secret."""
    assert leg(text) == expected


def test_a_single_value_is_a_list_of_one() -> None:
    """Where a list of texts is meant, one text is enough; a list of mappings is always written as one."""
    assert decoded("version: 1\nlegs:\n  a: {marks: red}").value == Walk(version=1, legs={"a": Leg(marks=("red",))})
    assert leg("{legs: {}}") == ["7: expected a list, got a mapping"]


def test_all_problems_at_once() -> None:
    """A mistake in one place hides none in another, and no value comes of it."""
    found = decoded("versoin: 1\nlegs:\n  A: {}\n  b: {x: 1}\n")
    assert [problem.message for problem in found.problems] == [
        "unknown key `versoin`, did you mean `version`?",
        "expected a name in small letters, got `A`",
        f"unknown key `x` in `legs.b`, expected one of {listed(Leg.__struct_fields__)}",
    ]
    assert found.value is None


def test_missing_key() -> None:
    """A key that has to be there is named, at the mapping that lacks it."""
    found = decoded("version: 1\n")
    assert [(problem.path, problem.place, problem.message) for problem in found.problems] == [
        ((), Place(1, 1), "missing key `legs`")
    ]


def test_places() -> None:
    """Each path has a place: a scalar its own, anything larger that of its key."""
    places = decoded("version: 1\nlegs:\n  a:\n    marks:\n      - red\n").places
    assert places == {
        (): Place(1, 1),
        ("version",): Place(1, 10),
        ("legs",): Place(2, 1),
        ("legs", "a"): Place(3, 3),
        ("legs", "a", "marks"): Place(4, 5),
        ("legs", "a", "marks", 0): Place(5, 9),
    }


def test_one_is_not_true() -> None:
    """A literal number is neither the truth value nor the decimal that equals it."""
    for text in ("true", "1.0", "'1'"):
        assert [problem.message for problem in decoded(f"version: {text}\nlegs: {{}}").problems] == [
            f"expected `1`, got `{text.strip(chr(39))}`"
        ]


def test_values_that_were_reported_already() -> None:
    """What the document has reported is not reported again, and gives no value."""
    document = parse_document("version: .nan\nlegs: {}", "yaml").unwrap()
    found = decode(document.root, Walk, LANGUAGE)
    assert (found.value, found.problems) == (None, ())


def test_what_is_not_wrong_is_salvaged() -> None:
    """So that more can be said about a document than its first kind of mistake."""
    found = decoded("version: 1\nlegs: {}\nunknown: 1")
    assert found.value is None
    assert found.salvaged == decoded("version: 1\nlegs: {}").value


def test_there_is_an_end_to_problems() -> None:
    """Nobody reads more than a hundred problems."""
    assert len(leg(f"{{{', '.join(f'x{index}: 1' for index in range(1000))}}}")) == MAX_PROBLEMS
