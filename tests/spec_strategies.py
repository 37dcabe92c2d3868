"""Hypothesis strategies for routing specs that are valid: every name exists, no cycles, no route of more than 48 attempts.

`specs()` makes whole specs with every form and every rule of the language. The other strategies are its parts, for tests that
need only one of them. What they make are the structs of `voxplan.engine.spec`; nothing here reads or prints text. Strategies
that take no argument are built once: building them costs more than drawing from them.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal, TypeVar

import msgspec
from hypothesis import strategies as st

from voxplan.engine.failure import LISTABLE, FailureKind
from voxplan.engine.quantity import Span
from voxplan.engine.spec import Accept, Account, Arm, Backoff, Balance, Deployment, Limits, Retry, RouteNode, Rules, Spec, Weight

__all__ = (
    "MAX_ATTEMPTS",
    "accounts",
    "deployments",
    "kind_lists",
    "labels",
    "leaf_count",
    "limits",
    "retries",
    "route_nodes",
    "rules",
    "spans",
    "specs",
    "texts",
    "weights",
)

MAX_ATTEMPTS = 48
"""Leaves of one route. Fewer than the 256 of the language even when every one of them is retried three times."""

Placement = Literal["root", "inner", "defaults"]
"""Where rules stand: `when_all_poor` belongs to roots and defaults, `name` to nodes."""

T = TypeVar("T")

_PER_SECOND = ((50, 1), (1000, 1), (500, 1), (1, 2), (1, 1_000_000), (2_500_001, 1_000_000))
# Many of these are no text in YAML 1.1 or 1.2 unless they are quoted.
_DEPLOYMENT_NAMES = ("whisper-1", "azure-eu", "groq", "local", "vllm:8000", "no", "on", "12:30", "1_000", "0x1F", "1e3", "null")
_ROUTE_NAMES = ("simple", "whisper", "batch", "yes", "007", "live.fi")
_ACCOUNT_NAMES = ("main", "eu", "off")
_NODE_NAMES = ("canary", "stable", "1", "true")
_URLS = ("https://api.example.com/v1", "http://localhost:8000", "${BASE_URL}", "https://${REGION}.example.com/v1")
_MODELS = {"openai": ("whisper-1", "gpt-4o-transcribe"), "openai_compatible": ("large-v3", "a/b: c #d"), "local": ("default",)}
_ODD_TEXTS = (
    "no",
    "~",
    "null",
    "1_000",
    "12:30",
    "0o7",
    "1e3",
    "<<",
    "=",
    "*",
    "#",
    "ä😀",
    "'",
    '"',
    "- a",
    "a: b",
    "",
    " x ",
    "\r\n",
)


@cache
def texts() -> st.SearchStrategy[str]:
    """Free text as it may stand in `region` and `tags`, with much that looks like something else in YAML."""
    return st.sampled_from(_ODD_TEXTS) | st.text(st.characters(codec="utf-8"), max_size=12)


@cache
def labels() -> st.SearchStrategy[str]:
    """Names as the language allows them."""
    return st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,12}", fullmatch=True)


@cache
def spans(*, min_ms: int = 0, max_ms: int = 3_600_000, audio: bool = True) -> st.SearchStrategy[Span]:
    """Durations; with `audio`, some of them depend on the length of the audio."""
    common = tuple(ms for ms in (500, 1000, 8000, 60_000) if min_ms <= ms <= max_ms)
    base = st.integers(min_ms, max_ms) | st.sampled_from((min_ms, *common))
    if not audio:
        return st.builds(Span, base)
    per_second = st.sampled_from(_PER_SECOND) | st.integers(1, 3_000_000_000).map(_millionths)
    return st.builds(Span, base) | st.builds(Span, base, per_second)


def _millionths(count: int) -> tuple[int, int]:
    divisor = math.gcd(count, 1_000_000)
    return count // divisor, 1_000_000 // divisor


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
    return st.builds(Limits, requests_per_minute=_maybe(st.integers(1, 1000)), concurrent=_maybe(st.integers(1, 50)))


@cache
def retries() -> st.SearchStrategy[Retry]:
    """Retry rules of at most three retries."""
    backoff = st.builds(Backoff, base=spans(audio=False, max_ms=10_000), cap=spans(audio=False, max_ms=60_000))
    return st.builds(
        Retry,
        times=st.integers(0, 3),
        on=_maybe(kind_lists()),
        backoff=st.just(Backoff()) | backoff,
        patience=_maybe(spans(audio=False, max_ms=120_000)),
    )


@cache
def rules(placement: Placement = "inner") -> st.SearchStrategy[Rules]:
    """Rules as they may stand at that placement; often none, seldom many."""
    return st.just(Rules()) | _some_rules(placement)


@st.composite
def _some_rules(draw: st.DrawFn, placement: Placement) -> Rules:
    given = draw(_rule_names())
    return Rules(
        name=draw(st.sampled_from(_NODE_NAMES)) if "name" in given and placement != "defaults" else None,
        deadline=draw(spans(min_ms=1)) if "deadline" in given else None,
        timeout=draw(spans(min_ms=1)) if "timeout" in given else None,
        retry=draw(retries()) if "retry" in given else None,
        accept=draw(_accepts()) if "accept" in given else None,
        when_all_cooling=draw(st.sampled_from(("try", "refuse"))) if "when_all_cooling" in given else None,
        when_all_poor=draw(st.sampled_from(("return", "fail"))) if "when_all_poor" in given and placement != "inner" else None,
    )


@cache
def _rule_names() -> st.SearchStrategy[set[str]]:
    return st.sets(st.sampled_from(Rules.__struct_fields__), min_size=1, max_size=4)


@cache
def _accepts() -> st.SearchStrategy[Accept]:
    ratios = st.sampled_from((1.0, 2.0, 2.4))
    return st.builds(Accept, not_empty=st.booleans(), max_compression_ratio=_maybe(ratios))


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, Account]:
    """Named accounts of the HTTP providers."""
    names = draw(st.lists(st.sampled_from(_ACCOUNT_NAMES), max_size=3, unique=True))
    return {name: draw(_accounts(draw(st.sampled_from(("openai", "openai_compatible"))))) for name in names}


@cache
def _accounts(provider: str) -> st.SearchStrategy[Account]:
    return st.builds(
        Account,
        provider=st.just(provider),
        api_key=st.sampled_from(("${OPENAI_API_KEY}", "${_k1}")),
        base_url=st.sampled_from(_URLS) if provider == "openai_compatible" else st.none(),
        region=_maybe(texts()),
        limits=_maybe(limits()),
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
        region=_maybe(texts()),
        tags=st.just(()) | st.lists(texts(), max_size=3, unique=True).map(tuple),
        limits=_maybe(limits()),
        shortest=_maybe(spans()),
    )


@st.composite
def route_nodes(draw: st.DrawFn, targets: Sequence[str], *, depth: int = 5, placement: Placement = "inner") -> RouteNode:
    """Routes over the names in `targets`, nested at most `depth` deep."""
    form = draw(_forms()) if depth else "use"
    given = draw(rules(placement))
    if form == "use":
        return _node(given, use=draw(st.sampled_from(targets)))
    inner = route_nodes(targets, depth=depth - 1)
    on = draw(_maybe(kind_lists()))
    if form == "first":
        return _node(given, first=tuple(draw(st.lists(inner, min_size=1, max_size=3))), on=on)
    arms = tuple(Arm(route=route, weight=draw(weights())) for route in draw(st.lists(inner, min_size=1, max_size=3)))
    if not any(arm.weight for arm in arms):
        arms = (*arms[:-1], Arm(route=arms[-1].route))
    return _node(given, balance=Balance(among=arms, spill=draw(_maybe(st.integers(0, 4)))), on=on)


def _node(
    given: Rules,
    *,
    use: str | None = None,
    first: tuple[RouteNode, ...] | None = None,
    balance: Balance | None = None,
    on: tuple[Literal["*"] | FailureKind, ...] | None = None,
) -> RouteNode:
    form = RouteNode(use=use, first=first, balance=balance, on=on)
    return msgspec.structs.replace(form, **msgspec.structs.asdict(given))


@cache
def _forms() -> st.SearchStrategy[Literal["use", "first", "balance"]]:
    return st.sampled_from(("use", "use", "first", "balance"))


def leaf_count(node: RouteNode, sizes: Mapping[str, int]) -> int:
    """How many attempts the node expands to; `sizes` gives that of every route it may use."""
    if node.use is not None:
        return sizes.get(node.use, 1)
    children = node.first if node.first is not None else ()
    arms = tuple(arm.route for arm in node.balance.among) if node.balance is not None else ()
    return sum(leaf_count(child, sizes) for child in (*children, *arms))


@st.composite
def specs(draw: st.DrawFn, *, depth: int = 5) -> Spec:
    """Whole valid specs: one to six deployments, one to four routes, of which later ones may use earlier ones."""
    known = draw(accounts())
    names = draw(st.lists(st.sampled_from(_DEPLOYMENT_NAMES), min_size=1, max_size=6, unique=True))
    sizes: dict[str, int] = {}
    routes: dict[str, RouteNode] = {}
    for route in draw(st.lists(st.sampled_from(_ROUTE_NAMES), min_size=1, max_size=4, unique=True)):
        node = draw(route_nodes((*names, *routes), depth=depth, placement="root"))
        if leaf_count(node, sizes) > MAX_ATTEMPTS:
            node = RouteNode(use=draw(st.sampled_from(names)))
        routes[route], sizes[route] = node, leaf_count(node, sizes)
    return Spec(
        voxplan=1,
        accounts=known,
        deployments={name: draw(deployments(known)) for name in names},
        defaults=draw(rules("defaults")),
        routes=routes,
    )


def _maybe(values: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | values
