"""`compare`: what two specs plan differently, each difference with an input whose plans really differ.

Plans are compared by what may happen: names of nodes, explanations of what was left out and the digest of the spec are not part
of that. What a plan does not show, because it only names deployments, is compared as well: which model is behind a name, where.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec.structs import replace
from returns.result import Success

from voxplan.engine.foresight.inputs import MOST, Input, inputs
from voxplan.engine.plans.plan import Attempt, First, Node, Plan, Race, attempts
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.router import Router, RouterDeployment
from voxplan.engine.terms.spelling import listed, quoted

__all__ = ("Comparison", "Difference", "compare", "plans_of", "what_differs")


class Difference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One kind of difference in one route: in words, as seen for `witness`, and how many inputs showed it."""

    route: str
    what: str
    witness: Input
    count: int = 1


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What was found when two specs were compared on `compared` inputs.

    `routes` are those that only one of them has, as lines; `deployments` what else is behind a name now.
    """

    compared: int
    routes: tuple[str, ...]
    deployments: tuple[str, ...]
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs, on the inputs that were looked at."""
        return not (self.routes or self.deployments or self.differences)


def compare(old: Router, new: Router, most: int = MOST) -> Comparison:
    """Plan the same inputs with both, and gather the differences; `most` is that of `inputs`."""
    found: dict[tuple[str, str], Difference] = {}
    compared = 0
    common = [route for route in old.routes if route in new.routes]
    for each in (each for route in common for each in inputs((old, new), route, most)):
        compared += 1
        differs = what_differs(*plans_of(old, new, each))
        if differs is not None:
            sort, what = differs
            key, route = (each.request.route, sort), each.request.route
            seen = found.get(key, Difference(route=route, what=what, witness=each, count=0))
            found[key] = replace(seen, count=seen.count + 1)
    return Comparison(
        compared=compared,
        routes=tuple(_routes(old, new)),
        deployments=tuple(_deployments(old, new)),
        differences=tuple(found.values()),
    )


def plans_of(old: Router, new: Router, given: Input) -> tuple[Plan | None, Plan | None]:
    """The plans that both make of an input; None where it is refused."""
    one, two = (plan(router, given.request, given.view, given.moment_ms, given.seed) for router in (old, new))
    return one.unwrap() if isinstance(one, Success) else None, two.unwrap() if isinstance(two, Success) else None


def what_differs(old: Plan | None, new: Plan | None) -> tuple[str, str] | None:
    """The sort of the first difference that matters, and the difference in words; None when the same may happen.

    Differences of one sort differ only in numbers.
    """
    if old is None or new is None:
        if old is new:
            return None
        was, is_ = ("refused" if each is None else _order(each) for each in (old, new))
        return f"{was} {is_}", f"{was} → {is_}"
    if _order(old) != _order(new):
        return f"{_order(old)} {_order(new)}", f"{_order(old)} → {_order(new)}"
    if (nodes := _node_difference(old.root, new.root)) is not None:
        return nodes
    return next(_field_differences(old, new, _OF_PLANS, "the plan"), None)


_OF_PLANS: Final = ("input_guardrails", "streams", "cooling_try", "when_all_poor")
_UNNAMED: Final = frozenset({"node", "children", "arms"})


def _order(made: Plan) -> str:
    return ", ".join(attempt.deployment for attempt in attempts(made.root))


def _node_difference(old: Node, new: Node) -> tuple[str, str] | None:
    """The first difference between two trees with the same attempts in the same order."""
    match old, new:
        case (Attempt(), Attempt()):
            return next(_field_differences(old, new, _fields(old), quoted(old.deployment)), None)
        case (First(children=one), First(children=two)) | (Race(arms=one), Race(arms=two)) if len(one) == len(two):
            below = (_node_difference(*pair) for pair in zip(one, two, strict=True))
            own = next(_field_differences(old, new, _fields(old), f"the {_form(old)} of {_names(old)}"), None)
            return own or next((found for found in below if found is not None), None)
        case _:
            was, is_ = f"{_form(old)} of {_names(old)}", f"{_form(new)} of {_names(new)}"
            return f"{was} {is_}", f"{was} → {is_}"


def _fields(node: Node) -> tuple[str, ...]:
    return tuple(field for field in node.__struct_fields__ if field not in _UNNAMED)


def _form(node: Node) -> str:
    return type(node).__name__.lower()


def _names(node: Node) -> str:
    return listed(attempt.deployment for attempt in attempts(node))


def _field_differences(
    old: msgspec.Struct, new: msgspec.Struct, fields: tuple[str, ...], whose: str
) -> Iterator[tuple[str, str]]:
    for field in fields:
        was, is_ = (_shown(getattr(each, field)) for each in (old, new))
        if was != is_:
            yield f"{whose} {field}", f"`{field}` of {whose}: {was} → {is_}"


def _shown(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _routes(old: Router, new: Router) -> Iterator[str]:
    yield from (f"route {quoted(name)} is gone" for name in old.routes if name not in new.routes)
    yield from (f"route {quoted(name)} is new" for name in new.routes if name not in old.routes)


_SHOWN: Final = ("provider", "model", "limits", "shared_limits")
_HIDDEN: Final = ("api_key", "base_url", "settings", "options")


def _deployments(old: Router, new: Router) -> Iterator[str]:
    """What else is behind the names that both have; no line shows a key or an address (law S5)."""
    for name, was in old.deployments.items():
        if (is_ := new.deployments.get(name)) is not None:
            yield from (line for _, line in _field_differences(was, is_, _SHOWN, f"deployment {quoted(name)}"))
            yield from _changed(was, is_)


def _changed(was: RouterDeployment, is_: RouterDeployment) -> Iterator[str]:
    for field in _HIDDEN:
        if getattr(was, field) != getattr(is_, field):
            yield f"`{field}` of deployment {quoted(was.name)} is another one"
