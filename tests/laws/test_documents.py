"""The laws about documents: T5, T6, S1, S2, S4."""

import json
import random
import time
from collections.abc import Iterator
from typing import cast, get_args

import msgspec
import pytest
import tomli_w
import yaml
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from tests.spec_strategies import specs
from voxplan.engine.documents.document import Format
from voxplan.engine.documents.printing import print_spec, spec_digest
from voxplan.engine.documents.reading import Problem, read
from voxplan.engine.documents.tree import SECRET_KEYS
from voxplan.engine.language.gateway import Gateway
from voxplan.engine.language.spec import Spec

FORMATS: tuple[Format, ...] = get_args(Format)
SECONDS = 10  # far more than any input takes: what is found here is a loop, or quadratic time

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
Trail = tuple[str | int, ...]

every_format = pytest.mark.parametrize("form", FORMATS)

# A little of everything that means something in one of the formats: it goes deeper into the parsers than bytes at random.
MARKS = (
    "{ } [ ] : , - ? & * ! | > % @ ` ' \" # = . ~ << &a *a !x !!str {{ ]] \"\"\" ''' \\u \\ud800 0x 1e999 null true nan 1 -1 0.5"
)
KEYS = (
    "voxplan deployments routes defaults accounts use first balance among weight on retry api_key base_url when if then "
    "otherwise match cases race stagger where require guardrails tests request world expect metadata.x audio.seconds time "
    "sample not all"
)
LAYOUT = (
    "\n",
    "\n  ",
    "\n    ",
    "\t",
    " ",
    "\r\n",
    ": ",
    "- ",
    "\ufeff",
    "\x00",
    "ä",
    "😀",
    "---\n",
    "[[a]]\n",
    "[a.b]\n",
    "a = 1\n",
)
FRAGMENTS = (*MARKS.split(), *KEYS.split(), *LAYOUT)

# Mappings whose keys the author chooses.
CHOSEN = frozenset({"accounts", "deployments", "routes", "among", "guardrails", "world", "metadata", "settings"})

# Where an empty value is what the absence of its key means.
DEFAULTS: tuple[tuple[Trail, Json], ...] = (
    *((("times",), 0), (("minimum",), 0), (("sample", "salt"), "")),
    *(((key,), []) for key in ("tags", "key.tags", "timestamps", "fallbacks", "never", "tests", "networks")),
    (("health_check", "deployments"), []),
)


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
    """S2: specs that print alike have one digest; those that differ in more than order, tests and gateway have two."""
    if _said(_data(one)) == _said(_data(other)):
        assert spec_digest(one) == spec_digest(other)
    if _unordered(_data(one)) != _unordered(_data(other)):
        assert spec_digest(one) != spec_digest(other)


@given(specs(depth=2))
def test_s2_tests_and_gateway_are_in_no_digest(spec: Spec) -> None:
    """S2: nothing that is planned depends on the policy tests of a spec, nor on what it says to its gateway."""
    assert spec_digest(msgspec.structs.replace(spec, tests=(), gateway=Gateway())) == spec_digest(spec)


@every_format
@given(
    content=st.binary(max_size=200) | st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(lambda parts: "".join(parts).encode())
)
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
    """T5: a misspelt key anywhere is an error that names its path and suggests a known key."""
    document = _data(spec)
    trail = data.draw(st.sampled_from([trail for trail in _trails(document) if len(str(trail[-1])) > 2]))
    key = str(trail[-1])
    parent = _parent(document, trail)
    parent[misspelt := key[0] + key[2:]] = parent.pop(key)
    problem = problem_of(_text(document, form), form, f"unknown key `{misspelt}`")
    assert problem.path[-1] == misspelt
    assert "did you mean `" in problem.message


@given(specs(depth=3), st.data())
def test_t5_duplicate_keys(spec: Spec, data: st.DataObject) -> None:
    """T5: a key that stands twice anywhere is an error that names it with its path."""
    document = _data(spec)
    trail = data.draw(st.sampled_from([*_trails(document, named=True)]))
    hidden = bool(SECRET_KEYS.intersection(trail[:-1]))
    assert (
        problem_of(_doubled(document, trail), "json", "duplicate key" if hidden else f"duplicate key `{trail[-1]}`").path == trail
    )


@every_format
@given(spec=specs(depth=3), data=st.data())
def test_t6_empty_is_not_absent(form: Format, spec: Spec, data: st.DataObject) -> None:
    """T6: 0, "" and [] never say what the absence of the key says, unless they are the default of the key."""
    document = _data(spec)
    trail = data.draw(st.sampled_from([*_trails(document)]))
    nothing: tuple[Json, ...] = (0, "", [])
    empty = data.draw(st.sampled_from(nothing))
    parent = _parent(document, trail)
    parent[str(trail[-1])] = empty
    found = read(_text(document, form), form, "spec")
    del parent[str(trail[-1])]
    absent = read(_text(document, form), form, "spec")
    if isinstance(found, Success) and isinstance(absent, Success):
        is_default = any(trail[-len(end) :] == end and empty == default for end, default in DEFAULTS)
        assert (found.unwrap().spec == absent.unwrap().spec) == is_default


@given(specs(depth=3), st.data())
def test_t6_null_is_an_error(spec: Spec, data: st.DataObject) -> None:
    """T6: null is an error wherever it stands, even where the key may be left out."""
    document = _data(spec)
    trail = data.draw(st.sampled_from([*_trails(document, named=True)]))
    _parent(document, trail)[str(trail[-1])] = None
    for form in ("json", "yaml"):
        found = read(_text(document, form), form, "spec")
        assert isinstance(found, Failure)
        assert any("null" in problem.message or SECRET_KEYS.intersection(trail) for problem in found.failure())


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


def problem_of(text: str, form: Format, message: str) -> Problem:
    """The first problem of a document whose message starts with `message`: there is one."""
    found = read(text, form, "spec")
    assert isinstance(found, Failure)
    return next(problem for problem in found.failure() if problem.message.startswith(message))


class _Quoting(yaml.SafeDumper):
    """PyYAML would leave text such as `1e3` without quotes, which is a number in the core schema."""


_Quoting.add_representer(str, lambda _, text: yaml.ScalarNode("tag:yaml.org,2002:str", text, style='"'))


def _data(spec: Spec) -> dict[str, Json]:
    data: dict[str, Json] = json.loads(print_spec(spec, "json"))
    return data


def _text(document: Json, form: Format) -> str:
    match form:
        case "json":
            return json.dumps(document)
        case "yaml":
            return yaml.dump(document, Dumper=_Quoting)
        case "toml":
            return tomli_w.dumps(cast("dict[str, Json]", document))


def _doubled(value: Json, trail: Trail) -> str:
    """The value as JSON in which the key at the end of `trail` stands twice."""
    if isinstance(value, list):
        return f"[{', '.join(_doubled(item, trail[1:] if trail[:1] == (index,) else ()) for index, item in enumerate(value))}]"
    if isinstance(value, dict):
        pairs = [
            (key, f"{json.dumps(key)}: {_doubled(inner, trail[1:] if trail[:1] == (key,) else ())}")
            for key, inner in value.items()
        ]
        return f"{{{', '.join(pair if (key,) != trail else f'{pair}, {pair}' for key, pair in pairs)}}}"
    return json.dumps(value)


def _shuffled(value: Json, chance: random.Random) -> Json:
    if isinstance(value, list):
        return [_shuffled(item, chance) for item in value]
    if isinstance(value, dict):
        return {key: _shuffled(value[key], chance) for key in chance.sample(sorted(value), len(value))}
    return value


def _said(value: Json) -> str:
    """The document as text: in Python, `True` is 1."""
    return json.dumps(value, sort_keys=True)


def _unordered(value: Json) -> Json:
    """The document without its tests, its gateway and the order and repetition of lists."""
    if isinstance(value, list):
        parts = {json.dumps(part, sort_keys=True): part for part in map(_unordered, value)}
        ordered = [part for _, part in sorted(parts.items())]
        return ordered[0] if len(ordered) == 1 else ordered
    if isinstance(value, dict):
        return {key: _unordered(inner) for key, inner in value.items() if key not in {"tests", "gateway"}}
    return value


def _trails(value: Json, trail: Trail = (), *, named: bool = False) -> Iterator[Trail]:
    """Where the keys of the language stand; with `named`, those too that the author chose."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _trails(item, (*trail, index), named=named)
    if isinstance(value, dict):
        for key, inner in value.items():
            if named or not (trail and (trail[-1] in CHOSEN or _is_passed_on(trail))):
                yield (*trail, key)
            yield from _trails(inner, (*trail, key), named=named)


def _is_passed_on(trail: Trail) -> bool:
    """Whether the trail leads into what a deployment passes on, where all keys are the author's."""
    return trail[:1] == ("deployments",) and "options" in trail[2:]


def _parent(value: Json, trail: Trail) -> dict[str, Json]:
    """The mapping that the last key of `trail` stands in."""
    for step in trail[:-1]:
        value = value[step] if isinstance(value, list) and isinstance(step, int) else cast("dict[str, Json]", value)[str(step)]
    return cast("dict[str, Json]", value)
