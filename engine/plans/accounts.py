"""Deployments with everything they take from their accounts and providers filled in."""

from collections.abc import Mapping

from msgspec.structs import replace

from voxplan.engine.language.spec import Account, Deployment, Limits, Spec
from voxplan.engine.plans.pricing import billed_by_channel, price_facts
from voxplan.engine.plans.router import RouterDeployment
from voxplan.engine.terms.capability import PriceFacts, ProviderFacts
from voxplan.engine.terms.quantity import Span

__all__ = ("filled_in",)


def filled_in(name: str, spec: Spec, catalog: Mapping[str, ProviderFacts]) -> RouterDeployment:
    """The deployment `name` of a spec in which `check` finds no error."""
    written = spec.deployments[name]
    account = None if written.account is None else spec.accounts[written.account]
    own = written if account is None else _with_account(written, account)
    # A deployment with a key of its own does not share its account's credential, and so not its limits.
    shared = account if written.api_key is None else None
    provider = own.provider or ""
    facts = catalog[provider]
    api_key = facts.default_key if own.api_key is None else own.api_key
    capabilities = facts.capabilities(facts.known_model(own.model, own.settings))
    return RouterDeployment(
        name=name,
        provider=provider,
        vendor=facts.vendor or provider,
        credential=_credential(name, own, api_key) if shared is None else f"account {own.account}",
        model=own.model,
        capabilities=capabilities,
        api_key=api_key,
        base_url=own.base_url,
        region=own.region,
        tags=tuple(sorted(set(own.tags))),
        limits=own.limits or Limits(),
        shared_limits=(shared.limits if shared is not None else None) or Limits(),
        cooling=own.cooling or spec.cooling,
        shortest=own.shortest or Span(0),
        price=_price(own, facts, capabilities.price),
        settings=_settings(own, facts),
        options=tuple(sorted(own.options.items())),
    )


def _with_account(own: Deployment, account: Account) -> Deployment:
    """The deployment with what it leaves out taken from its account."""
    return replace(
        own,
        provider=account.provider,
        api_key=account.api_key if own.api_key is None else own.api_key,
        base_url=account.base_url if own.base_url is None else own.base_url,
        region=account.region if own.region is None else own.region,
        settings=account.settings | own.settings,
    )


def _price(own: Deployment, facts: ProviderFacts, usual: PriceFacts | None) -> PriceFacts | None:
    price = usual if own.price is None else price_facts(own.price)
    return billed_by_channel(price) if facts.channels_option is not None and own.options.get(facts.channels_option) else price


def _settings(own: Deployment, facts: ProviderFacts) -> tuple[tuple[str, str], ...]:
    """What the deployment says, in the order of the provider's table, and the provider's own defaults for the rest."""
    said = {setting.name: own.settings.get(setting.name, setting.default) for setting in facts.settings}
    return tuple((name, value) for name, value in said.items() if value is not None)


def _credential(name: str, own: Deployment, api_key: str | None) -> str:
    """What two deployments share when the same key opens both: it is refused for both at once."""
    if api_key is None:
        return name
    return " ".join(part for part in (own.provider, api_key, own.base_url) if part is not None)
