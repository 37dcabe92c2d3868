"""The laws about documents: T5, T6, S1, S2, S4."""

import json
import random
import time
from collections.abc import Iterator
from typing import Literal, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from tests.spec_strategies import specs
from voxplan.engine.document import Format
from voxplan.engine.printing import print_spec, spec_digest
from voxplan.engine.reading import Problem, read
from voxplan.engine.spec import Spec
from voxplan.engine.spelling import nearest

FORMATS: tuple[Format, ...] = get_args(Format)
SECONDS = 10  # far more than any input takes: what is found here is a loop, or quadratic time

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
Trail = tuple[str | int, ...]

every_format = pytest.mark.parametrize("form", FORMATS)

# A little of everything that means something in one of the formats: it goes deeper into the parsers than bytes at random.
FRAGMENTS = (
    *"{ } [ ] : , - ? & * ! | > % @ ` ' \" # = . ~ << &a *a !x !!str {{ ]] \"\"\" ''' \\u \\ud800 0x 1e999 null true nan 1 -1 0.5".split(),
    *"voxplan deployments routes defaults accounts use first balance among weight on retry api_key base_url".split(),
    *("\n", "\n  ", "\n    ", "\t", " ", "\r\n", ": ", "- ", "\ufeff", "\x00", "ä", "😀", "---\n", "...\n", "[[a]]\n", "[a.b]\n", "a = 1\n"),
)

# Mappings whose keys the author chooses: no key of theirs is unknown.
NAMED = frozenset({"accounts", "deployments", "routes", "among"})


@every_format
@given(spec=specs())
def test_s1_printing_and_reading(form: Format, spec: Spec) -> None:
    """S1: parse after print is the identity, in YAML, TOML and JSON."""
    assert read(print_spec(spec, form), form, "spec").map(lambda found: found.spec) == Success(spec)


@given(specs())
def test_s2_one_digest(spec: Spec) -> None:
    """S2: the same document in three formats has one digest, and so has the spec that was never printed."""
    assert {spec_digest(reread(spec, form)) for form in FORMATS} == {spec_digest(spec)}


@given(specs(), st.randoms(use_true_random=False))
def test_s2_the_order_of_keys(spec: Spec, chance: random.Random) -> None:
    """S2: the order of keys, in every mapping of the document, changes no digest."""
    shuffled = json.dumps(_shuffled(_data(spec), chance))
    assert spec_digest(read(shuffled, "json", "spec").unwrap().spec) == spec_digest(spec)


@given(specs(depth=2), specs(depth=2))
def test_s2_different_digests(one: Spec, other: Spec) -> None:
    """S2: specs that print differently, arms of a balance in order, have different digests."""
    assert (spec_digest(one) == spec_digest(other)) == (_data(one) == _data(other))


@every_format
@given(content=st.binary(max_size=200) | st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(lambda parts: "".join(parts).encode()))
def test_s4_any_bytes(form: Format, content: bytes) -> None:
    """S4: any bytes give a spec or located errors, in bounded time."""
    begin = time.monotonic()
    assert_spec_or_located(content, form)
    assert time.monotonic() - begin < SECONDS


@every_format
@given(spec=specs(depth=2), data=st.data())
def test_s4_damaged_documents(form: Format, spec: Spec, data: st.DataObject) -> None:
    """S4: a document of which a piece was cut out or written over gives a spec or located errors."""
    content = print_spec(spec, form).encode()
    begin = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(begin, min(len(content), begin + 20)))
    written = data.draw(st.sampled_from(("", *FRAGMENTS))).encode()
    assert_spec_or_located(content[:begin] + written + content[end:], form)


@every_format
@given(spec=specs(depth=3), data=st.data())
def test_t5_unknown_keys(form: Format, spec: Spec, data: st.DataObject) -> None:
    """T5: a misspelt key anywhere is an error that names the key, its path and the nearest known key."""
    document = _data(spec)
    trail = data.draw(st.sampled_from([trail for trail, key in _keys(document) if len(key) > 2]))
    key = str(trail[-1])
    misspelt = key[0] + key[2:]
    _rename(document, trail, misspelt)
    first, *_ = problems_of(_text(document, form), form, f"unknown key `{misspelt}`")
    assert first.path[-1] == misspelt
    assert f"did you mean `{key}`?" in first.message or nearest(misspelt, (key,)) is None


@given(specs(depth=3), st.data())
def test_t5_duplicate_keys(spec: Spec, data: st.DataObject) -> None:
    """T5: a key that stands twice anywhere is an error that names it with its path, placed at the second one."""
    document = _data(spec)
    trail = data.draw(st.sampled_from([trail for trail, _ in _keys(document, named=True)]))
    _rename(document, trail, "DOUBLE")
    text = json.dumps(document, indent=0, ensure_ascii=False).replace('"DOUBLE"', json.dumps(key := str(trail[-1])))
    doubled = text.replace(f"{json.dumps(key)}:", f"{json.dumps(key)}: 0,\n{json.dumps(key)}:", 1)
    found = problems_of(doubled, "json", f"duplicate key `{key}`")
    assert found[0].path[-1] == key


@every_format
@given(spec=specs(depth=3), data=st.data())
def test_t6_absent_is_not_empty(form: Format, spec: Spec, data: st.DataObject) -> None:
    """T6: where something stands, null, 0, "" and [] in its place never give the spec in which it is absent."""
    document = _data(spec)
    trail = data.draw(st.sampled_from([trail for trail, _ in _keys(document)]))
    other: Json = data.draw(st.sampled_from((None, 0, "", [])))
    parent = _at(document, trail[:-1])
    assert isinstance(parent, dict)
    parent[str(trail[-1])] = other
    if form == "toml" and other is None:
        return
    found = read(_text(document, form), form, "spec")
    del parent[str(trail[-1])]
    without = read(_text(document, form), form, "spec")
    same = isinstance(found, Success) and isinstance(without, Success) and found.unwrap().spec == without.unwrap().spec
    # The one place where a value says what its absence says: a number or list that is the default of its key.
    assert not same or (trail[-1], other) in {("times", 0), ("tags", []), ("base", 0)}


@given(specs(depth=3), st.data())
def test_t6_null_is_an_error(spec: Spec, data: st.DataObject) -> None:
    """T6: null is an error wherever it stands, located at what is null."""
    document = _data(spec)
    trail = data.draw(st.sampled_from([trail for trail, _ in _keys(document, named=True)]))
    parent = _at(document, trail[:-1])
    assert isinstance(parent, dict)
    parent[str(trail[-1])] = None
    for form in ("yaml", "json"):
        assert any("null" in problem.message for problem in problems_of(_text(document, form), form, ""))


def assert_spec_or_located(content: bytes, form: Format) -> None:
    """Reading gives a spec, or problems with places inside of the document and messages of one line."""
    found = read(content, form, "spec")
    if isinstance(found, Success):
        return
    lines = content.decode(errors="replace").splitlines()
    assert found.failure()
    for problem in found.failure():
        assert 1 <= problem.place.line <= len(lines) + 1
        assert problem.place.column >= 1
        assert problem.message.isprintable()


def reread(spec: Spec, form: Format) -> Spec:
    """The spec after printing and reading."""
    return read(print_spec(spec, form), form, "spec").unwrap().spec


def problems_of(text: str, form: Format, message: str) -> list[Problem]:
    """The problems of a document that cannot be read whose message starts with `message`: at least one."""
    found = read(text, form, "spec")
    assert isinstance(found, Failure)
    matching = [problem for problem in found.failure() if problem.message.startswith(message)]
    assert matching, found.failure()
    return matching


def _data(spec: Spec) -> dict[str, Json]:
    return msgspec.json.decode(print_spec(spec, "json"), type=dict[str, object])  # type: ignore[return-value]
