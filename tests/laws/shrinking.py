"""Makes a case in which something is wrong as small as it gets while it stays wrong: spec, request, view and world."""

from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import TypeVar

from msgspec.structs import replace

from tests.laws.cases import Case, compiled
from tests.laws.worlds import World
from tests.random_specs import CATALOG
from voxplan.engine.checks.checking import check
from voxplan.engine.language.spec import Arm, RouteNode, Rules, Spec
from voxplan.engine.observed.view import EMPTY_VIEW
from voxplan.engine.terms.request import AudioFacts, Options, Request

__all__ = ("shrunk",)

Wrong = Callable[[Case, World], bool]
T = TypeVar("T")


def shrunk(case: Case, world: World, wrong: Wrong, patience: int = 2000) -> tuple[Case, World]:
    """The smallest that is found with so many tries."""
    tries = 0
    improved = True
    while improved:
        improved = False
        for smaller, easier in chain(zip(_cases(case), repeat(world)), zip(repeat(case), _worlds(world))):
            tries += 1
            if tries > patience:
                return case, world
            if wrong(smaller, easier):
                case, world, improved = smaller, easier, True
                break
    return case, world


def _errors(spec: Spec) -> bool:
    return any(finding.severity == "error" for finding in check(spec, CATALOG))


def _cases(case: Case) -> Iterator[Case]:
    # A smaller spec may be none: a balance whose weights are all zero, say.
    for spec in (each for each in _specs(case.spec) if not _errors(each)):
        yield case._replace(spec=spec, router=compiled(spec), made_by="shrunk")
    plain = Request(route=case.request.route)
    for name in Request.__struct_fields__:
        if name != "route" and getattr(case.request, name) != getattr(plain, name):
            yield case._replace(request=replace(case.request, **{name: getattr(plain, name)}))
    for field, kind in (("audio", AudioFacts), ("options", Options)):
        inner = getattr(case.request, field)
        for name in kind.__struct_fields__:
            if getattr(inner, name) != getattr(kind(), name):
                yield case._replace(request=replace(case.request, **{field: replace(inner, **{name: getattr(kind(), name)})}))
    if case.view != EMPTY_VIEW:
        yield case._replace(view=EMPTY_VIEW)
    for deployment in case.view.deployments:
        fewer = {name: seen for name, seen in case.view.deployments.items() if name != deployment}
        yield case._replace(view=replace(case.view, deployments=fewer))


def _worlds(world: World) -> Iterator[World]:
    for key, call in world.calls.items():
        yield world._replace(calls={name: each for name, each in world.calls.items() if name != key})
        if call.takes_ms:
            yield world._replace(calls={**world.calls, key: call._replace(takes_ms=call.takes_ms // 2)})
        if call.delta_ms is not None or call.retry_after_ms is not None:
            yield world._replace(calls={**world.calls, key: call._replace(delta_ms=None, retry_after_ms=None)})
    for name in world.judgements:
        yield world._replace(judgements={each: says for each, says in world.judgements.items() if each != name})
    for denied in world.denied:
        yield world._replace(denied=world.denied - {denied})
    if world.cancel_ms is not None:
        yield world._replace(cancel_ms=None)


def _specs(spec: Spec) -> Iterator[Spec]:
    if spec.defaults != Rules():
        yield replace(spec, defaults=Rules())
    for name, root in spec.routes.items():
        for smaller in _nodes(root):
            yield replace(spec, routes={**spec.routes, name: smaller})
    for name, own in spec.deployments.items():
        plain = replace(own, shortest=None, price=None, limits=None)
        if own != plain:
            yield replace(spec, deployments={**spec.deployments, name: plain})


def _nodes(node: RouteNode) -> Iterator[RouteNode]:
    """The node made smaller in one place: one of its children, without a rule or a child, or with one child made smaller."""
    below = _below(node)
    yield from below
    for rule in Rules.__struct_fields__:
        if getattr(node, rule) is not None:
            yield replace(node, **{rule: None})
    if node.on is not None:
        yield replace(node, on=None)
    if len(below) > 1:
        for place in range(len(below)):
            yield _with(node, below[:place] + below[place + 1 :], place)
    for place, child in enumerate(below):
        for smaller in _nodes(child):
            yield _with(node, (*below[:place], smaller, *below[place + 1 :]), None)


def _below(node: RouteNode) -> tuple[RouteNode, ...]:
    if node.balance is not None:
        return tuple(arm.route for arm in node.balance.among)
    if node.race is not None:
        return node.race.among
    if node.when is not None:
        return (*(branch.then for branch in node.when), *((node.otherwise,) if node.otherwise else ()))
    return node.first or ()


def _with(node: RouteNode, below: tuple[RouteNode, ...], gone: int | None) -> RouteNode:
    """The node with these children; `gone` is the place of the one that is no longer among them."""
    if node.balance is not None:
        arms = _without(node.balance.among, gone)
        return replace(
            node,
            balance=replace(node.balance, among=tuple(Arm(route=r, weight=a.weight) for r, a in zip(below, arms, strict=True))),
        )
    if node.race is not None:
        return replace(node, race=replace(node.race, among=below))
    if node.when is not None:
        branches = _without(node.when, gone)
        taken = tuple(replace(branch, then=route) for branch, route in zip(branches, below, strict=False))
        return replace(node, when=taken, otherwise=below[len(taken)] if len(below) > len(taken) else None)
    return replace(node, first=below)


def _without(items: tuple[T, ...], gone: int | None) -> tuple[T, ...]:
    return items if gone is None else items[:gone] + items[gone + 1 :]
