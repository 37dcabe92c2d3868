"""What the naive interpreter knows of a request and of a deployment: conditions after Kleene, accounts filled in.

Part of `tests.reference`. True, false and unknown are `True`, `False` and `None`.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from voxplan.engine.language.condition import Condition, NumberRange, Sample, TimeWindow
from voxplan.engine.language.spec import Limits, Selector, Spec
from voxplan.engine.observed.view import Load, View
from voxplan.engine.plans import draws
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts
from voxplan.engine.terms.quantity import Money, Span
from voxplan.engine.terms.request import AudioFacts, Request

Catalog = Mapping[str, ProviderFacts]
Values = tuple[str | float | bool, ...] | None
"""What is known of a fact; empty when it is known that there is none, None when nobody knows."""


class Asked:
    """The facts of one request at one moment, and what they say to a condition."""

    def __init__(self, request: Request, moment: int, seed: int) -> None:
        audio, options = request.audio, request.options
        self.moment, self.seed = moment, seed
        self.facts: dict[str, Values] = {
            "route": (request.route,),
            "audio.seconds": _told(audio.seconds),
            "audio.bytes": _told(audio.bytes),
            "audio.format": _told(audio.format),
            "audio.channels": _told(audio.channels),
            "language": _told(options.language),
            "response_format": (options.response_format,),
            "timestamps": options.timestamps,
            "stream": (options.stream,),
            "translate": (options.translate,),
            "diarize": (options.diarize,),
            "user": _told(request.user) or (),
            "key": _told(request.key) or (),
            "key.tags": request.key_tags,
            "key.budget_left": _told(request.key_budget_left) or (),
            "tags": request.tags,
            **{f"metadata.{name}": (value,) for name, value in request.metadata},
        }

    def ms(self, span: Span | None) -> int | None:
        """The span for this request's audio; None when there is none or it cannot be known."""
        seconds = self.facts["audio.seconds"]
        if span is None or (span.per_second[0] != 0 and seconds is None):
            return None
        return span.base_ms + math.ceil(Fraction(seconds[0] if seconds else 0) * Fraction(*span.per_second))

    def holds(self, condition: Condition) -> bool | None:
        """Whether the condition holds."""
        return _all(self._tests(condition))

    def _tests(self, c: Condition) -> Iterator[bool | None]:
        yield from (self.holds(part) for part in c.all or ())
        if c.any is not None:
            yield _not(_all(_not(self.holds(part)) for part in c.any))
        if c.not_ is not None:
            yield _not(self.holds(c.not_))
        if c.known is not None:
            yield bool(self.facts.get(c.known, ()))
        if c.sample is not None:
            yield self._falls_into(c.sample)
        if c.time is not None:
            yield self._is_within(c.time)
        for fact in ("route", "audio.format", "language", "response_format", "timestamps", "user", "key", "key.tags", "tags"):
            yield self._is_one_of(fact, getattr(c, fact.replace(".", "_")))
        for fact, wanted in (c.metadata or {}).items():
            yield self._is_one_of(f"metadata.{fact}", wanted)
        yield self._is_one_of("stream", None if c.stream is None else (c.stream,))
        yield self._is_one_of("translate", None if c.translate is None else (c.translate,))
        yield self._is_one_of("diarize", None if c.diarize is None else (c.diarize,))
        for fact, numbers in (("seconds", c.audio_seconds), ("bytes", c.audio_bytes), ("channels", c.audio_channels)):
            yield numbers is None or self._is_between(f"audio.{fact}", numbers)
        if c.key_budget_left is not None:
            left = self.facts["key.budget_left"] or (math.inf,)  # no limit: more than any amount
            over, under = nano(c.key_budget_left.over), nano(c.key_budget_left.under)
            yield (over is None or float(left[0]) > over) and (under is None or float(left[0]) < under)

    def _is_one_of(self, fact: str, wanted: Sequence[str | bool] | None) -> bool | None:
        values = self.facts.get(fact, ())
        return True if wanted is None else None if values is None else any(value in wanted for value in values)

    def _is_between(self, fact: str, wanted: NumberRange) -> bool | None:
        values = self.facts[fact]
        if values is None:
            return None
        (number,) = (float(value) for value in values)
        above = wanted.over is None or number > wanted.over
        return above and (wanted.under is None or number < wanted.under) and (wanted.in_ is None or number in wanted.in_)

    def _falls_into(self, sample: Sample) -> bool:
        names = [str(value) for value in self.facts.get(sample.by or "") or ()]
        bits = (
            draws.draw(0, "sample", sample.salt, sample.by or "", *names)
            if names
            else draws.draw(self.seed, "sample", sample.salt)
        )
        return Fraction(bits, 2**64) < Fraction(sample.share.millionths, 10**6)

    def _is_within(self, window: TimeWindow) -> bool:
        """The wall clock of the zone, by the standard library."""
        shown = datetime.fromtimestamp(self.moment // 1000, ZoneInfo(window.zone))
        minutes, start, end = shown.hour * 60 + shown.minute, window.from_.minutes, window.to.minutes
        began = shown if minutes >= start else shown - timedelta(days=1)
        inside = start <= minutes < end if start < end else minutes >= start or minutes < end
        return inside and (
            window.days is None or ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[began.weekday()] in window.days
        )


class Known(NamedTuple):
    """A deployment with everything that it takes from its account and its provider."""

    name: str
    provider: str
    region: str | None
    tags: tuple[str, ...]
    can: Capabilities
    credential: str
    price: PriceFacts | None
    limits: Limits
    shared: Limits
    shortest: Span | None

    @staticmethod
    def of(spec: Spec, catalog: Catalog, name: str) -> "Known":
        """The deployment called `name`."""
        own = spec.deployments[name]
        account = spec.accounts[own.account] if own.account else own
        facts = catalog[account.provider or ""]
        key, url = own.api_key or account.api_key or facts.default_key, own.base_url or account.base_url
        by_key = " ".join(part for part in (facts.provider, key, url) if part) if key else name
        shares = own.account is not None and own.api_key is None
        said_model = {**account.settings, **own.settings}.get(facts.model_setting or "", own.model)
        price, can = own.price, facts.capabilities(said_model)
        per = [0 if money is None else money.nano for money in (price.per_minute, price.per_request)] if price else []
        least, step = (price.minimum.base_ms, price.step.base_ms if price.step else 0) if price else (0, 0)
        said = PriceFacts(per_minute=per[0], per_request=per[1], minimum_ms=least, step_ms=step) if price else can.price
        if said is not None and own.options.get(facts.channels_option or ""):
            said = replace(said, by_channel=True)
        return Known(
            name=name,
            provider=facts.provider,
            region=account.region if own.region is None else own.region,
            tags=own.tags,
            can=can,
            credential=f"account {own.account}" if shares else by_key,
            price=said,
            limits=own.limits or Limits(),
            shared=account.limits or Limits() if shares else Limits(),
            shortest=own.shortest,
        )

    def satisfies(self, wanted: Selector) -> bool:
        """Whether a `require` or `where` takes it."""
        able = {name for name in type(self.can).__struct_fields__ if getattr(self.can, name) is True}
        able |= {"segments"} if self.can.words else set()
        able |= {"diarization"} if self.can.diarization else set()
        return (
            (wanted.region is None or self.region in wanted.region)
            and (wanted.provider is None or self.provider in wanted.provider)
            and {*(wanted.tags or ())} <= {*self.tags}
            and {*(wanted.capability or ())} <= able
        )

    def cost(self, audio: AudioFacts) -> int | None:
        """The worst cost of one call; None where any of it is only an estimate."""
        price = self.price
        if price is None or price.estimated or price.tokens is not None or (price.by_channel and audio.channels is None):
            return None
        return price.per_request if price.per_minute == 0 else None if audio.seconds is None else _billed(price, audio)

    def likely_cost(self, audio: AudioFacts) -> int | None:
        """What one call may be expected to cost: of a minute where the length is unknown, and of one channel."""
        told = audio if audio.seconds is not None else replace(audio, seconds=60.0)
        if self.price is None or (self.price.tokens is not None and self.price.per_minute == 0):
            return None
        return _billed(self.price, told)

    def free(self, view: View, moment: int) -> Fraction:
        """The free share of its tightest limit."""
        loads = ((self.limits, view.of(self.name).load), (self.shared, view.account(self.credential).load))
        return min([Fraction(1), *(share for limits, load in loads for share in _shares(limits, load, moment))])


def wrong_with(request: Request, spec: Spec, known: Mapping[str, Known]) -> str | None:
    """What is wrong with the request itself."""
    names, simulable = {*spec.deployments, *spec.routes}, {*known, *(each.provider for each in known.values())}
    simulated = [] if request.simulate is None else [name for name, _ in request.simulate.failures]
    wrong = {
        "unknown_route": request.route not in spec.routes,
        "unknown_fallback": not names.issuperset(request.fallbacks),
        "unknown_simulation": not simulable.issuperset(simulated),
        "not_allowed": request.allowed is not None and not {request.route, *request.fallbacks}.issubset(request.allowed),
    }
    return next((code for code, holds in wrong.items() if holds), None)


def score(by: str, known: Known | None, request: Request, view: View, moment: int) -> tuple[int, int | Fraction]:
    """What an arm is worth that attempts this deployment first, the least first; None if it attempts nothing."""
    if known is None:
        return (int(by == "cost"), 0)
    seen = view.of(known.name)
    busy = seen.load.in_flight
    if by == "latency" and seen.latency is None:
        return (1, busy) if busy else (0, 0)
    if by == "latency" and seen.latency is not None:
        return (0, seen.latency.us_per_second * (busy + 1))
    if by == "cost":
        cost = known.likely_cost(request.audio)
        return (1, 0) if cost is None else (0, cost)
    return (0, busy if by == "least_busy" else -known.free(view, moment))


def _shares(limits: Limits, load: Load, moment: int) -> Iterator[Fraction]:
    recent = [start for start in load.starts_ms if moment - start < 60_000]
    for most, used in ((limits.concurrent, load.in_flight), (limits.requests_per_minute, len(recent))):
        if most is not None:
            yield Fraction(max(0, most - used), most)


def _billed(price: PriceFacts, audio: AudioFacts) -> int:
    """The length in exact minutes, at least the least, in whole steps, once for each channel that is billed."""
    ms = max(Fraction(audio.seconds or 0) * 1000, Fraction(price.minimum_ms))
    if price.step_ms:
        ms = Fraction(math.ceil(ms / price.step_ms) * price.step_ms)
    times = max(audio.channels or 1, 1) if price.by_channel else 1
    return price.per_request + times * math.ceil(ms / 60_000 * price.per_minute)


def nano(money: Money | None) -> int | None:
    """Billionths of a dollar."""
    return None if money is None else money.nano


def _told(value: str | float | None) -> Values:
    return None if value is None else (value,)


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _all(values: Iterable[bool | None]) -> bool | None:
    seen = set(values)
    return False if False in seen else None if None in seen else True
