"""What a deployment and its account say, held against what their provider needs."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

import msgspec

from voxplan.engine.checks.finding import Finding, error, warning
from voxplan.engine.documents.tree import Path
from voxplan.engine.language.spec import Account, Deployment, PassedOption, Price, Spec
from voxplan.engine.terms.capability import CAPABILITY_NAMES, Capabilities, ProviderFacts, offers
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.spelling import listed, quoted, suggestion

_Catalog = Mapping[str, ProviderFacts]

HORIZON: Final = timedelta(days=400)
"""Who has more time than this to move to another model needs no warning yet."""

# What some provider calls its key: nobody means an option by it.
_CREDENTIALS: Final = frozenset(
    {"api_key", "apikey", "authorization", "x_api_key", "xi_api_key", "x_goog_api_key", "access_token"}
)

_REFERENCE: Final = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


def check_accounts(spec: Spec, catalog: _Catalog) -> Iterator[Finding]:
    """Each account has a known provider, and only what that takes."""
    used = {deployment.account for deployment in spec.deployments.values()}
    for name, account in spec.accounts.items():
        yield from _provider(("accounts", name), account.provider, account, catalog)
        if name not in used:
            yield warning(("accounts", name), f"no deployment uses account `{name}`")


def check_deployments(spec: Spec, catalog: _Catalog, today: date | None) -> Iterator[Finding]:
    """Each deployment has a provider, of its own or by an account, and whatever that needs."""
    for name, deployment in spec.deployments.items():
        path: Path = ("deployments", name)
        if name in spec.routes:
            yield error(path, f"`{name}` names both a deployment and a route: give one of them another name")
        if deployment.price is not None:
            yield from _price((*path, "price"), deployment.price)
        account = None if deployment.account is None else spec.accounts.get(deployment.account)
        if deployment.account is not None and account is None:
            guess = suggestion(deployment.account, spec.accounts)
            yield error((*path, "account"), f"unknown account `{deployment.account}`{guess}")
        elif deployment.account is None and deployment.provider is None:
            yield error(path, f"deployment `{name}` needs a `provider` or an `account`")
        elif account is not None and deployment.provider not in (None, account.provider):
            message = f"provider `{deployment.provider}` is not that of account `{deployment.account}`, `{account.provider}`"
            yield error((*path, "provider"), message)
        else:
            yield from _deployment(path, deployment, account, catalog, today)


def _price(path: Path, price: Price) -> Iterator[Finding]:
    if price.per_minute is None and price.per_request is None:
        yield error(path, "a `price` needs `per_minute` or `per_request`; `0` is for free")
    for key, span in (("minimum", price.minimum), ("step", price.step)):
        if span is not None and span.depends_on_audio:
            yield error((*path, key), f"`{key}` is an amount of audio and cannot depend on `audio.seconds`")
    if price.step == Span(0):
        yield error((*path, "step"), "audio cannot be billed in steps of 0")


def _deployment(
    path: Path, deployment: Deployment, account: Account | None, catalog: _Catalog, today: date | None
) -> Iterator[Finding]:
    if account is None and deployment.provider is not None:
        yield from _provider(path, deployment.provider, deployment, catalog)
    facts = catalog.get(account.provider if account else deployment.provider or "")
    if facts is None:
        return
    has_url = deployment.base_url is not None or (account is not None and account.base_url is not None)
    has_key = deployment.api_key is not None or (account is not None and account.api_key is not None)
    if facts.needs_base_url and not has_url:
        yield error(path, f"provider `{facts.provider}` needs a `base_url`")
    if facts.needs_key and not has_key and facts.default_key is None:
        yield error(path, f"provider `{facts.provider}` needs an `api_key`")
    if deployment.model != deployment.model.strip() or not deployment.model.isprintable():
        yield error((*path, "model"), f"{quoted(deployment.model)} is no name of a model")
    said = (account.settings if account else {}) | deployment.settings
    yield from _settings((*path, "settings"), deployment.settings, facts)
    for setting in facts.settings:
        if setting.needed and setting.default is None and setting.name not in said:
            yield error(path, f"provider `{facts.provider}` needs the setting `{setting.name}`: {setting.meaning}")
    yield from _options((*path, "options"), deployment, facts)
    yield from _retirement((*path, "model"), facts.known_model(deployment.model, said), facts, today)


def _settings(path: Path, said: Mapping[str, str], facts: ProviderFacts) -> Iterator[Finding]:
    known = {setting.name: setting for setting in facts.settings}
    for name, value in said.items():
        setting = known.get(name)
        if setting is None:
            hint = suggestion(name, known) or (f" (it knows {listed(known)})" if known else " (it has none)")
            yield error((*path, name), f"unknown setting {quoted(name)} of provider `{facts.provider}`{hint}")
        elif setting.secret and not _REFERENCE.fullmatch(value):
            yield error((*path, name), f"`{name}` is a secret: expected a reference such as `${{NAME}}`")
        elif problem := _unsound(value):
            yield error((*path, name), f"`{name}` {problem}")


def _unsound(value: str) -> str:
    """What is wrong with a setting, whose content no message shows (law S5)."""
    if not value:
        return "is empty: leave it out, or give it a value"
    if not value.isprintable():
        return "holds control characters"
    return "holds a reference that is none: expected `${NAME}`" if "${" in _REFERENCE.sub("", value) else ""


def _options(path: Path, deployment: Deployment, facts: ProviderFacts) -> Iterator[Finding]:
    """Fields that voxplan sets itself come from the request; an option that nobody passes on would be lost without a word."""
    for name, value in deployment.options.items():
        if not name or not name.isprintable():
            yield error((*path, name), f"{quoted(name)} is no name of a request field")
        elif not facts.takes_options:
            yield error((*path, name), f"provider `{facts.provider}` has no options to pass on")
        elif name.removesuffix("[]") in facts.owned:
            yield error((*path, name), f"{quoted(name)} is set by voxplan from the request: it cannot stand in `options`")
        elif name.lower().replace("-", "_") in _CREDENTIALS:
            yield error((*path, name), f"{quoted(name)} is no option: a key stands at `api_key`, by reference")
        elif _refers(value):
            yield error((*path, name), "`options` are passed on as they stand: no reference is filled in here")


def _refers(value: PassedOption) -> bool:
    """Whether a reference stands somewhere in it."""
    return _REFERENCE.search(msgspec.json.encode(value).decode()) is not None


def _retirement(path: Path, model: str, facts: ProviderFacts, today: date | None) -> Iterator[Finding]:
    can = facts.capabilities(model)
    if can.retirement is None or (today is not None and date.fromisoformat(can.retirement.on) - today > HORIZON):
        return
    over = today is not None and date.fromisoformat(can.retirement.on) <= today
    message = f"model `{model}` {'was' if over else 'is'} switched off on {can.retirement.on}"
    if can.retirement.successor is not None:
        lost = _lost(can, facts.capabilities(can.retirement.successor))
        message += f"; its successor is `{can.retirement.successor}`" + (f", which {lost}" if lost else "")
    yield warning(path, message)


def _lost(can: Capabilities, successor: Capabilities) -> str:
    """What the successor cannot do that the model can."""
    missing = [name.replace("_", " ") for name in CAPABILITY_NAMES if offers(can, name) and not offers(successor, name)]
    return f"has no {', '.join(missing)}" if missing else ""


def _provider(path: Path, provider: str, entry: Account | Deployment, catalog: _Catalog) -> Iterator[Finding]:
    facts = catalog.get(provider)
    if facts is None:
        yield error((*path, "provider"), f"unknown provider `{provider}`{suggestion(provider, catalog)}")
        return
    if entry.api_key is not None and not facts.takes_key:
        yield error((*path, "api_key"), f"provider `{provider}` takes no `api_key`")
    if isinstance(entry, Account):
        yield from _settings((*path, "settings"), entry.settings, facts)
    if entry.base_url is not None and not facts.takes_base_url:
        yield error((*path, "base_url"), f"provider `{provider}` takes no `base_url`")
