"""A spec as text that reads back as the same spec (law S1), and its digest, which no format changes (law S2).

Texts use the short forms where a person would. The digest is that of the normal form, so that a change in how specs are printed
changes no digest; it does not depend on the order of keys or arms, because nothing that is planned does (law D2).
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final, cast

import msgspec
import tomli_w
import yaml

from voxplan.engine._yaml_document import CORE
from voxplan.engine.document import Format
from voxplan.engine.quantity import Span, print_span
from voxplan.engine.spec import Arm, Balance, RouteNode, Spec, Weight

__all__ = ("print_spec", "spec_digest")

_Data = str | int | float | bool | list["_Data"] | dict[str, "_Data"]
"""What all three formats can say."""

_EXACT: Final = 2**53  # the whole numbers up to here are the same as float and as int
# People look for the name and the form of a node first, and for accounts before the deployments that use them.
_KEYS_FIRST: Final = ("voxplan", "accounts", "deployments", "defaults", "routes", "name", "use", "first", "balance", "on")


def print_spec(spec: Spec, form: Format) -> str:
    """The spec as a document of that format."""
    return _PRINTERS[form](_table(_given(spec)))


def spec_digest(spec: Spec) -> str:
    """A short name for what the spec says: the same for every format, order of keys and way of writing it."""
    canonical = msgspec.json.encode(_normal(spec), order="deterministic")
    return hashlib.blake2b(canonical, digest_size=12).hexdigest()


def _normal(value: object) -> _Data:
    """The normal form, every short form written out and everything that has no order sorted."""
    match value:
        case Span(base_ms, per_second):
            return [base_ms, *per_second]
        case Balance():
            arms = sorted((_normal(arm) for arm in value.among), key=_canonical)
            return {**{key: _normal(inner) for key, inner in _given(value).items() if key != "among"}, "among": arms}
        case _:
            return _laid_out(value, _normal)


def _short(value: object) -> _Data:
    """What an author would write."""
    match value:
        case Span():
            return print_span(value)
        case RouteNode():
            return _route(value)
        case Balance():
            rest = {key: part for key, part in _given(value).items() if key != "among"}
            return {"among": _among(value.among), **_table(rest)}
        case _:
            return _laid_out(value, _short)


def _route(node: RouteNode) -> _Data:
    table = _table(_given(node))
    return next(iter(table.values())) if table.keys() in ({"use"}, {"first"}) else table


def _among(arms: tuple[Arm, ...]) -> _Data:
    names = [arm.route.use for arm in arms if _given(arm.route).keys() == {"use"}]
    weights = [_number(arm.weight) for arm in arms]
    if len({*names}) == len(arms) and any(weight != 1 for weight in weights):
        return dict(zip(map(str, names), weights, strict=True))
    return [_arm(arm) for arm in arms]


def _arm(arm: Arm) -> _Data:
    return _route(arm.route) if arm.weight == 1 else {"weight": _number(arm.weight), **_table(_given(arm.route))}


def _table(given: Mapping[str, object]) -> dict[str, _Data]:
    first = [key for key in _KEYS_FIRST if key in given]
    return {key: _short(given[key]) for key in (*first, *(key for key in given if key not in first))}


def _laid_out(value: object, inner: Callable[[object], _Data]) -> _Data:
    match value:
        case msgspec.Struct():
            return {key: inner(part) for key, part in _given(value).items()}
        case dict():
            return {key: inner(part) for key, part in cast("dict[str, object]", value).items()}
        case tuple():
            return [inner(part) for part in cast("tuple[object, ...]", value)]
        case bool() | str():
            return value
        case int() | float():
            return _number(value)
        case _:
            raise TypeError(f"a spec holds no {type(value).__name__}")


def _given(struct: msgspec.Struct) -> dict[str, object]:
    """The fields that say something: those that differ from their defaults."""
    given: dict[str, object] = {}
    for field in msgspec.structs.fields(struct):
        value: object = getattr(struct, field.name)
        factory = field.default_factory
        default: object = factory() if callable(factory) else field.default
        if value != default:
            given[field.encode_name] = value
    return given


def _number(value: Weight) -> Weight:
    """The number, whole ones as int: 1 and 1.0 mean the same."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value


def _canonical(data: _Data) -> bytes:
    return msgspec.json.encode(data, order="deterministic")


class _Dumper(yaml.SafeDumper):
    """Quotes exactly what our own reader would not take for text."""

    yaml_implicit_resolvers = {None: [(tag, pattern) for tag, pattern, _ in CORE]}  # noqa: RUF012 - PyYAML's own name and type

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Nothing is ever an alias: equal parts are written out."""
        return True


def _yaml_text(_: _Dumper, text: str) -> yaml.ScalarNode:
    # Without quotes or in single ones, line breaks are folded and U+0085 reads back as a plain newline.
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _yaml_text)


def _yaml(data: dict[str, _Data]) -> str:
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=2**20)


def _json(data: dict[str, _Data]) -> str:
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"


_PRINTERS: Final[Mapping[Format, Callable[[dict[str, _Data]], str]]] = {"yaml": _yaml, "toml": tomli_w.dumps, "json": _json}
