"""The ways of writing a thing that its type does not show, as JSON Schema.

Each function takes the definition of the long form, made from the type, and gives the definitions that stand for it.
"""

from typing import Final, cast

import msgspec

from voxplan.engine.checks._checking_rules import GUARDRAIL_KINDS
from voxplan.engine.documents._lifting_conditions import FACTS
from voxplan.engine.documents.descriptions import MATCH
from voxplan.engine.language.spec import RouteNode
from voxplan.engine.terms.amounts import MAX_SIZE

Schema = str | int | float | bool | list["Schema"] | dict[str, "Schema"] | None
"""What JSON can say."""

Definition = dict[str, Schema]

_NUMBER: Final = r"[0-9]{1,13}(\.[0-9]{1,12})?"
_TERM: Final = rf" *{_NUMBER} *((ms|s|min|m|h)?|(ms|s)? *\* *audio\.seconds) *"
_MARK: Final = r"^metadata\.[^\s]+$"
_NOT_NEGATIVE: Final[Definition] = {"type": "number", "minimum": 0}


def _text(pattern: str, *examples: str) -> Definition:
    return {"type": "string", "pattern": pattern, **({"examples": [*examples]} if examples else {})}


QUANTITIES: Final[dict[str, Schema]] = {
    "duration": {
        "description": "A duration: `500ms`, `8s`, `2m`, `1h`, plain seconds, or `5s + 0.05 * audio.seconds`.",
        "anyOf": [_text(rf"^{_TERM}(\+{_TERM})*$", "8s", "5s + 0.05 * audio.seconds"), _NOT_NEGATIVE],
    },
    "share": {
        "description": "A share: `5%`, or a number from 0 to 1.",
        "anyOf": [_text(rf"^ *{_NUMBER} *%? *$", "5%"), {**_NOT_NEGATIVE, "maximum": 1}],
    },
    "money": {
        "description": "US dollars: `$0.05`, `0.05 USD`, or a number.",
        "anyOf": [_text(rf"^ *(\$ *{_NUMBER}|{_NUMBER}( *USD)?) *$", "$0.05"), {**_NOT_NEGATIVE, "maximum": 1_000_000}],
    },
    "size": {
        "description": "An amount of data: `25MB`, `512MiB`, or a number of bytes.",
        "anyOf": [
            _text(rf"^ *{_NUMBER} *([KMGT]i?B|B)? *$", "25MB", "512MiB"),
            {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
        ],
    },
    "clock_time": {
        "description": "A time of day: `08:00`; `24:00` is the end of the day.",
        **_text(r"^ *(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00) *$", "08:00"),
    },
}

_PASSED: Final[Definition] = {"$ref": "#/$defs/passed_option"}
PASSED_OPTION: Final[dict[str, Schema]] = {
    "passed_option": {
        "description": "Text, a number, `true` or `false`, a list or a mapping of these.",
        "anyOf": [
            {"type": ["string", "number", "boolean"]},
            {"type": "array", "items": _PASSED},
            {"type": "object", "additionalProperties": _PASSED},
        ],
    }
}

_SHORT: Final[list[Schema]] = [
    {"$ref": "#/$defs/label"},
    {"type": "array", "items": {"$ref": "#/$defs/route"}, "minItems": 1, "description": "Ordered fallback, as `first`."},
]
_NODE_KEYS: Final = (*(field.encode_name for field in msgspec.structs.fields(RouteNode)), "match")
_ONE_FORM: Final[dict[str, Schema]] = {
    "oneOf": [{"required": [form]} for form in ("use", "first", "balance", "race", "when", "match")],
    "dependentRequired": {"otherwise": ["when"]},
    "dependentSchemas": {"on": {"anyOf": [{"required": [form]} for form in ("first", "balance", "race")]}},
}


def route(long: Definition) -> dict[str, Schema]:
    """A name, a list or a mapping with exactly one form."""
    match: Definition = {"description": MATCH["match"], "$ref": "#/$defs/match"}
    node: Definition = {**long, "properties": {**_properties(long), "match": match}, **_ONE_FORM}
    return {"route": {"anyOf": [*_SHORT, {"$ref": "#/$defs/node"}]}, "node": node}


def arm(long: Definition) -> dict[str, Schema]:
    """A route whose keys may stand beside a `weight`."""
    keys: Definition = {key: {"$ref": f"#/$defs/node/properties/{key}"} for key in _NODE_KEYS}
    weighted: Definition = {
        "type": "object",
        "properties": {"weight": _properties(long)["weight"], **keys},
        "additionalProperties": False,
        **_ONE_FORM,
    }
    return {"arm": {"anyOf": [*_SHORT, weighted]}}


def match() -> dict[str, Schema]:
    """What stands at `match`."""
    fact: Definition = {"anyOf": [{"enum": [fact for fact in FACTS if fact != "key.budget_left"]}, _text(_MARK)]}
    routes: Definition = {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/route"}}
    return {
        "match": {
            "type": "object",
            "properties": {
                "on": {"description": MATCH["on"], **fact},
                "cases": {"description": MATCH["cases"], **routes},
                "otherwise": {"description": MATCH["otherwise"], "$ref": "#/$defs/route"},
            },
            "required": ["on", "cases"],
            "additionalProperties": False,
        }
    }


def balance(long: Definition) -> dict[str, Schema]:
    """Names with weights, a list of arms, or what `where` selects."""
    weights: Definition = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"$ref": "#/$defs/label"},
        "additionalProperties": {"$ref": "#/$defs/weight"},
    }
    return {"balance": _with_arms(long, [weights])}


def race(long: Definition) -> dict[str, Schema]:
    """A list of routes, or what `where` selects."""
    return {"race": _with_arms(long, [])}


def _with_arms(long: Definition, others: list[Schema]) -> Definition:
    properties = _properties(long)
    where: Definition = {
        "type": "object",
        "properties": {"where": properties["where"]},
        "required": ["where"],
        "additionalProperties": False,
    }
    among = cast("Definition", properties["among"])
    listed: Definition = {"type": "array", "minItems": 1, "items": among["items"]}
    known = {key: value for key, value in properties.items() if key != "where"}
    known["among"] = {"description": among["description"], "anyOf": [*others, listed, where]}
    required = [*cast("list[Schema]", long.get("required", [])), "among"]
    return {**long, "properties": known, "required": required}


def condition(long: Definition) -> dict[str, Schema]:
    """Facts by their full names, `metadata.x`, and what TOML makes of dotted keys."""
    properties = _properties(long)
    known: Definition = {"anyOf": [{"enum": [*FACTS]}, _text(_MARK)]}
    values = cast("Definition", properties["metadata"])["additionalProperties"]
    properties["known"] = {**cast("Definition", properties["known"]), **known}
    return {"condition": {**_flat(long, properties, values), "minProperties": 1}}


def policy_request(long: Definition) -> dict[str, Schema]:
    """Facts by their full names, `metadata.x`, and what TOML makes of dotted keys."""
    return {"policy_request": _flat(long, _properties(long), {"type": "string"})}


def _flat(long: Definition, properties: Definition, metadata: Schema) -> Definition:
    nested = {family: _family(family, properties) for family in ("audio", "key")}
    key = cast("Definition", properties["key"])
    texts = {keyword: value for keyword, value in key.items() if keyword != "description"}
    described: Definition = {"description": key["description"], "anyOf": [texts, nested["key"]]}
    return {
        **long,
        "properties": {**properties, "audio": nested["audio"], "key": described},
        "patternProperties": {_MARK: metadata},
    }


def _family(family: str, properties: Definition) -> Definition:
    """The facts of one family as a mapping."""
    inner = {key.partition(".")[2]: value for key, value in properties.items() if key.startswith(f"{family}.")}
    return {"type": "object", "properties": inner, "additionalProperties": False, "minProperties": 1}


def number_range(long: Definition) -> dict[str, Schema]:
    """A number or a list of numbers stands for `in`."""
    numbers: list[Schema] = [{"type": "number"}, {"type": "array", "items": {"type": "number"}, "minItems": 1}]
    return {"number_range": {"anyOf": [*numbers, {**long, "minProperties": 1}]}}


def price(long: Definition) -> dict[str, Schema]:
    """At least one of the two prices."""
    return {"price": {**long, "anyOf": [{"required": ["per_minute"]}, {"required": ["per_request"]}]}}


def guardrail(long: Definition) -> dict[str, Schema]:
    """Only of the kinds that there are."""
    properties = _properties(long)
    kind = cast("Definition", properties["kind"])
    kinds: Definition = {"description": kind["description"], "enum": [*GUARDRAIL_KINDS]}
    return {"guardrail": {**long, "properties": {**properties, "kind": kinds}}}


def rules(long: Definition) -> dict[str, Schema]:
    """The rules of `defaults`, which name no node."""
    return {"rules": {**long, "properties": {key: value for key, value in _properties(long).items() if key != "name"}}}


def scripted(long: Definition) -> dict[str, Schema]:
    """A bare result stands for a call that is nothing else."""
    result = cast("Definition", _properties(long)["result"])
    return {"scripted": {"anyOf": [{"enum": result["enum"]}, long]}}


def policy_test(long: Definition) -> dict[str, Schema]:
    """A single call of the world needs no list."""
    properties = _properties(long)
    world = cast("Definition", properties["world"])
    call: Definition = {"$ref": "#/$defs/scripted"}
    calls: Definition = {"anyOf": [call, {"type": "array", "items": call, "minItems": 1}]}
    return {"policy_test": {**long, "properties": {**properties, "world": {**world, "additionalProperties": calls}}}}


def _properties(long: Definition) -> Definition:
    return dict(cast("Definition", long["properties"]))
