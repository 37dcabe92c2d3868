"""Hypothesis strategies for routing specs that are valid: every name exists, no cycles, no route of more than 48 attempts.

`specs()` makes whole specs with every form and every rule of the language. The other strategies are its parts, for tests that
need only one of them; those of conditions and policy tests have modules of their own. What they make are the structs of
`voxplan.engine.language.spec`; nothing here reads or prints text. What does not depend on the names of a spec is built once:
building strategies costs more than drawing from them.
"""

from collections.abc import Mapping
from functools import cache
from typing import Literal, TypeVar, cast, get_args

import msgspec
from hypothesis import strategies as st

from tests.condition_strategies import (
    conditions,
    maybe,
    monies,
    option_rules,
    selectors,
    shares,
    sizes,
    some,
    spans,
    texts,
    wheres,
    with_some,
)
from tests.policy_strategies import policy_tests
from voxplan.engine.checks.checking import LONGEST_COOLING
from voxplan.engine.language.condition import Condition
from voxplan.engine.language.gateway import Gateway, HealthCheck, UnknownFields, Urls
from voxplan.engine.language.spec import (
    Accept,
    Account,
    Arm,
    Backoff,
    Balance,
    Branch,
    CoolingRules,
    Deployment,
    Guardrail,
    Limits,
    PassedOption,
    Price,
    Race,
    Replay,
    Retry,
    RetryBudget,
    RouteNode,
    Rules,
    Spec,
    Strategy,
    Weight,
)
from voxplan.engine.terms.failure import LISTABLE, FailureKind
from voxplan.engine.terms.quantity import Span

__all__ = (
    "MAX_ATTEMPTS",
    "Targets",
    "accounts",
    "coolings",
    "deployments",
    "gateways",
    "guardrails",
    "kind_lists",
    "labels",
    "leaf_count",
    "limits",
    "passed_options",
    "prices",
    "retries",
    "route_nodes",
    "rules",
    "specs",
    "weights",
)

MAX_ATTEMPTS = 48
"""Leaves of one route. Fewer than the 256 of the language even when every one of them is retried three times."""

Placement = Literal["root", "inner", "defaults"]
"""Where rules stand: `when_all_poor` belongs to roots and defaults, `name` to nodes."""

# Many of these are no text in YAML 1.1 or 1.2 unless they are quoted; one of them is a key of the language.
_DEPLOYMENT_NAMES = ("whisper-1", "azure-eu", "where", "local", "vllm:8000", "no", "on", "12:30", "1_000", "0x1F", "1e3", "null")
_ROUTE_NAMES = ("simple", "whisper", "batch", "yes", "007", "live.fi")
_ACCOUNT_NAMES = ("main", "eu", "off")
_GUARDRAIL_NAMES = ("clean", "redact", "true")
_NODE_NAMES = ("canary", "stable", "1", "true")
_URLS = ("https://api.example.com/v1", "http://localhost:8000", "${BASE_URL}", "https://${REGION}.example.com/v1")
_HOSTS = ("media.example.com", "*.example.com", "10.1.2.3", "007", "no")
_NETWORKS = ("10.20.0.0/16", "127.0.0.1/32", "fd00::/8", "::1/128")
_MODELS = {"openai": ("whisper-1", "gpt-4o-transcribe"), "openai_compatible": ("large-v3", "a/b: c #d"), "local": ("default",)}
_MOST_DEPLOYMENTS = 6
_SETTINGS = {"openai": {"project": ("p-1", "2024-10-21", "1.0", "${PROJECT}", "a${B}c"), "token": ("${TOKEN}", "${_t}")}}
# Text here that would be a date, a number or a truth value elsewhere stays text.
_PASSED_NAMES = ("vad_filter", "hotwords", "speaker_options", "api-version", "1", "true", "a.b", "x[]", "where")
_PASSED_TEXTS = ("", "2024-10-21", "2024-10-21T07:32:00Z", "12:30:45", "1.0", "true", "null", "0x1F", "ä😀", "a: b # c", "\n")

T = TypeVar("T")

_Form = Literal["use", "first", "balance", "race", "when"]


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """What a route may name: `uses` are deployments and earlier routes, `routes` all routes of the spec."""

    uses: tuple[str, ...]
    routes: tuple[str, ...]
    deployments: tuple[Deployment, ...]
    guardrails: tuple[str, ...] = ()


@cache
def labels() -> st.SearchStrategy[str]:
    """Names as the language allows them."""
    return st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,12}", fullmatch=True)


@cache
def weights() -> st.SearchStrategy[Weight]:
    """Weights of an arm, zero and decimals among them."""
    return st.sampled_from((1, 3, 0, 2, 95, 0.5, 1.0, 2.5, 0.001, 33.3)) | st.integers(0, 1000)


@cache
def kind_lists() -> st.SearchStrategy[tuple[Literal["*"] | FailureKind, ...]]:
    """What may stand under `on`: never empty, no kind that cannot be listed."""
    entries: tuple[Literal["*"] | FailureKind, ...] = ("*", *LISTABLE)
    return st.lists(st.sampled_from(entries), min_size=1, max_size=4, unique=True).map(tuple)


@cache
def limits() -> st.SearchStrategy[Limits]:
    """Limits of a deployment or an account, empty ones among them."""
    return st.builds(Limits, requests_per_minute=maybe(st.integers(1, 1000)), concurrent=maybe(st.integers(1, 50)))


@cache
def retries() -> st.SearchStrategy[Retry]:
    """Retry rules of at most three retries."""
    backoff = st.builds(Backoff, base=spans(audio=False, max_ms=10_000), cap=spans(audio=False, max_ms=60_000))
    return st.builds(
        Retry,
        times=st.integers(0, 3),
        on=maybe(kind_lists()),
        backoff=st.just(Backoff()) | backoff,
        patience=maybe(spans(audio=False, max_ms=120_000)),
    )


@cache
def prices() -> st.SearchStrategy[Price]:
    """Prices of at least one kind, free ones among them."""
    spans_of_audio = spans(audio=False, max_ms=60_000)
    steps = maybe(spans(min_ms=1, audio=False, max_ms=60_000))
    by_minute = st.builds(Price, per_minute=monies(), per_request=maybe(monies()), minimum=spans_of_audio, step=steps)
    return by_minute | st.builds(Price, per_request=monies())


@cache
def rules(placement: Placement = "inner", guardrails: tuple[str, ...] = ()) -> st.SearchStrategy[Rules]:
    """Rules as they may stand at that placement; often none, seldom many."""
    names = st.sets(st.sampled_from(_rule_names(placement)), min_size=1, max_size=4)
    return st.just(Rules()) | with_some(Rules, _values(guardrails), names)


def _rule_names(placement: Placement) -> tuple[str, ...]:
    elsewhere: dict[Placement, frozenset[str]] = {
        "root": frozenset(),
        "inner": frozenset({"when_all_poor"}),
        "defaults": frozenset({"name"}),
    }
    return tuple(name for name in Rules.__struct_fields__ if name not in elsewhere[placement])


@cache
def _values(guardrails: tuple[str, ...]) -> dict[str, st.SearchStrategy[object]]:
    """What each rule may be."""
    return {
        "name": st.sampled_from(_NODE_NAMES),
        "require": selectors(),
        "guardrails": some(st.sampled_from(guardrails)) if guardrails else st.none(),
        "deadline": spans(min_ms=1),
        "budget": monies(),
        "replay": st.sampled_from(get_args(Replay)),
        "timeout": spans(min_ms=1),
        "retry": retries(),
        "accept": _accepts(),
        "options": option_rules(),
        "when_all_cooling": st.sampled_from(("try", "refuse")),
        "when_all_poor": st.sampled_from(("return", "fail")),
    }


@cache
def _accepts() -> st.SearchStrategy[Accept]:
    ratios = st.sampled_from((1.0, 2.0, 2.4))
    return st.builds(Accept, not_empty=st.booleans(), max_compression_ratio=maybe(ratios))


@cache
def guardrails() -> st.SearchStrategy[Guardrail]:
    """Guardrails at both stages."""
    return st.builds(
        Guardrail,
        kind=st.just("custom"),
        stage=st.sampled_from(("input", "output")),
        on_error=st.sampled_from(("block", "allow")),
        timeout=spans(min_ms=1, audio=False),
    )


@cache
def coolings() -> st.SearchStrategy[CoolingRules]:
    """When deployments cool off; most often as by default."""
    ends = st.lists(st.integers(1, LONGEST_COOLING.base_ms).map(Span), min_size=2, max_size=2)
    said = st.builds(_cooling, st.integers(1, 1000), ends, longest=st.booleans())
    return st.one_of(st.just(CoolingRules()), st.just(CoolingRules()), st.just(CoolingRules()), said)


def _cooling(failures: int, ends: list[Span], *, longest: bool) -> CoolingRules:
    first, last = sorted(ends, key=lambda span: span.base_ms)
    return CoolingRules(failures=failures, first=first, longest=last if longest else None)


@st.composite
def gateways(draw: st.DrawFn, names: tuple[str, ...]) -> Gateway:
    """What a spec with deployments of these names may say to its gateway; most often nothing."""
    said = draw(_gateways())
    if said.health_check is None:
        return said
    checked = msgspec.structs.replace(said.health_check, deployments=draw(st.just(()) | some(st.sampled_from(names))))
    return msgspec.structs.replace(said, health_check=checked)


@cache
def _gateways() -> st.SearchStrategy[Gateway]:
    said = st.builds(
        Gateway,
        unknown_fields=st.sampled_from(get_args(UnknownFields)),
        largest_upload=sizes(),
        in_flight=st.integers(1, 100_000),
        queue=st.integers(0, 100_000),
        queue_wait=spans(audio=False),
        idle=spans(min_ms=1, audio=False),
        urls=maybe(
            st.builds(
                Urls,
                hosts=maybe(some(st.sampled_from(_HOSTS))),
                networks=st.just(()) | some(st.sampled_from(_NETWORKS)),
                timeout=spans(min_ms=1, audio=False),
            )
        ),
        health_check=maybe(st.builds(HealthCheck, every=spans(min_ms=10_000, audio=False))),
    )
    return st.just(Gateway()) | said


@cache
def passed_options() -> st.SearchStrategy[dict[str, PassedOption]]:
    """Request fields of the provider's own: values of every type, and nested lists and objects as deep as they may be."""
    values = cast("st.SearchStrategy[PassedOption]", _passed(4))
    return st.dictionaries(st.sampled_from(_PASSED_NAMES), values, max_size=3)


def _passed(levels: int) -> st.SearchStrategy[object]:
    numbers = st.sampled_from((0, 1, -3, 2**53, 0.5, 1e-07, 1e22)) | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e6, 1e6)
    plain = st.booleans() | numbers | st.sampled_from(_PASSED_TEXTS) | texts()
    if not levels:
        return plain
    inner = _passed(levels - 1)
    return plain | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.sampled_from(_PASSED_NAMES), inner, max_size=2)


def _settings(provider: str) -> st.SearchStrategy[dict[str, str]]:
    said = {name: st.sampled_from(values) for name, values in _SETTINGS.get(provider, {}).items()}
    return st.builds(dict[str, str]) | st.fixed_dictionaries({}, optional=said)


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, Account]:
    """Named accounts of the HTTP providers."""
    return {name: draw(_any_account()) for name in draw(_some_names(_ACCOUNT_NAMES, 3, 0))}


@cache
def _some_names(names: tuple[str, ...], most: int, least: int = 1) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), min_size=least, max_size=most, unique=True).map(tuple)


@cache
def _any_account() -> st.SearchStrategy[Account]:
    return st.sampled_from(("openai", "openai_compatible")).flatmap(_accounts)


@cache
def _accounts(provider: str) -> st.SearchStrategy[Account]:
    return st.builds(
        Account,
        provider=st.just(provider),
        api_key=st.sampled_from(("${OPENAI_API_KEY}", "${_k1}")),
        base_url=st.sampled_from(_URLS) if provider == "openai_compatible" else st.none(),
        region=maybe(texts()),
        settings=_settings(provider),
        limits=maybe(limits()),
    )


def deployments(known: Mapping[str, Account] | None = None) -> st.SearchStrategy[Deployment]:
    """Deployments of every provider: on their own, or by one of the accounts `known`."""
    shared = ((account.provider, name) for name, account in sorted((known or {}).items()))
    return st.sampled_from((*((provider, None) for provider in _MODELS), *shared)).flatmap(_deployments)


@cache
def _deployments(made_by: tuple[str, str | None]) -> st.SearchStrategy[Deployment]:
    provider, account = made_by
    own_key = account is None and provider != "local"
    return st.builds(
        Deployment,
        model=st.sampled_from(_MODELS[provider]),
        account=st.just(account),
        provider=st.just(None if account else provider),
        api_key=st.sampled_from(("${OPENAI_API_KEY}", "${OTHER_KEY}")) if own_key else st.none(),
        base_url=st.sampled_from(_URLS) if provider == "openai_compatible" and account is None else st.none(),
        region=maybe(texts()),
        tags=st.just(()) | st.lists(texts(), max_size=3, unique=True).map(tuple),
        limits=maybe(limits()),
        cooling=maybe(coolings()),
        shortest=maybe(spans()),
        price=maybe(prices()),
        settings=_settings(provider),
        options=st.builds(dict[str, PassedOption]) if provider == "local" else passed_options(),
    )


@st.composite
def route_nodes(draw: st.DrawFn, targets: Targets, *, depth: int = 5, placement: Placement = "inner") -> RouteNode:
    """Routes over `targets`, nested at most `depth` deep."""
    given = draw(rules(placement, targets.guardrails))
    node = _formed(draw, draw(_forms()) if depth else "use", targets, depth)
    return msgspec.structs.replace(node, **msgspec.structs.asdict(given))


def _formed(draw: st.DrawFn, form: _Form, targets: Targets, depth: int) -> RouteNode:
    """A node of that form, without rules."""
    inner = route_nodes(targets, depth=depth - 1)
    match form:
        case "use":
            return RouteNode(use=draw(st.sampled_from(targets.uses)))
        case "first":
            return RouteNode(first=draw(_few(inner)), on=draw(_kind_lists_or_none()))
        case "balance":
            return RouteNode(balance=_balance(draw, inner, targets), on=draw(_kind_lists_or_none()))
        case "race":
            return RouteNode(race=_race(draw, inner, targets), on=draw(_kind_lists_or_none()))
        case "when":
            branches = st.tuples(conditions(targets.routes), inner).map(_branch)
            return RouteNode(when=draw(_few(branches, most=2)), otherwise=draw(inner) if draw(st.booleans()) else None)


def _branch(parts: tuple[Condition, RouteNode]) -> Branch:
    return Branch(if_=parts[0], then=parts[1])


@cache
def _kind_lists_or_none() -> st.SearchStrategy[tuple[Literal["*"] | FailureKind, ...] | None]:
    return maybe(kind_lists())


@cache
def _forms() -> st.SearchStrategy[_Form]:
    forms: tuple[_Form, ...] = ("use", "use", "use", "first", "balance", "race", "when")
    return st.sampled_from(forms)


def _few(values: st.SearchStrategy[T], *, most: int = 3) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(values, min_size=1, max_size=most).map(tuple)


def _balance(draw: st.DrawFn, inner: st.SearchStrategy[RouteNode], targets: Targets) -> Balance:
    by = draw(_strategies())
    is_sticky = by == "sticky"
    selects = draw(_is_selecting())
    return Balance(
        among=() if selects else _arms(draw, inner),
        where=draw(wheres(targets.deployments)) if selects else None,
        by=by,
        spill=draw(_spills()),
        key=draw(_sticky_keys()) if is_sticky else None,
        salt=draw(_texts_or_none()) if is_sticky else None,
    )


def _arms(draw: st.DrawFn, inner: st.SearchStrategy[RouteNode]) -> tuple[Arm, ...]:
    arms = tuple(Arm(route=route, weight=draw(weights())) for route in draw(_few(inner)))
    return arms if any(arm.weight for arm in arms) else (*arms[:-1], Arm(route=arms[-1].route))


def _race(draw: st.DrawFn, inner: st.SearchStrategy[RouteNode], targets: Targets) -> Race:
    if draw(_is_selecting()):
        return Race(where=draw(wheres(targets.deployments)), stagger=draw(spans()))
    return Race(among=draw(_few(inner)), stagger=draw(spans()))


@cache
def _strategies() -> st.SearchStrategy[Strategy]:
    return st.sampled_from(get_args(Strategy))


@cache
def _is_selecting() -> st.SearchStrategy[bool]:
    return st.sampled_from((True, False, False, False, False))


@cache
def _spills() -> st.SearchStrategy[int | None]:
    return maybe(st.integers(0, 4))


@cache
def _sticky_keys() -> st.SearchStrategy[str]:
    return st.sampled_from(("user", "key", "metadata.plan"))


@cache
def _texts_or_none() -> st.SearchStrategy[str | None]:
    return maybe(texts())


def leaf_count(node: RouteNode, sizes: Mapping[str, int]) -> int:
    """How many attempts the node expands to at most; `sizes` gives that of every route it may use."""
    if node.use is not None:
        return sizes.get(node.use, 1)
    forms = tuple(form for form in (node.balance, node.race) if form is not None)
    selecting = sum(_MOST_DEPLOYMENTS for form in forms if form.where is not None)
    arms = (arm.route if isinstance(arm, Arm) else arm for form in forms for arm in form.among)
    branches = (*(branch.then for branch in node.when or ()), *(() if node.otherwise is None else (node.otherwise,)))
    return selecting + sum(leaf_count(child, sizes) for child in (*(node.first or ()), *arms, *branches))


@st.composite
def specs(draw: st.DrawFn, *, depth: int = 5) -> Spec:
    """Whole valid specs: one to six deployments, one to four routes, of which later ones may use earlier ones."""
    known = draw(accounts())
    names = draw(_some_names(_DEPLOYMENT_NAMES, _MOST_DEPLOYMENTS))
    each = deployments(known)
    there = {name: draw(each) for name in names}
    checks: dict[str, Guardrail] = {name: draw(guardrails()) for name in draw(_some_names(_GUARDRAIL_NAMES, 2, 0))}
    called = draw(_some_names(_ROUTE_NAMES, 4))
    sizes: dict[str, int] = {}
    routes: dict[str, RouteNode] = {}
    for route in called:
        targets = Targets(uses=(*names, *routes), routes=called, deployments=tuple(there.values()), guardrails=tuple(checks))
        node = draw(route_nodes(targets, depth=depth, placement="root"))
        if leaf_count(node, sizes) > MAX_ATTEMPTS:
            node = RouteNode(use=draw(st.sampled_from(names)))
        routes[route], sizes[route] = node, leaf_count(node, sizes)
    return Spec(
        voxplan=1,
        accounts=known,
        deployments=there,
        defaults=draw(rules("defaults", tuple(checks))),
        routes=routes,
        guardrails=checks,
        cooling=draw(coolings()),
        retry_budget=draw(_retry_budgets()),
        gateway=draw(gateways(names)),
        tests=tuple(draw(policy_tests(called, names)) for _ in range(draw(_test_counts()))),
    )


@cache
def _retry_budgets() -> st.SearchStrategy[RetryBudget]:
    return st.just(RetryBudget()) | st.builds(RetryBudget, share=shares(), least=st.integers(0, 100))


@cache
def _test_counts() -> st.SearchStrategy[int]:
    return st.sampled_from((0, 0, 0, 1, 2))
