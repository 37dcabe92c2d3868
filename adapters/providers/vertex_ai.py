"""Google Cloud: Gemini models by generateContent, all others by Speech-to-Text v2.

Where a call goes follows from its location: a region, the multi-regions `us` and `eu`, or `global`. Where the deployment names
none, Gemini models are looked for globally, which is the only place of the dedicated one, and recognisers where they are served
first: chirp_3 in `us`, the older chirps in `us-central1`, the rest globally. Without a key the call is authorised by a token of
Google's; with one, it goes to Gemini in express mode, which knows neither projects nor locations.
"""

import re
from collections.abc import Generator
from typing import Final, NamedTuple
from urllib.parse import quote

from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.adapters.audio.media import media_type
from voxplan.adapters.endpoints import endpoint
from voxplan.adapters.exchanging import address, misused, unsent
from voxplan.adapters.google.asking import dictation, is_dedicated, is_live, model_name, undoable
from voxplan.adapters.google.bodies import HOLE, hollow
from voxplan.adapters.google.facts import DEDICATED, LIVE, PROMPTED
from voxplan.adapters.google.failures import FAILURES
from voxplan.adapters.google.generating import dictated, generate, instructed, method_of
from voxplan.adapters.google.speech import MODELS, OTHERWISE, recognise, recognition, usual_location
from voxplan.adapters.wire import Body, Call, Got, Granted, Header, Secret, Token, Want
from voxplan.engine.terms.capability import PriceFacts, ProviderFacts, Setting, TokenPrices
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Transcript

__all__ = ("FACTS", "FAILURES", "exchange")

_GLOBAL: Final = "global"
_MULTI_REGIONS: Final = frozenset({"us", "eu"})
_LOCATION: Final = re.compile(r"[a-z][a-z0-9-]{1,30}")
_PROJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,62}")

_CONTAINERS: Final = ("wav", "flac", "ogg", "mp3", "m4a", "mp4", "webm", "aac", "mpeg")
_MEDIA_TYPES: Final = {"audio/mpeg": "audio/mp3", "audio/aac": "audio/x-aac"}  # the names of the documentation

# $2 for a million tokens of audio, $12 for a million of text: 25 a second were heard, and 62 written for 17.6 s.
_PRICE: Final = PriceFacts(
    per_minute=5_500_000,
    tokens=TokenPrices(audio_in=2_000_000_000, text_in=2_000_000_000, out=12_000_000_000),
    source="cloud.google.com/gemini-enterprise-agent-platform/generative-ai/pricing, November 2026",
)

_DEDICATED: Final = replace(DEDICATED, containers=_CONTAINERS)
_PROMPTED: Final = replace(
    PROMPTED,
    containers=_CONTAINERS,
    max_seconds=30_240.0,  # "approximately 8.4 hours"
    source="docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/audio-understanding, answers recorded from the service",
)

FACTS: Final = ProviderFacts(
    provider="vertex_ai",
    vendor="google",
    needs_key=False,
    models=(
        ("gemini-3.5-transcribe", replace(_DEDICATED, price=_PRICE)),
        ("gemini-3.5-transcribe-preview", replace(_DEDICATED, price=_PRICE)),
        *MODELS,
    ),
    families=(("-live", LIVE), ("transcribe", _DEDICATED), ("gemini", _PROMPTED)),
    otherwise=OTHERWISE,
    settings=(
        Setting(
            name="project",
            meaning="the project that is called; without it, that of the credentials",
            default="${GOOGLE_CLOUD_PROJECT}",
        ),
        Setting(
            name="location",
            meaning="a region such as `europe-west4`, a multi-region (`us`, `eu`), or `global`; else the model's usual one",
        ),
        Setting(
            name="credentials",
            meaning="the path of a credentials file, or its JSON; without it, the application default credentials",
            secret=True,
            default="${GOOGLE_APPLICATION_CREDENTIALS}",
        ),
        Setting(
            name="quota_project",
            meaning="the project that quota is counted for and that is billed, where it is another one",
            default="${GOOGLE_CLOUD_QUOTA_PROJECT}",
        ),
    ),
    owned=("contents", "content", "uri", "stream"),
)

_Ended = Success[Transcript] | Failure[AttemptFailure]


class _Request(NamedTuple):
    """What is to be sent, whoever asks."""

    body: Body
    speech: bool


def exchange(call: Call) -> Generator[Want, Got, _Ended]:
    """One transcription."""
    request = _request(call)
    if isinstance(request, AttemptFailure):
        return Failure(request)
    if call.has_key:
        return (yield from _sent(call, request, _express(call, request), (Header("x-goog-api-key", Secret()),)))
    granted = yield Token(kind="google")
    if not isinstance(granted, Granted):
        return Failure(misused(granted, "Granted"))
    billed = call.setting("quota_project") or granted.quota_project
    quota = () if billed is None else (Header("x-goog-user-project", billed),)
    return (
        yield from _sent(call, request, _placed(call, request, granted), (Header("authorization", Secret("Bearer ")), *quota))
    )


def _sent(call: Call, request: _Request, url: str | AttemptFailure, headers: tuple[Header, ...]) -> Generator[Want, Got, _Ended]:
    if isinstance(url, AttemptFailure):
        return Failure(url)
    exchanged = recognise if request.speech else generate
    return (yield from exchanged(call, url, (*headers, Header("accept", "*/*")), request.body))


def _request(call: Call) -> _Request | AttemptFailure:
    """The body that the model wants."""
    if is_live(call.model):
        return unsent("not_found", "the model is spoken to over WebSockets only")
    refused = undoable(call, FACTS.capabilities(call.model))
    if refused is not None:
        return refused
    if "gemini" not in call.model.lower():
        body = recognition(call)
        return body if isinstance(body, AttemptFailure) else _Request(body, speech=True)
    named = media_type(call.filename)
    audio = {"inlineData": {"mimeType": _MEDIA_TYPES.get(named, named), "data": HOLE}}
    if not is_dedicated(call.model):
        return _Request(hollow(instructed(call, audio)), speech=False)
    asked = dictation(call, "generationConfig", "audioTranscriptionConfig", "mode")
    return asked if isinstance(asked, AttemptFailure) else _Request(hollow(dictated(call, audio, asked)), speech=False)


def _express(call: Call, request: _Request) -> str | AttemptFailure:
    """By key: one address for all, so that nobody's wish for a place is passed over."""
    if request.speech:
        return unsent("unauthorized", "Speech-to-Text takes no key: the deployment has to leave out its `api_key`")
    if call.setting("location") not in {None, _GLOBAL}:
        return unsent("not_found", "with an `api_key` there is no `location` but `global`")
    base = address(call, _host(_GLOBAL))
    return base if isinstance(base, AttemptFailure) else endpoint(base, f"/v1/{_model(call)}")


def _placed(call: Call, request: _Request, granted: Granted) -> str | AttemptFailure:
    """By token: project and location are parts of the address."""
    project = call.setting("project") or granted.project
    if project is None:
        return unsent("not_found", "no project: neither the setting `project` nor the credentials name one")
    location = call.setting("location") or (usual_location(call.model) if request.speech else _GLOBAL)
    if not _PROJECT.fullmatch(project) or not _LOCATION.fullmatch(location):
        return unsent("not_found", "the deployment's `project` or `location` can be none of Google's")
    base = address(call, _speech_host(location) if request.speech else _host(location))
    if isinstance(base, AttemptFailure):
        return base
    place = f"projects/{project}/locations/{location}"
    return endpoint(base, f"/v2/{place}/recognizers/_:recognize" if request.speech else f"/v1/{place}/{_model(call)}")


def _model(call: Call) -> str:
    return f"publishers/google/models/{quote(model_name(call.model), safe='')}:{method_of(call)}"


def _host(location: str) -> str:
    if location == _GLOBAL:
        return "https://aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


def _speech_host(location: str) -> str:
    return "https://speech.googleapis.com" if location == _GLOBAL else f"https://{location}-speech.googleapis.com"
