"""Strategies for what surrounds a spec: requests, views, moments, seeds, worlds; and routing specs made for runs.

`tests.spec_strategies.specs` makes every valid document. The specs here are a part of those that runs learn most from: few
deployments that many leaves share, and times of a few milliseconds, so that things often happen at the same instant.
"""

from functools import cache
from typing import Literal

from hypothesis import strategies as st

from tests.laws.worlds import EMPTY, GOOD, KINDS_SEEN, REPETITIVE, Call, World
from voxplan.engine.capability import Capabilities, ProviderFacts
from voxplan.engine.failure import FailureKind
from voxplan.engine.quantity import Span
from voxplan.engine.request import AudioFacts, Options, Request
from voxplan.engine.spec import Accept, Account, Arm, Backoff, Balance, Deployment, Retry, RouteNode, Rules, Spec, Weight
from voxplan.engine.view import DeploymentView, Load, View

__all__ = (
    "CATALOG",
    "DEPLOYMENTS",
    "ROUTES",
    "deployment_views",
    "moments",
    "requests",
    "routing_nodes",
    "routing_specs",
    "seeds",
    "views",
    "worlds",
)

CATALOG = {
    facts.provider: facts
    for facts in (
        ProviderFacts(
            provider="openai",
            needs_key=True,
            default_key="${OPENAI_API_KEY}",
            takes_base_url=False,
            otherwise=Capabilities(segments=True, prompt=True, temperature=True, max_bytes=26_214_400),
            models=(("whisper-1", Capabilities(segments=True, words=True, prompt=True, temperature=True)),),
        ),
        ProviderFacts(provider="openai_compatible", needs_key=False, needs_base_url=True, otherwise=Capabilities(segments=True)),
        ProviderFacts(
            provider="local",
            needs_key=False,
            takes_key=False,
            takes_base_url=False,
            otherwise=Capabilities(languages=("en",), segments=True, max_seconds=20.0),
        ),
    )
}
"""Facts of the three providers of this slice, with limits that requests here really meet."""

DEPLOYMENTS = ("a", "b", "c", "d", "e")
ROUTES = ("main", "other", "third")
_LISTS: tuple[tuple[Literal["*"] | FailureKind, ...], ...] = (
    ("*",),
    ("timed_out",),
    ("rate_limited", "overloaded", "server_error"),
    ("*", "invalid_request", "content_filtered"),
    ("poor_quality", "timed_out", "unauthorized"),
)


@cache
def moments() -> st.SearchStrategy[int]:
    """Moments of the shell's clock."""
    return st.sampled_from((0, 1, 5, 1000, 1_700_000_000_000)) | st.integers(0, 40)


@cache
def seeds() -> st.SearchStrategy[int]:
    """Seeds of a plan."""
    return st.integers(0, 2**64 - 1)


@cache
def deployment_views() -> st.SearchStrategy[DeploymentView]:
    """Every state that the health fold can leave a deployment in (law K2), with times near the moments of `moments`."""
    until = st.integers(0, 50) | st.just(1_700_000_000_010)
    loads = st.builds(Load, in_flight=st.integers(0, 3))
    closed = st.builds(DeploymentView, failures=st.integers(0, 2), load=loads)
    opened = st.builds(
        DeploymentView,
        circuit=st.just("open"),
        openings=st.integers(1, 4),
        until_ms=until,
        cause=st.sampled_from(("server_error", "rate_limited", "unauthorized")),
        load=loads,
    )
    probing = st.builds(
        DeploymentView,
        circuit=st.just("half_open"),
        openings=st.integers(1, 4),
        until_ms=until,
        probe_ms=until,
        cause=st.just("overloaded"),
        load=st.builds(Load, in_flight=st.integers(1, 3)),
    )
    return closed | opened | probing


@cache
def views() -> st.SearchStrategy[View]:
    """Views of some of the deployments."""
    return st.builds(View, deployments=st.dictionaries(st.sampled_from(DEPLOYMENTS), deployment_views(), max_size=4))


@cache
def requests() -> st.SearchStrategy[Request]:
    """Requests for one of `ROUTES`, some of which not every deployment can serve, many with audio of unknown length."""
    audio = st.builds(
        AudioFacts, seconds=st.sampled_from((None, 0.0, 0.001, 1.0, 2.5, 30.0)), bytes=st.sampled_from((None, 0, 1000))
    )
    plain = st.just(Options())
    choosy = st.builds(
        Options,
        language=st.sampled_from((None, "en", "fi")),
        prompt=st.sampled_from((None, "", "names: Aino")),
        timestamps=st.sampled_from(((), ("word",), ("segment",))),
    )
    return st.builds(Request, route=st.sampled_from((*ROUTES, ROUTES[0])), audio=audio, options=plain | plain | choosy)


@cache
def worlds() -> st.SearchStrategy[World]:
    """Worlds for runs over `DEPLOYMENTS`."""
    names, nth = st.sampled_from(DEPLOYMENTS), st.integers(1, 3)
    takes = st.none() | st.integers(0, 6) | st.integers(0, 40)
    waits = st.none() | st.integers(0, 6)
    failing = st.builds(Call, takes, st.just(GOOD), st.sampled_from(KINDS_SEEN), waits)
    answering = st.builds(Call, takes, st.sampled_from((GOOD, EMPTY, REPETITIVE)))
    calls = st.dictionaries(st.tuples(names, nth), failing | failing | answering, max_size=8)
    denied = st.frozensets(st.tuples(names, nth), max_size=2)
    return st.builds(World, calls, denied, st.none() | st.none() | st.integers(0, 30))


@st.composite
def routing_specs(draw: st.DrawFn) -> Spec:
    """Valid specs over `DEPLOYMENTS` with the routes `ROUTES`, of which earlier ones use later ones."""
    routes: dict[str, RouteNode] = {}
    for name in reversed(ROUTES):
        targets = (*DEPLOYMENTS, *routes)
        routes[name] = draw(routing_nodes(targets, depth=3 if name == ROUTES[0] else 2, root=True))
    return Spec(
        voxplan=1,
        accounts={"shared": Account(provider="openai", api_key="${SHARED_KEY}")},
        deployments={name: draw(_deployments()) for name in DEPLOYMENTS},
        defaults=draw(_defaults()),
        routes=dict(reversed(routes.items())),
    )


@st.composite
def routing_nodes(draw: st.DrawFn, targets: tuple[str, ...], *, depth: int, root: bool = False) -> RouteNode:
    """Routes over `targets`, nested at most `depth` deep, with rules of a few milliseconds."""
    form = draw(_ROOT_FORMS if root else _FORMS) if depth else "use"
    below = routing_nodes(targets, depth=depth - 1)
    children = () if form == "use" else draw(st.lists(below, min_size=1 if depth == 1 else 2, max_size=3))
    on = None if form == "use" else draw(st.none() | st.sampled_from(_LISTS))
    balance = None
    if form == "balance":
        weights = draw(st.lists(_weights(), min_size=len(children), max_size=len(children)).filter(any))
        arms = tuple(Arm(route=child, weight=weight) for child, weight in zip(children, weights, strict=True))
        balance = Balance(among=arms, spill=draw(st.sampled_from((None, None, 0, 1, 2))))
    rules = draw(_rules())
    return RouteNode(
        use=draw(st.sampled_from(targets)) if form == "use" else None,
        first=tuple(children) if form == "first" else None,
        balance=balance,
        on=on,
        name=None if root else draw(st.sampled_from((None, None, None, "named"))),
        deadline=rules.deadline,
        timeout=rules.timeout,
        retry=rules.retry,
        accept=rules.accept,
        when_all_cooling=rules.when_all_cooling,
        when_all_poor=draw(st.sampled_from((None, None, "return", "fail"))) if root else None,
    )


_FORMS = st.sampled_from(("first", "use", "balance", "use"))
_ROOT_FORMS = st.sampled_from(("first", "balance", "first", "first", "use"))


@cache
def _weights() -> st.SearchStrategy[Weight]:
    return st.sampled_from((1, 2, 3, 0, 0.5))


@cache
def _deployments() -> st.SearchStrategy[Deployment]:
    shortest = st.none() | st.none() | _spans()
    own = st.builds(Deployment, provider=st.just("openai"), model=st.sampled_from(("whisper-1", "small")), shortest=shortest)
    keyed = st.builds(
        Deployment,
        provider=st.just("openai"),
        model=st.just("whisper-1"),
        api_key=st.sampled_from(("${K}", "${L}")),
        shortest=shortest,
    )
    shared = st.builds(Deployment, account=st.just("shared"), model=st.just("whisper-1"), shortest=shortest)
    local = st.builds(Deployment, provider=st.just("local"), model=st.just("default"), shortest=shortest)
    return own | keyed | shared | local


@cache
def _rules() -> st.SearchStrategy[Rules]:
    """Rules of one node, most often none."""
    none = st.just(Rules())
    return none | none | _some_rules()


@cache
def _some_rules() -> st.SearchStrategy[Rules]:
    return st.builds(
        Rules,
        deadline=st.none() | _spans(least=1),
        timeout=st.none() | _spans(least=1),
        retry=st.none() | _retries(),
        accept=st.none() | st.builds(Accept, not_empty=st.booleans(), max_compression_ratio=st.sampled_from((None, 1.0, 2.4))),
        when_all_cooling=st.sampled_from((None, None, "try", "refuse")),
    )


@cache
def _defaults() -> st.SearchStrategy[Rules]:
    return st.just(Rules()) | _some_rules() | st.builds(Rules, when_all_poor=st.sampled_from(("return", "fail")))


@cache
def _retries() -> st.SearchStrategy[Retry]:
    backoff = st.builds(Backoff, base=_spans(audio=False), cap=_spans(audio=False))
    return st.builds(
        Retry,
        times=st.integers(0, 2),
        on=st.none() | st.sampled_from(_LISTS),
        backoff=backoff,
        patience=st.none() | _spans(audio=False),
    )


@cache
def _spans(*, audio: bool = True, least: int = 0) -> st.SearchStrategy[Span]:
    fixed = st.builds(Span, st.integers(least, 6) | st.integers(least, 40))
    return fixed | st.builds(Span, st.integers(0, 6), st.sampled_from(((1, 1), (1, 3)))) if audio else fixed
