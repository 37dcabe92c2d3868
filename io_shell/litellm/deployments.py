"""One entry of `model_list` as a deployment, with what its group wants to know of it."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.documents import tree
from voxplan.engine.documents.tree import Node, Place
from voxplan.engine.language.addresses import address_problem
from voxplan.engine.language.spec import CoolingRules, Deployment, Limits, PassedOption
from voxplan.engine.terms.quantity import MAX_BASE_MS, Span
from voxplan.engine.terms.spelling import quoted
from voxplan.io_shell.litellm.cooling import NOTHING_SAID, cooling_rules, said_by_one
from voxplan.io_shell.litellm.known_keys import INFO_KEYS, NOT_HERE, NOT_TOKENS, PARAM_KEYS
from voxplan.io_shell.litellm.passing_on import json_text, pass_on
from voxplan.io_shell.litellm.prices import known_price, price, tell_lost_price
from voxplan.io_shell.litellm.providers import Target, is_name, settings_of, target, transcribes
from voxplan.io_shell.litellm.remarks import Remark, Remarks, Use
from voxplan.io_shell.litellm.sections import Section, by_reference, not_filled_in
from voxplan.io_shell.litellm.surroundings import Surroundings
from voxplan.io_shell.litellm.unset import tell_unset
from voxplan.io_shell.litellm.variables import Variables

__all__ = ("Member", "member", "span")

_MODES: Final = frozenset({"audio_transcription", "transcription"})
_LEAST_WEIGHT: Final = 1e-9
_MOST_WEIGHT: Final = 1e9
_DEPLOYMENTS: Final = "/openai/deployments"
_API_VERSION: Final = re.compile(r"(?:^|&)api-version=([^&]+)")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment of a group; `wanted_name` is what it would be called if nothing else were.

    In an entry for any model (`openai/*`), group and model have a star where the name goes; `any_provider`: that is all of it,
    and each name says its provider too.
    """

    group: str
    place: Place
    wanted_name: str
    prefix: str
    provider: str
    deployment: Deployment
    is_named: bool = False
    any_provider: bool = False
    weight: float | None = None
    rpm: float | None = None
    tpm: float | None = None
    order: float | None = None
    timeout: Span | None = None
    retries: int | None = None
    drops: bool = False
    remarks: tuple[Remark, ...] = ()


def member(node: Node, around: Surroundings, remarks: Remarks) -> Member | None:
    """The deployment of one entry; None when it is left out, which has been told then."""
    notes = Remarks()
    if not isinstance(node, tree.Mapping):
        remarks.warn(node.place, "an entry of `model_list` is no mapping: it is left out")
        return None
    entry = Section(node, "model_list", node.place, notes)
    params = Section(
        _with_credential(entry.take("litellm_params"), around, notes), "litellm_params", entry.at("litellm_params"), notes
    )
    info = entry.inner("model_info")
    made = _made(entry, params, info, around)
    if isinstance(made, str):
        remarks.found.extend(notes.found)
        remarks.warn(entry.place, f"{quoted(entry.text('model_name') or 'an entry without a name')} is left out: {made}")
        return None
    entry.tell_left({}, ("model_name", "litellm_params", "model_info"))
    return msgspec.structs.replace(made, place=entry.place, remarks=tuple(notes.found))


def span(seconds: float | None, section: Section, key: str) -> Span | None:
    """A time limit; None for none, and for one that cannot be."""
    if seconds is None:
        return None
    if not 0 < seconds <= MAX_BASE_MS // 1000:
        section.warn(key, f"`{key}` is more than 0 and at most 1000 hours here: not carried over")
        return None
    return Span(max(1, round(seconds * 1000)))


def _with_credential(node: Node | None, around: Surroundings, notes: Remarks) -> Node | None:
    """The parameters with those of the credential that they name, which count where they say nothing themselves."""
    if not isinstance(node, tree.Mapping):
        return node
    named = Section(node, "litellm_params", node.place, notes).text("litellm_credential_name")
    if named is None:
        return node
    found = around.credentials.get(named)
    if found is None:
        place = next(each.place for each in node.entries if each.key == "litellm_credential_name")
        notes.warn(place, f"no credential in `credential_list` is called {quoted(named)}")
        return node
    said = {entry.key for entry in node.entries}
    return tree.Mapping((*node.entries, *(entry for entry in found.entries if entry.key not in said)), node.place)


def _made(entry: Section, params: Section, info: Section, around: Surroundings) -> Member | str:
    """The member, or why there is none."""
    group, model = entry.text("model_name"), params.text("model")
    if group is None or model is None:
        return f"it has no `{'model_name' if group is None else 'litellm_params.model'}`"
    base_url = _address(params)
    if problem := _unusable(model, info, around.use):
        return problem
    led = target(model, params.text("custom_llm_provider"), base_url and around.resolved(base_url))
    if isinstance(led, str):
        return (
            f"nothing is known of provider {quoted(led)}; a server that speaks OpenAI's API can be added as `openai_compatible`"
        )
    address = base_url or led.kin.base_url
    problem = _unfit(led, address, info, params) or _unset(address, around)
    return problem or _member(group, led, address, (params, info, around))


def _unusable(model: str, info: Section, use: Use) -> str | None:
    """Why nothing can be made of the entry, whoever the provider is."""
    if info.flag("blocked"):
        return "it is blocked"
    if by_reference(model) is not None:
        return f"it has no `model`: {not_filled_in(model, use)}"
    mode = info.text("mode")
    return None if mode is None or mode in _MODES else f"its mode is {quoted(mode)}, and voxplan only transcribes"


def _unset(address: str | None, around: Surroundings) -> str | None:
    """Why the server that this is for could not find the address."""
    missing = around.missing(address or "")
    return f"its `api_base` needs the environment variable `{missing[0]}`, which is not set" if missing else None


def _unfit(led: Target, address: str | None, info: Section, params: Section) -> str | None:
    """Why the model is none that transcribes, or cannot be reached."""
    if address is None and CATALOG[led.kin.provider].needs_base_url:
        return "it has no `api_base`"
    problem = address_problem(address.partition("?")[0]) if address is not None else None
    if problem:
        return f"at its `api_base`, {problem}"
    if not is_name(led.model):
        return f"{quoted(led.model)} is no name of a model"
    if info.text("mode") is not None or "*" in led.model or transcribes(led.kin.provider, led.model, _base_model(params, info)):
        return None
    return f"{quoted(led.model)} does not look like a model that transcribes; `model_info: {{mode: audio_transcription}}` says so"


def _member(group: str, led: Target, address: str | None, said: tuple[Section, Section, Surroundings]) -> Member:
    params, info, around = said
    provider, identity = led.kin.provider, info.text("id")
    rate = {key: params.number(key) for key in ("weight", "rpm", "tpm")}
    settings = _settings(led, params, info, around.variables)
    base_url, version = _split(address, params, provider)
    if version is not None and provider == "azure":
        settings.setdefault("api_version", version)
    deployment = Deployment(
        provider=provider,
        model=led.model,
        api_key=_key(led, params, settings, around.variables),
        base_url=base_url,
        region=params.plain("region_name"),
        tags=tuple(dict.fromkeys((*params.texts("tags"), *info.texts("tags")))),
        limits=_limits(rate["rpm"], params, around),
        cooling=_cooling(params, info, around),
        price=price(params, info, known_price(provider, led.model, settings)),
        settings=settings,
    )
    if deployment.price is None and address is not None:
        tell_lost_price(led, around.resolved(address), params)
    made = Member(
        group=group,
        place=params.place,
        wanted_name=identity or f"{led.prefix}-{led.model.rpartition('/')[2]}",
        prefix=led.prefix,
        provider=provider,
        deployment=deployment,
        is_named=identity is not None,
        any_provider=params.text("model") == "*" and params.text("custom_llm_provider") is None and address is None,
        weight=_weight(rate["weight"], params),
        rpm=rate["rpm"],
        tpm=rate["tpm"],
        order=_said_first("order", params, info),
        timeout=span(params.number("timeout"), params, "timeout"),
        retries=_retries(params),
        drops=params.flag("drop_params") or False,
    )
    tell_unset(deployment, params, around, any_provider=made.any_provider)
    if led.is_guess:
        params.warn("model", f"{quoted(led.model)} has no prefix that says whose it is: taken for a model of `{provider}`")
    for key in ("litellm_credential_name", "model", "api_key", "api_base", "base_url"):
        params.take(key)
    info.tell_left(INFO_KEYS)
    options = _options(provider, params)
    return msgspec.structs.replace(made, deployment=msgspec.structs.replace(deployment, options=options))


def _said_first(key: str, params: Section, info: Section) -> float | None:
    """A number that may stand in both; the parameters count before `model_info`."""
    said = params.number(key), info.number(key)
    if None not in said and said[0] != said[1]:
        info.warn(key, f"`{key}` is not carried over: `litellm_params` has another, which LiteLLM takes")
    return said[1] if said[0] is None else said[0]


def _base_model(params: Section, info: Section) -> str | None:
    return info.plain("base_model") or params.plain("base_model")


def _address(params: Section) -> str | None:
    """`api_base` or `base_url`, which mean the same; a reference as ours."""
    found = [params.text(key) for key in ("api_base", "base_url")]
    url = found[0] or found[1]
    name = by_reference(url) if url is not None else None
    return url.rstrip("/") if url is not None and name is None else f"${{{name}}}" if name is not None else None


def _split(address: str | None, params: Section, provider: str) -> tuple[str | None, str | None]:
    """The address without its query, and the `api-version` that stood in that."""
    if address is None:
        return None, None
    base, _, query = address.partition("?")
    version = _API_VERSION.search(query)
    if query and (version is None or query.count("=") > 1):
        params.warn("api_base", "an address has no query here: it is not carried over")
    resource, deployment, _ = base.partition(_DEPLOYMENTS)
    if provider == "azure" and deployment:
        params.warn("api_base", f"`{_DEPLOYMENTS}` and what follows is not carried over: it is made of `model`")
        base = resource
    return base, version[1] if version else None


def _key(led: Target, params: Section, settings: Mapping[str, str], variables: Variables) -> str | None:
    provider = led.kin.provider
    if (key := params.text("api_key")) is not None:
        usual = "openai_compatible" if provider == "openai_compatible" and led.prefix == "openai" else led.prefix
        return _secret(key, params, "api_key", f"{usual}_API_KEY", variables)
    if provider == "openai_compatible" and led.prefix == "openai":
        params.warn("api_base", "there is no `api_key`, so none is sent; LiteLLM would send `OPENAI_API_KEY` to this address")
        return None
    has_entra = bool({"ad_token", "client_secret"} & settings.keys())
    return None if provider == "azure" and has_entra else led.kin.api_key


def _secret(value: str, params: Section, key: str, wanted: str, variables: Variables) -> str:
    """A reference to the secret; one that stands in the config gets a variable."""
    name = by_reference(value)
    if name:
        return f"${{{name}}}"
    name = variables.named(value, wanted)
    params.warn(key, f"`{key}` stands in the file, and never in a spec: set the environment variable `{name}` to it", "import")
    return f"${{{name}}}"


def _settings(led: Target, params: Section, info: Section, variables: Variables) -> dict[str, str]:
    provider, settings = led.kin.provider, dict[str, str]()
    secret = {setting.name for setting in CATALOG[provider].settings if setting.secret}
    for key, name in settings_of(provider).items():
        node = params.take(key)
        value = json_text(node) if isinstance(node, tree.Mapping) else params.text(key)
        if value is None:
            continue
        variable = by_reference(value)
        if name in secret:
            settings[name] = _secret(value, params, key, f"{led.prefix}_{name}", variables)
        elif variable:
            settings[name] = f"${{{variable}}}"
        elif "${" in value or not value.isprintable():
            params.warn(key, f"`{key}` holds what a setting cannot hold here, and is not carried over")
        else:
            settings[name] = value
    base_model = _base_model(params, info)
    if base_model is not None and provider == "azure":
        settings["base_model"] = base_model.rpartition("/")[2] or base_model
    elif base_model is not None:
        where = info if info.text("base_model") else params
        where.warn("base_model", "`base_model` is a setting of `azure` alone: elsewhere the model's own name says what it can do")
    return settings


def _limits(rpm: float | None, params: Section, around: Surroundings) -> Limits | None:
    """What may be asked of it: a limit here, for LiteLLM mostly a weight."""
    if params.take("tpm") is not None:
        params.warn("tpm", f"`tpm` is not carried over as a limit: {NOT_TOKENS}")
    if rpm is not None and not around.enforced:
        params.warn(
            "rpm", "`rpm` is a limit here; LiteLLM only weighs by it, unless the strategy or a pre-call check counts calls"
        )
    per_minute = None if rpm is None else params.whole("rpm", 1, 10**9)
    concurrent = params.whole("max_parallel_requests", 1, 10**9) or around.concurrent
    if per_minute is None and concurrent is None:
        return None
    return Limits(requests_per_minute=per_minute, concurrent=concurrent)


def _cooling(params: Section, info: Section, around: Surroundings) -> CoolingRules | None:
    """Its own rules, if it says anything."""
    said = said_by_one(params, info)
    return None if said == NOTHING_SAID or around.cooling.never else cooling_rules(said.over(around.cooling))


def _weight(weight: float | None, params: Section) -> float | None:
    if weight is None or weight == 0 or _LEAST_WEIGHT <= weight <= _MOST_WEIGHT:
        return weight
    params.warn("weight", "`weight` is 0, or from a billionth to a billion here: not carried over")
    return None


def _retries(params: Section) -> int | None:
    """How often the deployment itself is tried again."""
    found = [params.whole(key, 0, 100) for key in ("num_retries", "max_retries")]
    if None not in found and found[0] != found[1]:
        params.warn("max_retries", "`max_retries` is not carried over: there is another `num_retries`")
    return found[0] if found[0] is not None else found[1]


def _options(provider: str, params: Section) -> dict[str, PassedOption]:
    """Parameters of the provider's own, which LiteLLM passes on too."""
    options = dict[str, PassedOption]()
    extra = params.inner("extra_body")
    for section in (extra, params):
        for entry in list(section.left()):
            if section is params and (entry.key in PARAM_KEYS or entry.key in NOT_HERE):
                continue
            passed = pass_on(entry, provider, is_guessed=section is params)
            if isinstance(passed, str):
                section.warn(entry.key, passed)
            else:
                options[entry.key] = passed.value
                if section is params:
                    section.warn(
                        entry.key, f"{quoted(entry.key)} is no parameter of LiteLLM's: passed on to the provider as it stands"
                    )
            section.take(entry.key)
    for entry in list(params.left()):
        why = PARAM_KEYS.get(entry.key) or f"it means nothing to provider `{provider}`"
        params.warn(entry.key, f"`{entry.key}` is not carried over: {why}")
    return options
