"""What a deployment needs of the environment and does not find there.

It is kept, for it may come; an entry whose address is not set is left out before.
"""

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.language.spec import Deployment
from voxplan.engine.terms.spelling import quoted
from voxplan.io_shell.litellm.providers import PREFIXES, settings_of
from voxplan.io_shell.litellm.sections import Section
from voxplan.io_shell.litellm.surroundings import Surroundings

__all__ = ("tell_unset",)


def tell_unset(deployment: Deployment, params: Section, around: Surroundings, *, any_provider: bool) -> None:
    """A remark on each variable, where the config names it, or the entry that would have it by itself."""
    provider = deployment.provider or ""
    facts = CATALOG[provider]
    key = deployment.api_key or (facts.default_key if facts.needs_key else None)
    if any_provider and deployment.api_key is None:
        _tell_without_keys(params, around)
        return
    for variable in around.missing(key or ""):
        params.warn("api_key", f"its key needs the environment variable `{variable}`, which is not set: every call of it fails")
    for said, name in settings_of(provider).items():
        for variable in around.missing(deployment.settings.get(name, "")):
            params.warn(said, f"`{said}` needs the environment variable `{variable}`, which is not set")


def _tell_without_keys(params: Section, around: Surroundings) -> None:
    """An entry for the models of all providers: most people have the keys of some."""
    keys = {kin.provider: kin.api_key or CATALOG[kin.provider].default_key for kin in PREFIXES.values()}
    without = [name for name, key in keys.items() if not CATALOG[name].needs_base_url and around.missing(key or "")]
    if without:
        names = ", ".join(map(quoted, without))
        params.warn("model", f"the environment has no key for {names}: every call of their models fails")
