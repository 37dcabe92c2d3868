"""The variables that a deployment reads though the config does not name them: those of its provider.

A key that stands in the config gets a variable. Were that one that another deployment reads by itself, the key would be sent to
somebody whom its entry does not name.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.language.spec import Deployment
from voxplan.io_shell.litellm.providers import PREFIXES, Kin
from voxplan.io_shell.references import missing_references

__all__ = ("OF_ALL_PROVIDERS", "read_by")


def read_by(deployments: Iterable[Deployment]) -> Iterator[str]:
    """Every variable that one of them reads, named in it or not."""
    for each in deployments:
        facts = CATALOG[each.provider or ""]
        settings = {**{setting.name: setting.default for setting in facts.settings}, **each.settings}
        yield from _named_in((each.api_key or facts.default_key, each.base_url, *settings.values()))


def _of(kin: Kin) -> Iterator[str]:
    facts = CATALOG[kin.provider]
    return _named_in((kin.api_key, kin.base_url, facts.default_key, *(setting.default for setting in facts.settings)))


def _named_in(texts: Iterable[str | None]) -> Iterator[str]:
    for text in texts:
        yield from missing_references(text or "", {})


OF_ALL_PROVIDERS: Final = frozenset(name for kin in PREFIXES.values() for name in _of(kin))
"""What any deployment could read that the config does not name."""
