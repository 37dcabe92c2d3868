import json
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import jsonschema
import msgspec
import pytest
from hypothesis import given
from returns.result import Success

from tests.spec_strategies import specs
from voxplan.adapters.catalog import CATALOG
from voxplan.engine.checks.checking import check
from voxplan.engine.documents import tree
from voxplan.engine.documents.descriptions import DESCRIPTIONS, MATCH
from voxplan.engine.documents.document import parse_document
from voxplan.engine.documents.printing import print_spec
from voxplan.engine.documents.reading import read
from voxplan.engine.documents.schema import json_schema
from voxplan.engine.language.spec import Spec

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "specs" / "schema.json"
HEAD = "voxplan: 1\ndeployments:\n  a: {provider: local, model: default, tags: eu}\n  b: {provider: local, model: default}\n"


class Validator(Protocol):
    """What is used of a validator of jsonschema, whose own types are not complete."""

    def iter_errors(self, instance: "Json") -> Iterable[jsonschema.ValidationError]:
        """Everything that is wrong with a document."""
        ...


Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
VALIDATOR: Validator = jsonschema.Draft202012Validator(json_schema())


def plain(node: tree.Node) -> Json:
    """The tree as a JSON parser would have made it."""
    match node:
        case tree.Scalar(value):
            return value
        case tree.Sequence(items):
            return [plain(item) for item in items]
        case tree.Mapping(entries):
            return {entry.key: plain(entry.value) for entry in entries}
        case tree.Broken():
            raise AssertionError("a document of these tests is broken")


def is_valid(text: str) -> bool:
    """Whether an editor finds no fault with a YAML document."""
    return not any(VALIDATOR.iter_errors(plain(parse_document(text, "yaml").unwrap().root)))


def route(text: str) -> str:
    """A document whose one route is written so."""
    return f"{HEAD}routes:\n  r: {text}\n"


def test_it_is_a_schema() -> None:
    """By the rules of its own dialect, which it names."""
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_published_schema_is_this_one() -> None:
    """`voxplan schema > specs/schema.json` is due when this fails."""
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == json_schema()


def test_each_key_is_described() -> None:
    """By one entry, which is a sentence; nothing else is described."""
    for struct, described in DESCRIPTIONS.items():
        inherited = {key for other in struct.__mro__[1:] for key in DESCRIPTIONS.get(other, {})}
        assert {field.encode_name for field in msgspec.structs.fields(struct)} == described.keys() | inherited, struct
        assert not described.keys() & inherited
    texts = [text for described in (*DESCRIPTIONS.values(), MATCH) for text in described.values()]
    assert [text for text in texts if not text.endswith((".", "…")) or text.endswith("..")] == []


@given(specs())
def test_whatever_is_printed_is_valid(spec: Spec) -> None:
    """An editor finds no fault with a spec that voxplan has written."""
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(print_spec(spec, "json")))] == []


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda path: path.name)
def test_the_specs_of_this_repository_are_valid(path: Path) -> None:
    """An editor finds no fault with any of them."""
    assert is_valid(path.read_text(encoding="utf-8"))


SHORT = (
    *("a", "[a, [b]]", "{use: a, timeout: 5}", "{first: [a, b], on: timed_out}", "{use: a, guardrails: g, require: {tags: eu}}"),
    *("{balance: {among: {a: 3, where: 1}}}", "{balance: {among: {where: {tags: eu}}, by: cost}}"),
    *("{balance: {among: [{weight: 95, use: a}, {first: [a, b]}, b]}}", "{race: {among: [a, {use: b}], stagger: 1s}}"),
    "{match: {on: language, cases: {fi: a, 'sv,no': [a, b]}, otherwise: b}}",
    "{match: {on: metadata.plan, cases: {free: a}}}",
    "{when: [{if: {tags: eu, metadata.plan: free, audio.seconds: [1, 2]}, then: a}], otherwise: b}",
    "{when: [{if: {audio: {seconds: {over: 5}}, key: {tags: x}, metadata: {plan: [free]}}, then: a}]}",
    "{when: [{if: {any: [{known: metadata.x}, {not: {key: k}}], time: {from: 8:00, days: mon}, sample: {share: 5%}}, then: a}]}",
    "{use: a, budget: 0.05 USD, deadline: 5s + 0.05 * audio.seconds, options: {timestamps: emulate}}",
)


@pytest.mark.parametrize("text", SHORT)
def test_short_forms_are_valid(text: str) -> None:
    """Both for the schema and for the reader."""
    assert isinstance(read(route(text), "yaml", "x"), Success)
    assert is_valid(route(text))


BROKEN = (
    *("{}", "[]", "5", "null", "a b", "{use: a, first: [b]}", "{use: a, on: timed_out}", "{use: a, otherwise: b}"),
    *(
        "{frist: [a]}",
        "{use: a, timeout: 5 parsecs}",
        "{use: a, timeout: -1}",
        "{use: a, budget: a lot}",
        "{use: a, replay: maybe}",
    ),
    *(
        "{balance: {}}",
        "{balance: {among: []}}",
        "{balance: {among: {a: heavy}}}",
        "{balance: {among: {a: 1, where: {tags: eu}}}}",
    ),
    *("{balance: {among: [a], by: luck}}", "{balance: {where: {tags: eu}}}", "{balance: {among: [{weight: 1}]}}"),
    *("{race: {among: [a, b]}}", "{race: {among: {a: 1}, stagger: 1s}}", "{race: {among: [{weight: 1, use: a}], stagger: 1s}}"),
    *("{when: []}", "{when: [{if: {}, then: a}]}", "{when: [{if: {langauge: fi}, then: a}]}", "{when: [{if: {language: fi}}]}"),
    *("{when: [{if: {audio.seconds: long}, then: a}]}", "{when: [{if: {time: {from: 25:00}}, then: a}]}"),
    *("{when: [{if: {sample: {share: 500%%}}, then: a}]}", "{when: [{if: {known: nothing}, then: a}]}"),
    *("{match: {on: language}}", "{match: {on: lnguage, cases: {fi: a}}}", "{match: {on: language, cases: {}}}"),
    *("{use: a, require: {continent: eu}}", "{use: a, options: {prompt: emulate}}", "{use: a, retry: {times: 1000}}"),
    *("{first: [a], on: []}", "{use: a, accept: {not_empty: null}}", "{first: a}"),
)


@pytest.mark.parametrize("text", BROKEN)
def test_broken_routes_are_not_valid(text: str) -> None:
    """What voxplan refuses is underlined in an editor too."""
    found = read(route(text), "yaml", "x").map(lambda document: check(document.spec, CATALOG))
    assert found.map(lambda findings: any(finding.severity == "error" for finding in findings)).value_or(True)
    assert not is_valid(route(text))


SECTIONS = (
    *("guardrails: {g: {kind: magic}}", "guardrails: {g: {}}", "defaults: {name: x}", "retry_budget: {share: 2}", "unknown: 1"),
    *(
        "gateway: {largest_upload: 25 mb}",
        "gateway: {largest_upload: 0}",
        "gateway: {in_flight: 0}",
        "gateway: {unknown_fields: keep}",
    ),
    *("gateway: {urls: {hosts: ['https://x']}}", "gateway: {urls: {networks: [office]}}", "gateway: {health_check: {evry: 1m}}"),
    *("tests: [{name: x}]", "tests: [{expect: {}}]", "tests: [{name: x, world: {a: fine}, expect: {}}]", "tests: {}"),
    *("tests: [{name: x, request: {audio.seconds: -1}, expect: {}}]", "accounts: {x: {api_key: secret, provider: local}}"),
)


@pytest.mark.parametrize("text", SECTIONS)
def test_broken_sections_are_not_valid(text: str) -> None:
    """Each of the other sections is looked at."""
    assert is_valid(route("a"))
    assert not is_valid(route("a") + text)


@pytest.mark.parametrize(
    ("keys", "valid"),
    [
        ("settings: {api-version: 2024-10-21}, options: {a: [1, {b: [true, x]}], c: {d: 0.5}}", True),
        ("settings: {a: 1}", False),
        ("settings: [a]", False),
        ("options: {a: null}", False),
        ("options: {a: [null]}", False),
        ("options: a", False),
    ],
)
def test_settings_and_options_of_a_deployment(keys: str, valid: bool) -> None:
    """Text by name, and nearly anything by name."""
    text = f"voxplan: 1\ndeployments: {{a: {{provider: local, model: default, {keys}}}}}\nroutes: {{r: a}}\n"
    assert is_valid(text) is valid
    assert isinstance(read(text, "yaml", "x"), Success) is valid
