"""The JSON Schema of a spec as an author writes it, short forms included: for editors, which check and explain while one types.

Made from the types of the normal form and `descriptions`, so that it cannot fall behind. Where an author may write a thing in
more ways than its type says, `_schema_forms` has them. A schema knows no names: what it lets pass, `checking` may still refuse.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import inspect

from voxplan.engine.checks._checking_arms import MOST_WEIGHT
from voxplan.engine.documents import _schema_forms as forms
from voxplan.engine.documents._schema_forms import Definition, Schema
from voxplan.engine.documents.descriptions import describe
from voxplan.engine.language.condition import Condition, NumberRange
from voxplan.engine.language.policy import PolicyRequest, PolicyTest, Scripted
from voxplan.engine.language.spec import Arm, Balance, Guardrail, Label, Price, Race, RouteNode, Rules, Spec
from voxplan.engine.terms.quantity import Span

__all__ = ("json_schema",)

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_FORMS: Final[Mapping[type, Callable[[Definition], dict[str, Schema]]]] = {
    Arm: forms.arm,
    Balance: forms.balance,
    Condition: forms.condition,
    Guardrail: forms.guardrail,
    NumberRange: forms.number_range,
    PolicyRequest: forms.policy_request,
    PolicyTest: forms.policy_test,
    Price: forms.price,
    Race: forms.race,
    RouteNode: forms.route,
    Rules: forms.rules,
    Scripted: forms.scripted,
}
"""For each struct with ways of writing that its type does not show: the definitions that stand for its long form."""

_NAMES: Final[Mapping[type, str]] = {RouteNode: "route", Span: "duration"}
_LABEL: Final = inspect.type_info(Label)
_WEIGHT: Final[Definition] = {"type": "number", "minimum": 0, "maximum": MOST_WEIGHT}


def json_schema() -> dict[str, Schema]:
    """The schema, as data that JSON can say."""
    making = _Making()
    root = making.definition(Spec)
    definitions = making.definitions | forms.match() | {"label": _scalar(_LABEL), "weight": _WEIGHT, **forms.PASSED_OPTION}
    head: dict[str, Schema] = {"$schema": _DIALECT, "title": "voxplan routing spec"}
    return {**head, **root, "$defs": {name: definitions[name] for name in sorted(definitions)}}


class _Making:
    """The definitions so far; one that refers to itself is there, empty, while it is made."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = dict(forms.QUANTITIES)

    def definition(self, struct: type) -> Definition:
        """The long form of `struct`."""
        properties: dict[str, Schema] = {}
        required: list[Schema] = []
        for field in _fields(struct):
            described: Definition = {"description": describe(struct, field.encode_name), **_default(field)}
            properties[field.encode_name] = {**described, **self._schema(field.type)}
            required += [field.encode_name] if field.required else []
        long: Definition = {"type": "object", "properties": properties, "additionalProperties": False}
        return {**long, "required": required} if required else long

    def _schema(self, info: inspect.Type) -> Definition:
        match info:
            case inspect.Metadata(type=inner):
                return {"$ref": "#/$defs/label"} if info == _LABEL else self._schema(inner)
            case inspect.StructType(cls=struct):
                return self._reference(struct)
            case inspect.UnionType(types=types):
                return self._one_of([choice for choice in types if not isinstance(choice, inspect.NoneType)])
            case inspect.VarTupleType(item_type=item, min_length=least):
                return self._list(item, least)
            case inspect.DictType(key_type=key, value_type=value):
                return {"type": "object", "propertyNames": self._schema(key), "additionalProperties": self._schema(value)}
            case _:
                return _scalar(info)

    def _one_of(self, choices: list[inspect.Type]) -> Definition:
        values = [value for choice in choices if isinstance(choice, inspect.LiteralType) for value in choice.values]
        if values or len(choices) == 1:
            return {"enum": [*values]} if values else self._schema(choices[0])
        # Whole and other numbers are the only other choice in the language, beside anything at all.
        anything = any(isinstance(choice, inspect.DictType) for choice in choices)
        return {"$ref": f"#/$defs/{'passed_option' if anything else 'weight'}"}

    def _list(self, item: inspect.Type, least: int | None) -> Definition:
        items = self._schema(item)
        several: Definition = {"type": "array", "items": items, **_said({"minItems": least})}
        # A single text stands for a list of one; a list of mappings is always written as one.
        return several if isinstance(item, inspect.StructType) else {"anyOf": [items, several]}

    def _reference(self, struct: type) -> Definition:
        name = _name(struct)
        if name not in self.definitions:
            self.definitions[name] = {}
            long = self.definition(struct)
            stands = _FORMS.get(struct)
            self.definitions |= {name: long} if stands is None else stands(long)
        return {"$ref": f"#/$defs/{name}"}


def _fields(struct: type) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(struct)
    return info.fields if isinstance(info, inspect.StructType) else ()


def _default(field: inspect.Field) -> Definition:
    default: object = field.default
    return {"default": default} if isinstance(default, (bool, int, str)) else {}


def _name(struct: type) -> str:
    """What the definition of a struct is called: `OptionRules` is `option_rules`."""
    return _NAMES.get(struct) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", struct.__name__).lower()


def _said(keywords: Definition) -> Definition:
    return {keyword: value for keyword, value in keywords.items() if value is not None}


def _scalar(info: inspect.Type) -> Definition:
    match info:
        case inspect.Metadata(type=inner):
            return _scalar(inner)
        case inspect.LiteralType(values=values):
            return {"enum": [*values]}
        case inspect.StrType(pattern=pattern, max_length=longest):
            return {"type": "string", **_said({"pattern": pattern, "maxLength": longest})}
        case inspect.IntType(ge=least, gt=above, le=most):
            return {"type": "integer", **_said({"minimum": least, "exclusiveMinimum": above, "maximum": most})}
        case inspect.FloatType(ge=least, gt=above, le=most):
            return {"type": "number", **_said({"minimum": least, "exclusiveMinimum": above, "maximum": most})}
        case inspect.BoolType():
            return {"type": "boolean"}
        case _:
            raise TypeError(f"a spec holds no {type(info).__name__}")
