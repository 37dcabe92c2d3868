"""Routing specs made by chance: all five forms nested up to five deep, every rule, every kind of condition, every strategy.

Few deployments that many leaves share, prices of a few billionths and times of a few milliseconds, so that things often meet: two
uses of one deployment, a budget that is nearly spent, events at the same instant. A `random.Random` decides everything, so that a
spec is a function of a seed, and hypothesis can play the part of chance.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final, Literal

from voxplan.engine.language.condition import Condition, MoneyRange, NumberRange, Sample, TimeWindow
from voxplan.engine.language.spec import (
    Accept,
    Account,
    Arm,
    Backoff,
    Balance,
    Branch,
    Deployment,
    Guardrail,
    Limits,
    OptionRules,
    Price,
    Race,
    Replay,
    Retry,
    RouteNode,
    Rules,
    Selector,
    Spec,
    Strategy,
    WhenAllCooling,
    WhenAllPoor,
)
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts, Setting, TokenPrices
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.quantity import ClockTime, Money, Share, Span

__all__ = (
    "CATALOG",
    "DEPLOYMENTS",
    "GUARDRAILS",
    "KIND_LISTS",
    "ROUTES",
    "ZONES",
    "random_condition",
    "random_node",
    "random_spec",
)

_CHEAP: Final = PriceFacts(per_request=2)
_BY_MINUTE: Final = PriceFacts(per_minute=60, minimum_ms=1000, step_ms=1000)
_BY_TOKEN: Final = PriceFacts(per_minute=55, tokens=TokenPrices(audio_in=600, text_in=250, out=1000))
_ABOUT: Final = PriceFacts(per_minute=58, step_ms=500, estimated=True)

CATALOG: Final = {
    facts.provider: facts
    for facts in (
        ProviderFacts(
            provider="openai",
            needs_key=True,
            default_key="${OPENAI_API_KEY}",
            takes_base_url=False,
            settings=(
                Setting(name="project", meaning="whose project pays", default="${OPENAI_PROJECT}"),
                Setting(name="token", meaning="a second secret", secret=True),
                Setting(name="base", meaning="the model behind the name"),
            ),
            owned=("model", "language", "prompt"),
            model_setting="base",
            otherwise=Capabilities(
                languages="any", segments=True, prompt=True, temperature=True, max_bytes=26_214_400, price=_BY_MINUTE
            ),
            models=(
                (
                    "whisper-1",
                    Capabilities(
                        languages="any", segments=True, words=True, prompt=True, temperature=True, streaming=True, price=_CHEAP
                    ),
                ),
                ("tokens", Capabilities(languages="any", words=True, keywords=True, price=_BY_TOKEN)),
            ),
            families=(("mini", Capabilities(languages="any", segments=True, diarization=True, price=_ABOUT)),),
        ),
        ProviderFacts(
            provider="openai_compatible",
            needs_key=False,
            needs_base_url=True,
            channels_option="multichannel",
            otherwise=Capabilities(segments=True),
        ),
        ProviderFacts(
            provider="local",
            needs_key=False,
            takes_key=False,
            takes_base_url=False,
            takes_options=False,
            vendor="here",
            otherwise=Capabilities(
                languages=("en",),
                segments=True,
                diarization=True,
                streaming=True,
                containers=("wav",),
                max_seconds=20.0,
                price=PriceFacts(),
            ),
        ),
    )
}
"""Facts of three providers, with limits that requests here really meet; prices are known, estimated, free and unknown."""

DEPLOYMENTS: Final = ("a", "b", "c", "d", "e", "f")
ROUTES: Final = ("main", "other", "third")
GUARDRAILS: Final = ("g1", "g2", "g3", "g4")
ZONES: Final = ("UTC", "Europe/Helsinki", "America/New_York")
KIND_LISTS: Final[tuple[tuple[Literal["*"] | FailureKind, ...], ...]] = (
    ("*",),
    ("timed_out",),
    ("rate_limited", "overloaded", "server_error"),
    ("*", "invalid_request", "content_filtered"),
    ("poor_quality", "timed_out", "unauthorized"),
)
_FORMS: Final = ("use", "first", "balance", "race", "when")
_STRATEGIES: Final[tuple[Strategy, ...]] = ("weight", "weight", "latency", "least_busy", "cost", "headroom", "sticky")
_REPLAYS: Final[tuple[Replay, ...]] = ("always", "if_uncharged", "if_unsent", "never")
_KEYS: Final = ("user", "key", "metadata.plan")
_COOLING: Final[tuple[WhenAllCooling, ...]] = ("try", "refuse")
_POOR: Final[tuple[WhenAllPoor, ...]] = ("return", "fail")
_SELECTORS: Final = (
    Selector(region=("eu",)),
    Selector(region=("eu", "us")),
    Selector(provider=("openai", "local")),
    Selector(tags=("fast",)),
    Selector(tags=("fast", "big")),
    Selector(capability=("words",)),
    Selector(capability=("segments", "streaming")),
    Selector(capability=("diarization",), region=("eu",)),
)


def random_spec(chance: Random, *, depth: int = 5, most: int = 40) -> Spec:
    """A valid spec over `DEPLOYMENTS` with the routes `ROUTES`, of which earlier ones use later ones, with `most` leaves."""
    deployments = {name: _deployment(chance) for name in DEPLOYMENTS}
    routes: dict[str, RouteNode] = {}
    sizes: dict[str, int] = dict.fromkeys(DEPLOYMENTS, 1)
    for name in reversed(ROUTES):
        first = name == ROUTES[0]
        node = random_node(chance, (*DEPLOYMENTS, *routes), depth=depth if first else 2, most=most if first else 6, root=True)
        size = _size(node, sizes)
        routes[name] = node if size <= most else RouteNode(use=chance.choice(DEPLOYMENTS))
        sizes[name] = size if size <= most else 1
    return Spec(
        voxplan=1,
        accounts={
            "shared": Account(provider="openai", api_key="${SHARED_KEY}", region="us", limits=_limits(chance)),
            "eu": Account(provider="openai", api_key="${EU_KEY}", region="eu"),
        },
        deployments=deployments,
        defaults=_defaults(chance),
        routes=dict(reversed(routes.items())),
        guardrails={name: _guardrail(chance) for name in GUARDRAILS},
    )


def random_node(
    chance: Random, targets: Sequence[str], *, depth: int, most: int = 40, root: bool = False, forms: Sequence[str] = _FORMS
) -> RouteNode:
    """A route over `targets`, nested at most `depth` deep, with about `most` leaves at most."""
    inner = [form for form in forms if form != "use"]
    form = chance.choice(inner) if root and depth and chance.random() < 0.9 else chance.choice(forms)
    if not depth or most < 2:
        form = "use"
    said = random_rules(chance, root=root)
    if form == "use":
        return _node(said, RouteNode(use=chance.choice(targets)))
    count = min(most, chance.choice((1, 2, 2, 3, 3)))
    routes = tuple(random_node(chance, targets, depth=depth - 1, most=most // count, forms=forms) for _ in range(count))
    on = chance.choice((None, None, *KIND_LISTS))
    match form:
        case "first":
            return _node(said, RouteNode(first=routes, on=on))
        case "balance":
            return _node(said, RouteNode(balance=_balance(chance, routes), on=on))
        case "race":
            where = chance.choice(_WIDE) if chance.random() < 0.08 else None
            race = Race(stagger=Span(chance.choice((0, 1, 2, 3, 7))), among=() if where else routes, where=where)
            return _node(said, RouteNode(race=race, on=on))
        case _:
            branches = tuple(Branch(if_=random_condition(chance), then=route) for route in routes[: max(1, count - 1)])
            return _node(said, RouteNode(when=branches, otherwise=routes[-1] if count > 1 and chance.random() < 0.9 else None))


_WIDE: Final = (Selector(provider=("openai", "local", "openai_compatible")), Selector(tags=("all",)))
"""Selectors that always find something."""


def _balance(chance: Random, routes: tuple[RouteNode, ...]) -> Balance:
    by = chance.choice(_STRATEGIES)
    spill = chance.choice((None, None, None, 0, 1, 2))
    key = chance.choice(_KEYS) if by == "sticky" else None
    salt = chance.choice((None, "x", "")) if by == "sticky" else None
    if chance.random() < 0.1:
        return Balance(where=chance.choice(_WIDE), by=by, spill=spill, key=key, salt=salt)
    weighs = by in {"weight", "sticky"}
    weights = [chance.choice((1, 1, 2, 3, 0, 0.5)) if weighs else 1 for _ in routes]
    among = (
        Arm(route=route, weight=weight)
        for route, weight in zip(routes, weights if any(weights) else [1] * len(routes), strict=True)
    )
    return Balance(among=tuple(among), by=by, spill=spill, key=key, salt=salt)


def random_rules(chance: Random, *, root: bool = False, named: bool = True) -> Rules:
    """Rules of one node: most often none, seldom many."""
    if chance.random() < 0.55:
        return Rules()
    often, seldom = chance.choice((0.12, 0.3)), 0.08

    def says(probability: float = often) -> bool:
        return chance.random() < probability

    return Rules(
        name="named" if named and not root and says(seldom) else None,
        require=chance.choice(_SELECTORS) if says(seldom) else None,
        guardrails=tuple(chance.sample(GUARDRAILS, chance.choice((1, 1, 2)))) if says() else None,
        deadline=_span(chance, least=1) if says() else None,
        budget=Money(chance.choice((0, 1, 3, 5, 8, 12, 20))) if says() else None,
        replay=chance.choice(_REPLAYS) if says(seldom) else None,
        timeout=_span(chance, least=1) if says() else None,
        retry=_retry(chance) if says() else None,
        accept=_accept(chance) if says() else None,
        options=_options(chance) if says() else None,
        when_all_cooling=chance.choice(_COOLING) if says(seldom) else None,
        when_all_poor=chance.choice(_POOR) if root and says() else None,
    )


def _defaults(chance: Random) -> Rules:
    return Rules() if chance.random() < 0.5 else random_rules(chance, root=True, named=False)


def _node(said: Rules, form: RouteNode) -> RouteNode:
    return RouteNode(
        use=form.use,
        first=form.first,
        balance=form.balance,
        race=form.race,
        when=form.when,
        otherwise=form.otherwise,
        on=form.on,
        name=said.name,
        require=said.require,
        guardrails=said.guardrails,
        deadline=said.deadline,
        budget=said.budget,
        replay=said.replay,
        timeout=said.timeout,
        retry=said.retry,
        accept=said.accept,
        options=said.options,
        when_all_cooling=said.when_all_cooling,
        when_all_poor=said.when_all_poor,
    )


def _accept(chance: Random) -> Accept:
    return Accept(not_empty=chance.random() < 0.5, max_compression_ratio=chance.choice((None, 1.0, 2.4)))


def _options(chance: Random) -> OptionRules:
    return OptionRules(
        language=chance.choice((None, "refuse", "drop")),
        prompt=chance.choice((None, "drop", "drop")),
        keywords=chance.choice((None, "refuse", "emulate", "drop")),
        logprobs=chance.choice((None, "drop")),
        temperature=chance.choice((None, "drop")),
        timestamps=chance.choice((None, "refuse", "emulate", "drop")),
        diarize=chance.choice((None, "drop")),
        stream=chance.choice((None, "refuse", "emulate")),
    )


def _retry(chance: Random) -> Retry:
    return Retry(
        times=chance.randrange(3),
        on=chance.choice((None, None, *KIND_LISTS)),
        backoff=Backoff(base=_span(chance, audio=False), cap=_span(chance, audio=False)),
        patience=_span(chance, audio=False) if chance.random() < 0.5 else None,
    )


def _span(chance: Random, *, audio: bool = True, least: int = 0) -> Span:
    if audio and chance.random() < 0.25:
        return Span(chance.randrange(7), chance.choice(((1, 1), (1, 2))))
    return Span(chance.randrange(least, chance.choice((7, 41))))


def _deployment(chance: Random) -> Deployment:
    how = chance.choice(("own", "own", "keyed", "shared", "shared", "eu", "compatible", "local"))
    by_how: Mapping[str, Deployment] = {
        "own": Deployment(provider="openai", model=chance.choice(("whisper-1", "small", "whisper-1", "small", "mini", "tokens"))),
        "keyed": Deployment(
            provider="openai",
            model="whisper-1",
            api_key=chance.choice(("${K}", "${L}")),
            settings=chance.choice(({}, {}, {"base": "tokens"})),
        ),
        "shared": Deployment(account="shared", model="whisper-1"),
        "eu": Deployment(account="eu", model="small", api_key=chance.choice((None, "${K}"))),
        "compatible": Deployment(provider="openai_compatible", model="m", base_url="http://gpu.example:8000/v1"),
        "local": Deployment(provider="local", model="default"),
    }
    form = by_how[how]
    return Deployment(
        model=form.model,
        account=form.account,
        provider=form.provider,
        api_key=form.api_key,
        base_url=form.base_url,
        settings=form.settings,
        region=chance.choice((None, "eu", "us")),
        tags=chance.choice((("all",), ("all", "fast"), ("all", "big", "fast"))),
        limits=_limits(chance),
        shortest=_span(chance) if chance.random() < 0.3 else None,
        price=_price(chance) if chance.random() < 0.3 else None,
        options={"multichannel": chance.random() < 0.7} if how == "compatible" and chance.random() < 0.4 else {},
    )


def _limits(chance: Random) -> Limits | None:
    if chance.random() < 0.5:
        return None
    return Limits(requests_per_minute=chance.choice((None, 2, 5)), concurrent=chance.choice((None, 1, 4)))


def _price(chance: Random) -> Price:
    minimum, step = Span(chance.choice((0, 500))), chance.choice((None, Span(1000)))
    return Price(
        per_minute=Money(60) if chance.random() < 0.4 else None,
        per_request=Money(chance.randrange(6)),
        minimum=minimum,
        step=step,
    )


def _guardrail(chance: Random) -> Guardrail:
    return Guardrail(
        kind="custom",
        stage=chance.choice(("input", "output", "output")),
        on_error=chance.choice(("block", "allow")),
        timeout=Span(chance.choice((1, 3, 30))),
    )


def random_condition(chance: Random, depth: int = 2) -> Condition:
    """A condition over facts that requests here often have."""
    tests: list[Condition] = [
        Condition(tags=chance.choice((("vip",), ("vip", "eu")))),
        Condition(key_tags=("gold",)),
        Condition(user=("u1", "u2")),
        Condition(key=("k1",)),
        Condition(metadata={"plan": ("pro",)}),
        Condition(language=("fi", "sv")),
        Condition(audio_seconds=NumberRange(over=chance.choice((None, 1.0)), under=chance.choice((2.5, 20)))),
        Condition(audio_bytes=NumberRange(in_=(0, 1000))),
        Condition(audio_channels=NumberRange(over=1)),
        Condition(audio_format=("wav",)),
        Condition(timestamps=("word",), response_format=("json", "srt")),
        Condition(stream=chance.random() < 0.5),
        Condition(translate=chance.random() < 0.5),
        Condition(diarize=chance.random() < 0.5, route=("main",)),
        Condition(
            known=chance.choice(("audio.seconds", "language", "user", "tags", "metadata.plan", "key.budget_left", "stream"))
        ),
        Condition(sample=Sample(share=Share(chance.choice((0, 300_000, 500_000, 1_000_000))), by=chance.choice((None, *_KEYS)))),
        Condition(time=_window(chance)),
        Condition(key_budget_left=chance.choice((MoneyRange(over=Money(5)), MoneyRange(under=Money(50))))),
    ]
    if depth and chance.random() < 0.35:
        parts = tuple(random_condition(chance, depth - 1) for _ in range(chance.choice((1, 2, 2))))
        tests = [Condition(all=parts), Condition(any=parts), Condition(not_=parts[0]), Condition(any=parts, not_=parts[0])]
    return chance.choice(tests)


def _window(chance: Random) -> TimeWindow:
    return TimeWindow(
        from_=ClockTime(chance.choice((0, 8 * 60, 22 * 60))),
        to=ClockTime(chance.choice((24 * 60, 6 * 60, 18 * 60 + 30))),
        days=chance.choice((None, ("thu", "tue"), ("wed",))),
        zone=chance.choice(ZONES),
    )


def _size(node: RouteNode, sizes: Mapping[str, int]) -> int:
    """How many leaves the node has when all is written out."""
    if node.use is not None:
        return sizes[node.use]
    where = (node.balance.where if node.balance else None) or (node.race.where if node.race else None)
    arms = [arm.route for arm in node.balance.among] if node.balance else [*(node.race.among if node.race else node.first or ())]
    branches = [branch.then for branch in node.when or ()] + ([node.otherwise] if node.otherwise else [])
    return (len(DEPLOYMENTS) if where else 0) + sum(_size(route, sizes) for route in (*arms, *branches))
