"""What is known of models, as JSON objects for programs. Every key is always there; what is not known is null."""

from collections.abc import Iterator
from typing import Final, Literal, get_args

import msgspec

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.capability import (
    Capabilities,
    CapabilityName,
    PriceFacts,
    ProviderFacts,
    Retirement,
    TokenPrices,
    lacks,
    offers,
)
from voxplan.engine.terms.request import Options, Request, ResponseFormat, Timestamps

__all__ = ("ModelReport", "PriceReport", "deployed_models", "known_models", "models_of")

_FORMATS: Final[tuple[ResponseFormat, ...]] = get_args(ResponseFormat)
_MORE: Final[tuple[CapabilityName, ...]] = (
    *("languages_hint", "keywords", "known_speakers", "logprobs", "chunking_strategy", "translate"),
)


class PriceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a call costs, in billionths of a US dollar; milliseconds of audio, `tokens` by the million.

    `certainty`: with `tokens`, `per_minute` is what a minute of speech may come to.
    """

    unit: str = "billionths of a US dollar"
    per_minute: int
    per_request: int
    minimum_ms: int
    step_ms: int
    by_channel: bool
    tokens: TokenPrices | None
    certainty: Literal["known", "estimated"]
    source: str


class ModelReport(msgspec.Struct, frozen=True, kw_only=True):
    """One model, those with a word in their names (`*word*`), or all of a provider that are not named (`model` null).

    `deployment` is its name, where a spec was given; `more` are its other abilities by their names; a `price` of null is unknown.
    """

    deployment: str | None
    provider: str
    model: str | None
    formats: tuple[ResponseFormat, ...]
    times: tuple[Timestamps, ...]
    speakers: bool
    prompt: bool
    temperature: bool
    languages: tuple[str, ...] | Literal["any"] | None
    streaming: bool
    more: tuple[CapabilityName, ...]
    max_bytes: int | None
    max_seconds: float | None
    containers: tuple[str, ...] | None
    price: PriceReport | None
    retirement: Retirement | None
    source: str


def known_models() -> Iterator[ModelReport]:
    """All that voxplan knows, provider by provider."""
    for facts in CATALOG.values():
        yield from models_of(facts)


def models_of(facts: ProviderFacts) -> Iterator[ModelReport]:
    """The models of one provider: named ones, families, and whatever else there is."""
    families = ((f"*{marker}*", can) for marker, can in facts.families)
    for model, can in (*facts.models, *families, (None, facts.otherwise)):
        yield _report(None, facts.provider, model, can, can.price)


def deployed_models(router: Router) -> Iterator[ModelReport]:
    """The deployments of a spec, at the prices that it gives them."""
    for each in router.deployments.values():
        yield _report(each.name, each.provider, each.model, each.capabilities, each.price)


def _report(deployment: str | None, provider: str, model: str | None, can: Capabilities, price: PriceFacts | None) -> ModelReport:
    times: tuple[tuple[Timestamps, bool], ...] = (("segment", offers(can, "segments")), ("word", offers(can, "words")))
    return ModelReport(
        deployment=deployment,
        provider=provider,
        model=model,
        formats=tuple(each for each in _FORMATS if not lacks(can, Request(route="", options=Options(response_format=each)))),
        times=tuple(name for name, given in times if given),
        speakers=can.diarization,
        prompt=can.prompt,
        temperature=can.temperature,
        languages=can.languages,
        streaming=can.streaming,
        more=tuple(name for name in _MORE if offers(can, name)),
        max_bytes=can.max_bytes,
        max_seconds=can.max_seconds,
        containers=can.containers,
        price=None if price is None else _price(price),
        retirement=can.retirement,
        source=can.source,
    )


def _price(price: PriceFacts) -> PriceReport:
    return PriceReport(
        per_minute=price.per_minute,
        per_request=price.per_request,
        minimum_ms=price.minimum_ms,
        step_ms=price.step_ms,
        by_channel=price.by_channel,
        tokens=price.tokens,
        certainty="estimated" if price.estimated or price.tokens is not None else "known",
        source=price.source,
    )
