"""What is known of providers, as JSON objects for programs. Every key is always there; what is not known is null."""

from collections.abc import Iterator

import msgspec

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.terms.capability import ProviderFacts
from voxplan.io_shell.cli.model_report import ModelReport, models_of

__all__ = ("ProviderReport", "SettingReport", "known_providers")


class SettingReport(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that deployments can say under `settings`; one that is `needed` has no `default`."""

    name: str
    meaning: str
    needed: bool
    secret: bool
    default: str | None


class ProviderReport(msgspec.Struct, frozen=True, kw_only=True):
    """One provider: what its deployments need, what they may pass on, and its models.

    `owned` are the request fields that cannot stand in `options`; `default_key` is where the key is looked for. With
    `channels_option` among the options every channel is billed; `model_setting` says which model a deployment has.
    """

    provider: str
    vendor: str | None
    takes_key: bool
    needs_key: bool
    default_key: str | None
    takes_base_url: bool
    needs_base_url: bool
    settings: tuple[SettingReport, ...]
    takes_options: bool
    owned: tuple[str, ...]
    channels_option: str | None
    model_setting: str | None
    models: tuple[ModelReport, ...]


def known_providers() -> Iterator[ProviderReport]:
    """All that there are, in the order of the catalogue."""
    yield from map(_report, CATALOG.values())


def _report(facts: ProviderFacts) -> ProviderReport:
    return ProviderReport(
        provider=facts.provider,
        vendor=facts.vendor,
        takes_key=facts.takes_key,
        needs_key=facts.needs_key,
        default_key=facts.default_key,
        takes_base_url=facts.takes_base_url,
        needs_base_url=facts.needs_base_url,
        settings=tuple(
            SettingReport(
                name=setting.name,
                meaning=setting.meaning,
                needed=setting.needed and setting.default is None,
                secret=setting.secret,
                default=setting.default,
            )
            for setting in facts.settings
        ),
        takes_options=facts.takes_options,
        owned=facts.owned,
        channels_option=facts.channels_option,
        model_setting=facts.model_setting,
        models=tuple(models_of(facts)),
    )
