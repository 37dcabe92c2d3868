"""Strategies for everything that planning and running take: specs, requests, views, moments, seeds, worlds.

`tests.spec_strategies.specs` makes every valid document. The specs here are a part of those that runs learn most from. They are
made by chance from a seed (`tests.random_specs`), which is many times faster than to draw every part with hypothesis, and
hypothesis draws the seed and how deep they are: it shrinks a failure to a shallow one, which two numbers make again.
"""

from functools import cache
from random import Random

from hypothesis import strategies as st

from tests.laws.worlds import BLANK, EMPTY, GOOD, KINDS_SEEN, REPETITIVE, Call, Judgement, World
from tests.random_specs import CATALOG, DEPLOYMENTS, GUARDRAILS, ROUTES, random_condition, random_node, random_spec
from voxplan.engine.language.condition import Condition
from voxplan.engine.language.spec import RouteNode, Spec
from voxplan.engine.observed.view import AccountView, DeploymentView, Latency, Load, View
from voxplan.engine.terms.failure import Certainty, FailureKind
from voxplan.engine.terms.request import AudioFacts, Options, Request, Simulation

__all__ = (
    "CATALOG",
    "DEPLOYMENTS",
    "GUARDRAILS",
    "MOMENTS",
    "ROUTES",
    "conditions",
    "deployment_views",
    "depths",
    "moments",
    "random_request",
    "random_view",
    "requests",
    "routing_nodes",
    "routing_specs",
    "seeds",
    "views",
    "worlds",
)

CREDENTIALS = ("account shared", "account eu", "openai ${OPENAI_API_KEY}", "openai ${K}", "a", "b")
MOMENTS = (0, 1, 5, 1000, 1_700_000_000_000)
"""Moments of the shell's clock; the last one is a Tuesday evening in New York and already Wednesday in Helsinki."""


@cache
def moments() -> st.SearchStrategy[int]:
    """Moments of the shell's clock."""
    return st.sampled_from(MOMENTS) | st.integers(0, 40)


@cache
def seeds() -> st.SearchStrategy[int]:
    """Seeds of a plan."""
    return st.integers(0, 2**64 - 1)


@cache
def _chances() -> st.SearchStrategy[Random]:
    return st.integers(0, 2**32 - 1).map(Random)


@cache
def depths() -> st.SearchStrategy[int]:
    """How deep routes are nested; most often as deep as they get."""
    return st.sampled_from((1, 2, 3, 4, 5, 5, 5))


@cache
def routing_specs() -> st.SearchStrategy[Spec]:
    """Valid specs over `DEPLOYMENTS` with the routes `ROUTES`, every form nested up to five deep."""
    return st.builds(_spec, _chances(), depths())


def _spec(chance: Random, depth: int) -> Spec:
    return random_spec(chance, depth=depth)


def routing_nodes(targets: tuple[str, ...], *, depth: int, forms: tuple[str, ...] | None = None) -> st.SearchStrategy[RouteNode]:
    """Routes over `targets`, nested at most `depth` deep."""
    if forms is None:
        return _chances().map(lambda chance: random_node(chance, targets, depth=depth))
    return _chances().map(lambda chance: random_node(chance, targets, depth=depth, forms=forms))


@cache
def conditions() -> st.SearchStrategy[Condition]:
    """Conditions over every fact, nested."""
    return _chances().map(random_condition)


@cache
def requests() -> st.SearchStrategy[Request]:
    """Requests with all kinds of facts; of many something is unknown, and not every deployment can serve each."""
    return _chances().map(random_request)


def random_request(chance: Random) -> Request:
    """A request for one of `ROUTES`."""
    route = chance.choice((*ROUTES, *(ROUTES[0] for _ in range(5))))
    audio = AudioFacts(
        seconds=chance.choice((None, 0.0, 0.001, 1.0, 2.5, 30.0)),
        bytes=chance.choice((None, 0, 1000)),
        format=chance.choice((None, None, "wav", "mp3")),
        channels=chance.choice((None, None, 1, 2)),
    )
    named = (*DEPLOYMENTS, *ROUTES)
    fallbacks = tuple(chance.choice(named) for _ in range(chance.choice((1, 2)))) if chance.random() < 0.15 else ()
    allowed = (route, *fallbacks, "x") if chance.random() < 0.9 else (chance.choice(named), *fallbacks)
    return Request(
        route=route,
        audio=audio,
        options=_options(chance),
        user=chance.choice((None, "u1", "u2", "u3", "")),
        key=chance.choice((None, "k1", "k2")),
        key_tags=chance.choice(((), ("gold",), ("gold", "new"))),
        key_budget_left=chance.choice((None, 0, 10, 100)),
        tags=chance.choice(((), ("vip",), ("eu", "vip"))),
        metadata=chance.choice(((), (("plan", "pro"),), (("plan", ""), ("team", "x")))),
        fallbacks=fallbacks,
        deadline_ms=chance.randrange(1, 40) if chance.random() < 0.1 else None,
        retries=chance.randrange(3) if chance.random() < 0.15 else None,
        allowed=allowed if chance.random() < 0.15 else None,
        simulate=_simulation(chance) if chance.random() < 0.1 else None,
    )


def _options(chance: Random) -> Options:
    stream = chance.random() < 0.25
    if chance.random() < 0.5:
        return Options(stream=stream)
    return Options(
        language=chance.choice((None, None, "en", "fi")),
        prompt=chance.choice((None, None, "", "names: Aino")),
        temperature=chance.choice((None, None, None, 0.5)),
        response_format=chance.choice(("json", "json", "srt", "text")),
        timestamps=chance.choice(((), (), ("word",), ("segment", "word"))),
        keywords=("Aino",) if chance.random() < 0.1 else (),
        logprobs=chance.random() < 0.05,
        translate=chance.random() < 0.1,
        diarize=chance.random() < 0.1,
        stream=stream,
    )


def _simulation(chance: Random) -> Simulation:
    names = chance.sample((*DEPLOYMENTS, "openai", "local"), chance.randrange(3))
    return Simulation(failures=tuple((name, chance.choice(KINDS_SEEN)) for name in names), first_child=chance.random() < 0.5)


@cache
def views() -> st.SearchStrategy[View]:
    """Views of some of the deployments and accounts."""
    return _chances().map(random_view)


@cache
def deployment_views() -> st.SearchStrategy[DeploymentView]:
    """Every state that the health fold can leave a deployment in (law K2), with times near the moments of `moments`."""
    return _chances().map(lambda chance: _deployment_view(chance, 0))


def random_view(chance: Random, moment: int = 0) -> View:
    """A view of some of the deployments and accounts, with times near `moment`."""
    if chance.random() < 0.2:
        return View()
    some = chance.choice((0.2, 0.5, 0.8))
    return View(
        deployments={name: _deployment_view(chance, moment) for name in DEPLOYMENTS if chance.random() < some},
        accounts={name: _account_view(chance, moment) for name in CREDENTIALS if chance.random() < 0.2},
    )


_OPENED: tuple[FailureKind, ...] = ("server_error", "rate_limited", "not_found")
_REFUSED: tuple[FailureKind, ...] = ("unauthorized", "out_of_quota")


def _deployment_view(chance: Random, moment: int) -> DeploymentView:
    latency = Latency(us_per_second=chance.randrange(1, 9), at_ms=0) if chance.random() < 0.5 else None
    load = Load(in_flight=chance.choice((0, 0, 1, 2)), starts_ms=_starts(chance, moment))
    until = chance.choice((0, moment, moment + chance.randrange(50), 1_700_000_000_010))
    state = chance.choice(("closed", "closed", "closed", "open", "half_open"))
    if state == "open":
        cause: FailureKind = chance.choice(_OPENED)
        return DeploymentView(
            circuit="open", openings=chance.randrange(1, 5), until_ms=until, cause=cause, load=load, latency=latency
        )
    if state == "half_open":
        return DeploymentView(
            circuit="half_open",
            openings=chance.randrange(1, 5),
            until_ms=until,
            probe_ms=until,
            probe_until_ms=until + chance.randrange(20),
            cause="overloaded",
            load=Load(in_flight=chance.randrange(1, 4)),
            latency=latency,
        )
    return DeploymentView(failures=chance.randrange(3), load=load, latency=latency)


def _account_view(chance: Random, moment: int) -> AccountView:
    until = chance.choice((0, moment, moment + chance.randrange(50)))
    cause: FailureKind | None = chance.choice(_REFUSED) if until else None
    return AccountView(load=Load(in_flight=chance.randrange(3)), openings=1 if until else 0, until_ms=until, cause=cause)


def _starts(chance: Random, moment: int) -> tuple[int, ...]:
    """Starts of calls, some of them a minute ago or more."""
    return tuple(sorted(moment - chance.choice((0, 5, 59_999, 60_000, 70_000)) for _ in range(chance.randrange(4))))


_CERTAIN: tuple[tuple[Certainty, Certainty], ...] = (("no", "no"), ("maybe", "maybe"), ("yes", "no"), ("yes", "yes"))


@cache
def worlds() -> st.SearchStrategy[World]:
    """Worlds for runs over `DEPLOYMENTS`; simpler than those of `scripted_world`, and they shrink."""
    names, nth = st.sampled_from(DEPLOYMENTS), st.integers(1, 3)
    takes = st.none() | st.integers(0, 6) | st.integers(0, 40)
    waits = st.none() | st.integers(0, 6)
    certain = st.sampled_from(_CERTAIN)
    kinds = st.sampled_from(KINDS_SEEN)
    failing = st.tuples(takes, kinds, waits, certain, waits).map(lambda v: Call(v[0], GOOD, v[1], v[2], v[3][0], v[3][1], v[4]))
    answering = st.builds(Call, takes, st.sampled_from((GOOD, EMPTY, REPETITIVE, BLANK)), delta_ms=waits)
    calls = st.dictionaries(st.tuples(names, nth), failing | failing | answering, max_size=8)
    denied = st.frozensets(st.tuples(names, nth), max_size=2)
    judgements = st.builds(Judgement, waits, st.sampled_from(("passes", "redacts", "blocks", "breaks")))
    judged = st.dictionaries(st.sampled_from(GUARDRAILS), judgements, max_size=3)
    return st.builds(World, calls, denied, st.none() | st.none() | st.integers(0, 30), judged)
