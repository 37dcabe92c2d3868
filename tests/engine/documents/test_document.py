import json
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from voxplan.engine.documents._building import Building
from voxplan.engine.documents._yaml_document import parse_yaml
from voxplan.engine.documents.document import MAX_BYTES, Format, parse_document
from voxplan.engine.documents.tree import Mapping, Node, Path, Place, Problem, Scalar, Sequence, Value

SECONDS = 20  # far more than any of these takes


def plain(node: Node) -> object:
    """What the node says, without places."""
    match node:
        case Scalar(value):
            return value
        case Sequence(items):
            return [plain(item) for item in items]
        case Mapping(entries):
            return {entry.key: plain(entry.value) for entry in entries}
        case _:
            return NotImplemented


def read(text: bytes | str, form: Format) -> object:
    """What a document without problems says."""
    document = parse_document(text, form).unwrap()
    assert document.problems == ()
    return plain(document.root)


def problems(content: bytes | str, form: Format) -> tuple[Problem, ...]:
    """What is wrong with a document."""
    found = parse_document(content, form)
    return found.failure() if isinstance(found, Failure) else found.unwrap().problems


def messages(content: bytes | str, form: Format) -> list[str]:
    """What is wrong, as `line:column: message`."""
    return [f"{p.place.line}:{p.place.column}: {p.message}" for p in problems(content, form)]


def places(node: Node, path: Path = ()) -> dict[Path, tuple[Place, ...]]:
    """The place of each value, after that of its key if it has one."""
    found: dict[Path, tuple[Place, ...]] = {path: (node.place,)}
    if isinstance(node, Mapping):
        for entry in node.entries:
            inner = places(entry.value, (*path, entry.key))
            found |= {**inner, (*path, entry.key): (entry.place, entry.value.place)}
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            found |= places(item, (*path, index))
    return found


TEXTS = ("no", "yes", "on", "off", "y", "12:30", "1_000", "2024-01-01", "=", "0b1", "+0x1", "1.2.3", "e3", ".", "tRue")
NULLS = ("", "~", "null", "Null", "NULL")
WORDS_AND_NUMBERS = {
    "true": True,
    "True": True,
    "FALSE": False,
    "1": 1,
    "-1": -1,
    "+1": 1,
    "010": 10,
    "0o17": 15,
    "0x1F": 31,
    "1.5": 1.5,
    ".5": 0.5,
    "5.": 5.0,
    "1e3": 1000.0,
    "-1.5E-2": -0.015,
}
PLAIN: dict[str, Value] = {**dict(zip(TEXTS, TEXTS, strict=True)), **dict.fromkeys(NULLS), **WORDS_AND_NUMBERS}


@pytest.mark.parametrize(("text", "value"), PLAIN.items())
def test_yaml_core_schema(text: str, value: Value) -> None:
    """Plain scalars mean what the core schema of YAML 1.2 says: `no`, `on`, `12:30` and `1_000` are text."""
    found = repr(read(f"key: {text}\n'quoted': '{text}'", "yaml"))
    assert found == repr({"key": value, "quoted": text})  # because True == 1 == 1.0


def test_yaml_keys_and_tags() -> None:
    """`on` is a key like any other; `!!str` makes text of anything."""
    assert read("on: !!str 5\n? k\n: !!seq [a]", "yaml") == {"on": "5", "k": ["a"]}


def test_yaml_aliases() -> None:
    """An alias stands for what its anchor names, and has its places."""
    document = parse_document("a: &x [1]\nb: *x\n", "yaml").unwrap()
    assert plain(document.root) == {"a": [1], "b": [1]}
    assert places(document.root)["b", 0] == (Place(1, 8),)


SAME = {
    "yaml": 'a:\n  b: 1\n  c: [x, "y z"]\nd: true\n',
    "toml": 'd = true\n[a]\nb = 1\nc = [\n  "x",\n  "y z",\n]\n',
    "json": '{"a": {"b": 1,\n "c": ["x", "y z"]}, "d": true}',
}

SAME_PLACES: dict[Format, dict[Path, tuple[Place, ...]]] = {
    "yaml": {("a",): (Place(1, 1), Place(2, 3)), ("a", "b"): (Place(2, 3), Place(2, 6)), ("a", "c", 1): (Place(3, 10),)},
    "toml": {("a",): (Place(2, 2), Place(2, 2)), ("a", "b"): (Place(3, 1), Place(3, 5)), ("a", "c", 1): (Place(6, 3),)},
    "json": {("a",): (Place(1, 2), Place(1, 7)), ("a", "b"): (Place(1, 8), Place(1, 13)), ("a", "c", 1): (Place(2, 13),)},
}


@pytest.mark.parametrize("form", ["yaml", "toml", "json"])
def test_places(form: Format) -> None:
    """The three formats say the same, each with the places of its own keys and values."""
    root = parse_document(SAME[form], form).unwrap().root
    assert plain(root) == {"a": {"b": 1, "c": ["x", "y z"]}, "d": True}
    found = places(root)
    assert {path: found[path] for path in SAME_PLACES[form]} == SAME_PLACES[form]


def test_toml_places_of_dotted_keys_and_tables() -> None:
    """Dotted keys, inline tables, lists of tables and quoted keys all have their places."""
    text = (
        'a."b \\u00e4".c = 1\nx = {y = [{z = 2}]} # [no.header]\n[[t]]\nv = """\n[no]\n"""\n[[t]]\n[t.u]\nw = \'\'\'a = b\'\'\'\n'
    )
    root = parse_document(text, "toml").unwrap().root
    assert plain(root) == {"a": {"b ä": {"c": 1}}, "x": {"y": [{"z": 2}]}, "t": [{"v": "[no]\n"}, {"u": {"w": "a = b"}}]}
    found = places(root)
    assert found["a", "b ä", "c"] == (Place(1, 14), Place(1, 18))
    assert found["x", "y", 0, "z"] == (Place(2, 12), Place(2, 16))
    assert found["t", 0, "v"][0] == Place(4, 1)
    assert found["t", 1, "u", "w"] == (Place(9, 1), Place(9, 5))


PROBLEMS: tuple[tuple[Format, str | bytes, list[str]], ...] = (
    (
        "yaml",
        "a: 1\nb: 2\na: 3\na: 4",
        ["3:1: duplicate key `a`, already in line 1", "4:1: duplicate key `a`, already in line 1"],
    ),
    ("json", '{"x": {"a": 1,\n"a": 3}}', ["2:1: duplicate key `a` in `x`, already in line 1"]),
    (
        "toml",
        "[x]\na = 1\na = 3\n[x]",
        ["3:1: duplicate key `a` in `x`, already in line 2", "4:2: duplicate key `x`, already in line 1"],
    ),
    ("toml", "x = {a = 1, a = 2}", ["1:13: duplicate key `a` in `x`, already in line 1"]),
    ("toml", "a.b = 1\n[a]\nc = 1", ["2:3: not TOML: cannot declare … twice"]),
    ("yaml", "a: {api_key: {k: 1, k: 2}}", ["1:21: duplicate key in `a.api_key`, already in line 1"]),
    ("yaml", "a: &x {b: 1}\nc:\n  <<: *x\n", ["3:3: a merge key (`<<`) has no meaning here: write the keys out"]),
    ("yaml", "a: !foo x", ["1:4: a tag (`!…`) has no meaning here"]),
    ("yaml", "a: !!python/tuple [x]", ["1:4: a tag (`!…`) has no meaning here"]),
    ("yaml", "a: &x [*x]", ["1:8: this alias (`*…`) stands inside of what it repeats"]),
    ("yaml", "a: *x", ["1:4: this alias (`*…`) has no anchor above it"]),
    (
        "yaml",
        "1: x\n~: y",
        ["1:1: expected text as key, got `1`: write it in quotes", "2:1: expected text as key, got `null`: write it in quotes"],
    ),
    ("yaml", "? [a]\n: x", ["1:3: expected text as key"]),
    (
        "yaml",
        "a: .nan\nb: -.inf",
        ["1:4: expected a finite number of at most 64 bits", "2:4: expected a finite number of at most 64 bits"],
    ),
    (
        "json",
        '{"a": 1e999, "b": 9223372036854775808}',
        ["1:7: expected a finite number of at most 64 bits", "1:19: expected a finite number of at most 64 bits"],
    ),
    (
        "toml",
        "a = nan\nb = 9223372036854775808",
        ["1:5: expected a finite number of at most 64 bits", "2:5: expected a finite number of at most 64 bits"],
    ),
    ("toml", "a = " + "9" * 10_000, ["1:5: expected a finite number of at most 64 bits"]),
    ("toml", "a = 1979-05-27 07:32:00", ["1:5: dates and times have no meaning here: write the text in quotes"]),
    ("json", '{"a": NaN}', ["1:7: not JSON: expected a value"]),
    ("json", '{"a": "\\ud800"}', ["1:7: text with half of a surrogate pair"]),
    ("json", '{"\\udc00": 1}', ["1:2: text with half of a surrogate pair"]),
    ("yaml", "a: 1\n---\nb: 2", ["2:1: expected one document, found a second"]),
    ("yaml", "%YAML 1.1\n---\na: b", ["1:1: directives (`%…`) have no meaning here"]),
    ("yaml", "a: b\nc: \x07", ["2:4: not YAML: character `U+0007`"]),
    ("yaml", "# only a remark", ["1:1: the document is empty"]),
    ("toml", " \n", ["1:1: the document is empty"]),
    ("json", b"\xef\xbb\xbf", ["1:1: the document is empty"]),
    ("json", b'{"a":\n "\xff"}', ["2:3: not UTF-8 text"]),
    ("json", "\ud800", ["1:1: not UTF-8 text"]),
    ("json", '{"a": 1,}', ["1:9: not JSON: expected a key in double quotes"]),
    ("json", "[1] 2", ["1:5: not JSON: expected the end of the document"]),
    ("json", "[01]", ["1:3: not JSON: expected `,`"]),
    ("toml", "a = 1\nb", ["2:2: not TOML: expected `=`"]),
    ("toml", "a = nope", ["1:5: not TOML: invalid value"]),
)


@pytest.mark.parametrize(("form", "content", "expected"), PROBLEMS)
def test_problems(form: Format, content: str | bytes, expected: list[str]) -> None:
    """Everything that a spec must not hold is a problem with its place."""
    assert messages(content, form) == expected


def test_yaml_hints() -> None:
    """The slips that everyone makes once come with what to do."""
    assert messages("on: [*]", "yaml")[0].endswith('; a `*` of its own has to be quoted: `"*"`')
    assert messages("a: {k: ${KEY}}", "yaml")[0].endswith("; inside `{…}`, text with one of `{}[],` has to be quoted")


ENDLESS: tuple[tuple[Format, bytes], ...] = (
    *(
        ("yaml", piece * (MAX_BYTES // len(piece)))
        for piece in (b"[", b"{", b"- ", b"? ", b"a: ", b"[a,", b"&a ", b'"', b"k: 1\n", b"%TAG !a! x\n")
    ),
    *(("json", piece * (MAX_BYTES // len(piece))) for piece in (b"[", b'{"a":', b"[1,")),
    *(("toml", piece * (MAX_BYTES // len(piece))) for piece in (b"[", b"a.", b"[a]\n", b"[[a]]\n", b"a = [")),
    ("toml", b"a = " + b"[" * 1000),
    ("toml", b"a = " + b"{a = " * 1000),
    ("json", b"[" + b"1," * 200_000 + b"1]"),
    (
        "yaml",
        b"a: &a [x]\n"
        + b"".join(b"k%d: &k%d [*%s, *%s]\n" % (i, i, p, p) for i, p in enumerate([b"a", *(b"k%d" % n for n in range(50))])),
    ),
    (
        "yaml",
        b"a: &a [x]\n"
        + b"".join(b"k%d: &k%d [*%s]\n" % (i, i, p) for i, p in enumerate([b"a", *(b"k%d" % n for n in range(200))])),
    ),
    ("yaml", b" " * (MAX_BYTES + 1)),
)


@pytest.mark.parametrize(("form", "content"), ENDLESS, ids=[f"{form}-{content[:12]!r}" for form, content in ENDLESS])
def test_bombs(form: Format, content: bytes) -> None:
    """Documents that are too deep, too large or lay themselves out without end are refused in bounded time."""
    begin = time.monotonic()
    assert isinstance(parse_document(content, form), Failure)
    assert time.monotonic() - begin < SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}",
        "a: &a {x: 1, y: 2}\nb: {y: 3, <<: *a}",
        "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b], z: 3}",
        "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: *a, <<: *b}",
        "a: &a {x: {y: 1}}\nb: &b {<<: *a, z: 1}\nc: {<<: *b, x: {q: 1}}",
        "a: {<<: {x: 1}}\nb: {'<<': 1}",
        "a: {<<: []}",
    ],
)
def test_merge_keys_mean_what_they_mean_elsewhere(text: str) -> None:
    """Where they are laid out, as PyYAML does."""
    found = parse_document(text, "yaml", merging=True).unwrap()
    assert (plain(found.root), found.problems) == (yaml.safe_load(text), ())


def test_merged_keys_stand_where_they_are_written() -> None:
    """So that what is said of them names their own line."""
    root = parse_document("a: &a\n  x: 1\nb:\n  <<: *a\n", "yaml", merging=True).unwrap().root
    assert isinstance(root, Mapping)
    inner = root.entries[1].value
    assert isinstance(inner, Mapping)
    assert inner.entries[0].place == Place(2, 3)


@pytest.mark.parametrize("text", ["a: {<<: 1}", "a: {<<: [1]}", "a: {<<: }", "a: {<<: [[{x: 1}]]}"])
def test_only_mappings_can_be_merged(text: str) -> None:
    """Which is said at the merge key."""
    (problem,) = parse_document(text, "yaml", merging=True).unwrap().problems
    assert (problem.place, problem.message) == (Place(1, 5), "after a merge key (`<<`) comes a mapping, or a list of them")


def test_merge_keys_do_not_multiply() -> None:
    """A document that lays itself out without end is refused with them too."""
    text = "a0: &a0 {x: 1}\n" + "".join(f"a{i + 1}: &a{i + 1} {{<<: [*a{i}, *a{i}, *a{i}], k{i}: 1}}\n" for i in range(40))
    assert isinstance(parse_document(text, "yaml", merging=True), Failure)


BOTH_LOADERS = (SAME["yaml"], *(content for form, content, _ in PROBLEMS if form == "yaml" and isinstance(content, str)))


@pytest.mark.parametrize("text", BOTH_LOADERS)
def test_the_pure_python_parser_agrees(text: str) -> None:
    """Where libyaml is missing, the same documents give the same nodes and problems."""
    assert outcome(text, yaml.SafeLoader) == outcome(text, yaml.CSafeLoader)


@pytest.mark.parametrize("text", ['a: "\\UFFFFFFFF"', 'a: "\\ud83d\\ude00"', "a: [", "\t: a", "a: 'b", "@"])
def test_broken_yaml_in_pure_python(text: str) -> None:
    """What libyaml refuses, the pure Python parser refuses too, in words of its own."""
    assert "Success" not in outcome(text, yaml.SafeLoader)[:7]
    assert "Success" not in outcome(text, yaml.CSafeLoader)[:7]


def outcome(text: str, loader: type[yaml.SafeLoader] | type[yaml.CSafeLoader]) -> str:
    """Everything that parsing with that loader gives."""
    building = Building()
    try:
        root = parse_yaml(text, building, loader)
    except Exception as error:  # noqa: BLE001 - the kind and text of the error are the outcome
        return f"{type(error).__name__}: {error} {building.problems}"
    return f"{'Failure' if building.problems else 'Success'} {root} {building.problems}"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4),
    max_leaves=10,
)


@given(json_values, st.sampled_from([None, 2]), st.booleans())
def test_json_as_the_standard_library_reads_it(value: object, indent: int | None, ensure_ascii: bool) -> None:
    """Every JSON text that is not blank means what the standard library says."""
    assert read(json.dumps(value, indent=indent, ensure_ascii=ensure_ascii), "json") == value


@given(st.text(alphabet='{}[]",:\\u0123eE+-. truefalsn\n', max_size=30))
def test_json_refused_by_the_standard_library(text: str) -> None:
    """What the standard library refuses is refused here too."""
    found = parse_document(text, "json")
    if isinstance(found, Success) and not found.unwrap().problems:
        assert json.loads(text) == plain(found.unwrap().root)
