"""Which deployments a `Selector` means: those that a `where` takes, and why one does not satisfy a `require`.

Region, provider, tags and capabilities are all that selectors look at, and none of them depends on the request. What nobody
knows counts as absent (law C5): a deployment without a region is in no region.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from voxplan.engine.language.spec import Selector, Spec
from voxplan.engine.plans.router import RouterDeployment
from voxplan.engine.terms.capability import Capabilities, CapabilityName, ProviderFacts, offers
from voxplan.engine.terms.spelling import listed, quoted

__all__ = ("Traits", "selected", "traits", "unmet")

_LACKING: Final[Mapping[CapabilityName, str]] = {
    "segments": "gives no segment times",
    "words": "gives no word times",
    "diarization": "does not tell speakers apart",
    "prompt": "takes no prompt",
    "temperature": "takes no temperature",
    "streaming": "does not stream",
    "languages_hint": "takes no list of languages that may be spoken",
    "keywords": "takes no keywords",
    "known_speakers": "recognises no speakers by their voice",
    "logprobs": "gives no log probabilities",
    "chunking_strategy": "takes no chunking strategy",
    "translate": "does not translate into English",
}


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """What selectors look at: what the deployment says itself or takes from its account, and what its model can do."""

    provider: str
    region: str | None
    tags: tuple[str, ...]
    capabilities: Capabilities


def selected(spec: Spec, selector: Selector, catalog: Mapping[str, ProviderFacts]) -> tuple[str, ...]:
    """The names of the deployments that satisfy `selector`, sorted; total, also for a spec that names unknown providers."""
    return tuple(name for name in sorted(spec.deployments) if not any(_unmet(selector, traits(spec, name, catalog))))


def unmet(selector: Selector, deployment: RouterDeployment) -> tuple[str, ...]:
    """One line for each requirement of `selector` that the deployment does not satisfy; empty when it satisfies all."""
    found = Traits(
        provider=deployment.provider, region=deployment.region, tags=deployment.tags, capabilities=deployment.capabilities
    )
    return tuple(_unmet(selector, found))


def traits(spec: Spec, name: str, catalog: Mapping[str, ProviderFacts]) -> Traits:
    """What is known of the deployment `name` of `spec`, with what it leaves out taken from its account."""
    own = spec.deployments[name]
    account = spec.accounts.get(own.account) if own.account is not None else None
    provider = (account.provider if account is not None else own.provider) or ""
    facts = catalog.get(provider)
    settings = (account.settings if account is not None else {}) | own.settings
    return Traits(
        provider=provider,
        region=account.region if own.region is None and account is not None else own.region,
        tags=own.tags,
        capabilities=Capabilities() if facts is None else facts.capabilities(facts.known_model(own.model, settings)),
    )


def _unmet(selector: Selector, found: Traits) -> Iterator[str]:
    if selector.region is not None and found.region not in selector.region:
        yield f"{_is('region', found.region)}, required {_one_of(selector.region)}"
    if selector.provider is not None and found.provider not in selector.provider:
        yield f"{_is('provider', found.provider)}, required {_one_of(selector.provider)}"
    yield from (f"lacks tag {quoted(tag)}" for tag in selector.tags or () if tag not in found.tags)
    yield from (_LACKING[name] for name in selector.capability or () if not offers(found.capabilities, name))


def _is(trait: str, value: str | None) -> str:
    return f"has no {trait}" if value is None else f"{trait} is {quoted(value)}"


def _one_of(values: tuple[str, ...]) -> str:
    return listed(values) if len(values) == 1 else f"one of {listed(values)}"
