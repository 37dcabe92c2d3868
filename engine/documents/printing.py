"""A spec as text that reads back as the same spec (law S1), and its digest, which no format changes (law S2).

Texts use the short forms where a person would. The digest is that of the normal form, so that a change in how specs are printed
changes no digest; it does not depend on the order of keys or arms, because nothing that is planned does (law D2).
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Final, cast

import msgspec
import tomli_w
import yaml

from voxplan.engine.documents._normal import Data, canonical, given, laid_out, number
from voxplan.engine.documents._yaml_document import CORE
from voxplan.engine.documents.document import Format
from voxplan.engine.language.condition import Condition, NumberRange, TimeWindow
from voxplan.engine.language.gateway import Gateway
from voxplan.engine.language.policy import PolicyRequest, PolicyTest, Scripted
from voxplan.engine.language.spec import Arm, Balance, Race, RouteNode, Rules, Selector, Spec
from voxplan.engine.terms.amounts import print_clock_time, print_money, print_share, print_size
from voxplan.engine.terms.quantity import ClockTime, Money, Share, Size, Span, print_span

__all__ = ("print_spec", "spec_digest")

# People look for the name and the form of a node first, and for accounts before the deployments that use them.
_KEYS_FIRST: Final = (
    *("voxplan", "accounts", "deployments", "cooling", "defaults", "routes"),
    *("name", "use", "first", "balance", "race", "when", "otherwise", "on"),
)
# Where a list of one is written without brackets.
_SINGLE: Final = frozenset(
    {
        *("route", "audio.format", "language", "response_format", "timestamps", "user", "key", "key.tags", "tags", "days"),
        *("region", "provider", "capability", "guardrails"),
    }
)
_METADATA: Final = "metadata"
_FACT: Final = re.compile(r"[^\s]+")


def print_spec(spec: Spec, form: Format) -> str:
    """The spec as a document of that format."""
    return _PRINTERS[form](_table(given(spec)))


def spec_digest(spec: Spec) -> str:
    """A short name for what the spec says: the same for every format, order of keys and way of writing it.

    Nothing that is planned depends on `gateway` and `tests`: they are not in it.
    """
    return hashlib.blake2b(canonical(msgspec.structs.replace(spec, gateway=Gateway(), tests=())), digest_size=12).hexdigest()


def _short(value: object) -> Data:
    """What an author would write."""
    match value:
        case RouteNode():
            return _route(value)
        case Balance() | Race():
            return _arms(value)
        case PolicyTest() | Condition() | PolicyRequest():
            return _test(value) if isinstance(value, PolicyTest) else _facts(value)
        case Rules() | Selector() | TimeWindow():
            return _table(given(value))
        case NumberRange() | Scripted():
            return _bare(value)
        case _:
            return _quantity(value) or laid_out(value, _short)


def _quantity(value: object) -> str | None:
    match value:
        case Span():
            return print_span(value)
        case Share():
            return print_share(value)
        case Money():
            return print_money(value)
        case Size():
            return print_size(value)
        case ClockTime():
            return print_clock_time(value)
        case _:
            return None


def _bare(value: NumberRange | Scripted) -> Data:
    """The one thing that is said, where that is all."""
    said = given(value)
    alone = next((said[key] for key in ("in", "result") if said.keys() == {key}), None)
    return laid_out(value, _short) if alone is None else _single(_short(alone))


def _route(node: RouteNode) -> Data:
    table = _table(given(node))
    return next(iter(table.values())) if table.keys() in ({"use"}, {"first"}) else table


def _arms(node: Balance | Race) -> Data:
    rest = {key: part for key, part in given(node).items() if key not in {"among", "where"}}
    if node.where is not None and not node.among:
        return {"among": {"where": _table(given(node.where))}, **_table(rest)}
    if isinstance(node, Race):
        return {"among": [_route(arm) for arm in node.among], **_table(rest)}
    return {"among": _among(node.among), **_table(rest)}


def _among(arms: tuple[Arm, ...]) -> Data:
    names = [arm.route.use for arm in arms if given(arm.route).keys() == {"use"}]
    weights = [number(arm.weight) for arm in arms]
    if len({*names}) == len(arms) and any(weight != 1 for weight in weights):
        return dict(zip(map(str, names), weights, strict=True))
    return [_arm(arm) for arm in arms]


def _arm(arm: Arm) -> Data:
    return _route(arm.route) if arm.weight == 1 else {"weight": number(arm.weight), **_table(given(arm.route))}


def _facts(value: Condition | PolicyRequest) -> Data:
    """The facts by name, `metadata.x` beside the others where that can be read back."""
    said = given(value)
    marks = cast("dict[str, object]", said.get(_METADATA, {}))
    if not marks or not all(map(_FACT.fullmatch, marks)):
        return _table(said)
    named = {f"{_METADATA}.{mark}": part for mark, part in marks.items()}
    return _table({**{key: part for key, part in said.items() if key != _METADATA}, **named})


def _test(test: PolicyTest) -> Data:
    table = _table(given(test))
    if test.world:
        table["world"] = {name: _single(laid_out(calls, _short)) for name, calls in test.world.items()}
    return table


def _table(said: Mapping[str, object]) -> dict[str, Data]:
    first = [key for key in _KEYS_FIRST if key in said]
    return {key: _value(key, said[key]) for key in (*first, *(key for key in said if key not in first))}


def _value(key: str, value: object) -> Data:
    return _single(_short(value)) if key in _SINGLE or key.startswith(f"{_METADATA}.") else _short(value)


def _single(data: Data) -> Data:
    """A list of one without its brackets."""
    return data[0] if isinstance(data, list) and len(data) == 1 else data


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


def _yaml(data: dict[str, Data]) -> str:
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=2**20)


def _json(data: dict[str, Data]) -> str:
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"


_PRINTERS: Final[Mapping[Format, Callable[[dict[str, Data]], str]]] = {"yaml": _yaml, "toml": tomli_w.dumps, "json": _json}
