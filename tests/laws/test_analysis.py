"""Laws B3 and Q2-Q4: what is said of a spec without running it is true, and there is a witness for it."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.result import Success

from tests.laws.cases import compiled
from tests.laws.named_routes import CATALOG, named_route, names_below, router_of, spec_of, steps, timed_route
from tests.random_specs import DEPLOYMENTS, random_node, random_spec
from tests.strategies import MOMENTS, random_request
from voxplan.engine.checks._nodes import walk
from voxplan.engine.checks.finding import Finding
from voxplan.engine.checks.reaching import unreachable
from voxplan.engine.checks.starving import starving
from voxplan.engine.documents.tree import Path
from voxplan.engine.foresight.differing import compare, plans_of
from voxplan.engine.foresight.inputs import inputs
from voxplan.engine.foresight.rehearsing import Rehearsal, Reply, rehearse
from voxplan.engine.foresight.rehearsing import World as Table
from voxplan.engine.foresight.witnessing import nodes, parts_within, witness
from voxplan.engine.language.condition import Condition, Sample, TimeWindow
from voxplan.engine.language.spec import Arm, Balance, Branch, RouteNode
from voxplan.engine.observed.view import EMPTY_VIEW
from voxplan.engine.plans.deciding import decide
from voxplan.engine.plans.plan import Plan, attempts
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.quantity import ClockTime, Share, Span
from voxplan.engine.terms.request import AudioFacts, Request

EXAMPLES: Final = settings().max_examples
ROOT: Final = 2
HANGING: Final = Table(otherwise=Reply(result="hangs"))
FROM: Final = re.compile(r"for audio of ([0-9.]+) s or longer")


def chances() -> st.SearchStrategy[Random]:
    """Chance that shrinks."""
    return st.randoms(use_true_random=False)


def planned(router: Router, seconds: float | None = None, seed: int = 0) -> Plan | None:
    """The plan for audio of this length."""
    made = plan(router, Request(route="main", audio=AudioFacts(seconds=seconds)), EMPTY_VIEW, 0, seed)
    return made.unwrap() if isinstance(made, Success) else None


def labels(rehearsal: Rehearsal) -> list[str]:
    """The names of the nodes at which calls were made."""
    return [entry.node.rpartition("/")[2] for entry in rehearsal.run.trail]


def shortest_audio(finding: Finding) -> float:
    """The shortest audio that a finding of B3 is about."""
    found = FROM.search(finding.message)
    return float(found[1]) if found else 0.0


@settings(max_examples=3 * EXAMPLES)
@given(chances())
def test_b3_whoever_is_said_to_starve_is_not_called_when_others_hang(chance: Random) -> None:
    """B3: from the length of audio that the finding names, the node is never reached when all calls hang."""
    root = timed_route(chance, named_route(chance, ("first", "race", "balance", "first", "when")))
    root = msgspec.structs.replace(root, deadline=chance.choice((Span(3000), Span(6000), Span(1000, (300, 1)))))
    spec = spec_of(root, {name: Span(1500) for name in DEPLOYMENTS[:2]})
    router = router_of(spec)
    for finding in starving(spec, CATALOG):
        if finding.path[-1] == "balance":
            continue
        starved, least = names_below(root, finding.path), shortest_audio(finding)
        for seconds, seed in itertools.product((least, least + 0.1, 3 * least + 7), range(3)):
            made = planned(router, seconds, seed)
            assert made is None or not starved & {*labels(rehearse(made, HANGING))}, finding.message


@given(chances())
def test_b3_whoever_is_said_to_starve_when_drawn_last_does(chance: Random) -> None:
    """B3: an arm that a finding about a balance names is not called when it is drawn last and all hang."""
    count = chance.choice((2, 3, 4))
    timeouts = [chance.choice((None, Span(1000), Span(3000), Span(0, (100, 1)))) for _ in range(count)]
    arms = tuple(Arm(route=RouteNode(use=name, timeout=span)) for name, span in zip(DEPLOYMENTS, timeouts, strict=False))
    balance = Balance(among=arms, spill=chance.choice((None, 1, 2)))
    spec = spec_of(RouteNode(balance=balance, deadline=chance.choice((Span(2000), Span(4000), Span(1000, (150, 1))))))
    for finding in starving(spec, CATALOG):
        starved = {*re.findall("`([a-z])`", finding.message.partition(" when ")[0])}
        for seconds, seed in itertools.product((shortest_audio(finding), 2 * shortest_audio(finding) + 5), range(6)):
            made = planned(router_of(spec), seconds, seed)
            assert made is not None
            last = [attempt.deployment for attempt in attempts(made.root)][-1]
            assert last not in starved or last not in labels(rehearse(made, HANGING)), finding.message


@given(st.lists(st.sampled_from((None, 1000, 3000, 700_000)), min_size=1, max_size=6), st.integers(1, 9000))
def test_b3_nobody_starves_unsaid_in_a_plain_list(timeouts: list[int | None], deadline_ms: int) -> None:
    """B3: of a list of deployments, the first that is not called when all hang is the one that the finding names."""
    uses = zip(DEPLOYMENTS, timeouts, strict=False)
    children = tuple(RouteNode(use=name, timeout=None if ms is None else Span(ms)) for name, ms in uses)
    spec = spec_of(RouteNode(first=children, deadline=Span(deadline_ms)))
    made = planned(router_of(spec), 10.0)
    assert made is not None
    called = len(rehearse(made, HANGING).run.trail)
    said = [finding.path[-1] for finding in starving(spec, CATALOG)]
    assert said == ([] if called == len(children) else [called])


def taken(place: tuple[Path, RouteNode], holds: Callable[[Condition], bool], routes: Mapping[str, RouteNode]) -> Iterator[Path]:
    """The places of all branches that a request takes below a node, whichever arm is drawn."""
    path, node = place
    if node.use is not None and node.use in routes:
        yield from taken((("routes", node.use), routes[node.use]), holds, routes)
    chosen = next((number for number, branch in enumerate(node.when or ()) if holds(branch.if_)), None)
    for step, child in steps(node):
        if (step[0] == "otherwise" and chosen is not None) or (step[0] == "when" and step[1] != chosen):
            continue
        if step[0] in {"when", "otherwise"}:
            yield (*path, *step)
        yield from taken(((*path, *step), child), holds, routes)


@given(chances())
def test_q2_what_is_said_to_be_unreachable_is_reached_by_no_request(chance: Random) -> None:
    """Q2: no request, user, moment or seed takes a branch that a finding names."""
    spec = random_spec(chance)
    said = [finding.path for finding in unreachable(spec)]
    router = compiled(spec)
    for _ in range(20 if said else 0):
        request, moment_ms, seed = random_request(chance), chance.choice(MOMENTS), chance.getrandbits(32)

        def holds(condition: Condition, request: Request = request, moment_ms: int = moment_ms, seed: int = seed) -> bool:
            return decide(condition, request, moment_ms, seed, router.zones) is True

        for path in taken((("routes", request.route), spec.routes[request.route]), holds, spec.routes):
            assert not any(path[: len(dead)] == dead for dead in said), (path, request)


@given(chances())
def test_q2_every_other_node_has_a_witness(chance: Random) -> None:
    """Q2: each node with something below that no finding covers is reached by a request; only samples and times may hide one."""
    root = named_route(chance, ("first", "when", "when", "balance"))
    spec = spec_of(root)
    router = router_of(spec)
    dead = {name for finding in unreachable(spec) for name in names_below(root, finding.path)}
    leaves = {node.name: path for path, node in walk(("routes", "main"), root) if node.use}
    alive = [path for name, path in leaves.items() if name not in dead]
    hidden = by_chance(root)
    for node in nodes(router, "main"):
        name = node.rpartition("/")[2]
        if name in hidden or not any(name in names_above(root, path) for path in alive):
            continue
        found = witness(router, node)
        assert found is not None, node
        made = plan(router, found.request, EMPTY_VIEW, found.moment_ms, found.seed).unwrap()
        assert any(f"{attempt.node}/".startswith(f"{node}/") for attempt in attempts(made.root))
    assert all(witness(router, node) is None for node in nodes(router, "main") if node.rpartition("/")[2] in dead)


def names_above(root: RouteNode, path: Path) -> set[str]:
    """The names of the nodes on the way to a place; the root is called as the route is."""
    return {node.name or "" if len(at) > ROOT else "main" for at, node in walk(("routes", "main"), root) if path[: len(at)] == at}


def by_chance(root: RouteNode) -> set[str]:
    """The names of the nodes below a `when` that asks about a sample or a time."""
    asked = (
        path
        for path, node in walk(("routes", "main"), root)
        for branch in node.when or ()
        for test in parts_within(branch.if_)
        if test.sample is not None or test.time is not None
    )
    return {name for path in asked for name in names_below(root, path)}


@pytest.mark.parametrize(
    "condition",
    [
        Condition(sample=Sample(share=Share(20_000), by="user", salt="x")),
        Condition(sample=Sample(share=Share(20_000)), stream=True),
        Condition(time=TimeWindow(from_=ClockTime(120), to=ClockTime(121), days=("sun",), zone="America/New_York")),
    ],
)
def test_q2_samples_and_times_have_witnesses_too(condition: Condition) -> None:
    """Q2: a small share and a minute of the week are met, and so is the rest."""
    router = router_of(spec_of(RouteNode(when=(Branch(if_=condition, then=RouteNode(use="a")),), otherwise=RouteNode(use="b"))))
    assert [witness(router, node) is not None for node in nodes(router, "main")] == [True, True]


def bare(made: Plan | None) -> str | None:
    """What may happen, without the names of nodes and what explains them."""
    if made is None:
        return None
    compared = (made.root, made.input_guardrails, made.streams, made.cooling_try, made.when_all_poor)
    return re.sub(r'"node":"[^"]*"', "", msgspec.json.encode(compared).decode())


@settings(max_examples=1 + EXAMPLES // 10)  # two routers, hundreds of inputs each time
@given(chances())
def test_q3_specs_are_called_the_same_only_if_their_plans_are(chance: Random) -> None:
    """Q3: on all inputs that were compared; and each difference comes with a witness that really differs."""
    old = random_spec(chance, most=12)
    changed = random_node(chance, DEPLOYMENTS, depth=2, most=4, root=True)
    new = msgspec.structs.replace(old, routes={**old.routes, chance.choice((*old.routes,)): changed})
    routers = compiled(old), compiled(new)
    found = compare(*routers, most=4)
    differing = [
        each for route in old.routes for each in inputs(routers, route, most=4) if len({*map(bare, plans_of(*routers, each))}) > 1
    ]
    assert not found.routes
    assert bool(found.differences) == bool(differing)
    assert sum(difference.count for difference in found.differences) == len(differing)
    for difference in found.differences:
        before, after = plans_of(*routers, difference.witness)
        assert bare(before) != bare(after)


@settings(max_examples=1 + EXAMPLES // 10)  # two routers, hundreds of inputs each time
@given(chances())
def test_q3_a_spec_is_the_same_as_itself_in_another_order(chance: Random) -> None:
    """Q3: reordering keys and deployments changes nothing."""
    old = random_spec(chance, most=12)
    new = msgspec.structs.replace(
        old, routes=dict(reversed(old.routes.items())), deployments=dict(reversed(old.deployments.items()))
    )
    assert compare(compiled(old), compiled(new), most=2).same
