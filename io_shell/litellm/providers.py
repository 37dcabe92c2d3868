"""What stands before the slash of a model in LiteLLM, as a provider of ours; and which models transcribe at all."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from voxplan.adapters.catalog import CATALOG

__all__ = ("PREFIXES", "Kin", "Target", "is_name", "settings_of", "target", "transcribes")


class Kin(msgspec.Struct, frozen=True):
    """A provider of ours, with the address and the key that LiteLLM takes where the config says none."""

    provider: str
    base_url: str | None = None
    api_key: str | None = None


class Target(msgspec.Struct, frozen=True):
    """Where an entry of `model_list` leads; `prefix` is LiteLLM's own name of the provider, which may be a guess."""

    prefix: str
    kin: Kin
    model: str
    is_guess: bool = False


PREFIXES: Final[Mapping[str, Kin]] = {
    "assemblyai": Kin("assemblyai"),
    "azure": Kin("azure", "${AZURE_API_BASE}", "${AZURE_API_KEY}"),
    "azure_ai": Kin("azure", "${AZURE_AI_API_BASE}", "${AZURE_AI_API_KEY}"),
    "custom_openai": Kin("openai_compatible"),
    "deepgram": Kin("deepgram"),
    "deepinfra": Kin("openai_compatible", "https://api.deepinfra.com/v1/openai", "${DEEPINFRA_API_KEY}"),
    "elevenlabs": Kin("elevenlabs"),
    "fireworks_ai": Kin("fireworks_ai"),
    "gemini": Kin("gemini"),
    "groq": Kin("groq"),
    "hosted_vllm": Kin("openai_compatible", "${HOSTED_VLLM_API_BASE}"),
    "litellm_proxy": Kin("openai_compatible", "${LITELLM_PROXY_API_BASE}", "${LITELLM_PROXY_API_KEY}"),
    "llamafile": Kin("openai_compatible", "${LLAMAFILE_API_BASE}"),
    "lm_studio": Kin("openai_compatible", "${LM_STUDIO_API_BASE}"),
    "mistral": Kin("mistral"),
    "openai": Kin("openai"),
    "openai_like": Kin("openai_compatible", "${OPENAI_LIKE_API_BASE}"),
    "ovhcloud": Kin("ovhcloud", None, "${OVHCLOUD_API_KEY}"),
    "scaleway": Kin("openai_compatible", "https://api.scaleway.ai/v1", "${SCW_SECRET_KEY}"),
    "vertex_ai": Kin("vertex_ai"),
    "vertex_ai_beta": Kin("vertex_ai"),
    "vllm": Kin("openai_compatible", "${HOSTED_VLLM_API_BASE}"),
    "xinference": Kin("openai_compatible", "${XINFERENCE_API_BASE}"),
}

_COMPATIBLE: Final = Kin("openai_compatible")
_OPENAI_HOST: Final = re.compile(r"(?:.*\.)?api\.openai\.com")
_OTHER_TASKS: Final = re.compile(r"realtime|-live|(?<![a-z])tts(?![a-z])")
_TRANSCRIBING: Final = re.compile(
    r"whisper|large-v[23]|transcri|voxtral|chirp|scribe|parakeet|canary-|moonshine|sensevoice|(?<![a-z])(?:asr|stt)(?![a-z])"
)
_ONLY_SPEECH: Final = frozenset({"assemblyai", "deepgram"})

_SETTINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "openai": {"organization": "organization"},
    "azure": {
        "api_version": "api_version",
        "azure_ad_token": "ad_token",
        "tenant_id": "tenant_id",
        "client_id": "client_id",
        "client_secret": "client_secret",
    },
    "vertex_ai": {"vertex_project": "project", "vertex_location": "location", "vertex_credentials": "credentials"},
}


def settings_of(provider: str) -> Mapping[str, str]:
    """LiteLLM's parameters that are settings of the provider here, with the names of those."""
    return _SETTINGS.get(provider, {})


def target(model: str, provider: str | None, base_url: str | None) -> Target | str:
    """Where `model` leads with this `custom_llm_provider` and address; else the provider that is not known here.

    >>> target("groq/whisper-large-v3", None, None).kin.provider, target("whisper-1", None, None).kin.provider
    ('groq', 'openai')
    >>> target("soniox/stt-async-v4", None, None)
    'soniox'
    """
    prefix, slash, rest = model.partition("/")
    if provider in PREFIXES and not (slash and prefix in PREFIXES):
        prefix, rest = provider or "", model
    elif not slash:
        prefix, rest = "openai", model
    kin = PREFIXES.get(prefix)
    if kin is None or (kin.provider == "azure" and rest.startswith("speech/")):
        return prefix if kin is None else f"{prefix}/speech"
    if kin.provider == "openai" and base_url is not None and not _is_openai(base_url):
        kin = _COMPATIBLE
    is_guess = not slash and provider not in PREFIXES and "*" not in model and model not in dict(CATALOG["openai"].models)
    return Target(prefix, kin, rest, is_guess)


def is_name(model: str) -> bool:
    """Whether a model can be called so."""
    return bool(model) and model == model.strip() and model.isprintable()


def transcribes(provider: str, model: str, base_model: str | None) -> bool:
    """Whether a model of which the config does not say what it is for is one that transcribes."""
    name = f"{model} {base_model or ''}".lower()
    if _OTHER_TASKS.search(name):
        return False
    return provider in _ONLY_SPEECH or model in dict(CATALOG[provider].models) or _TRANSCRIBING.search(name) is not None


def _is_openai(base_url: str) -> bool:
    try:
        return _OPENAI_HOST.fullmatch(urlsplit(base_url).hostname or "") is not None
    except ValueError:
        return False
