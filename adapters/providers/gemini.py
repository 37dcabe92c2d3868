"""Google AI Studio: the dedicated model by the Interactions API, the others told to transcribe by generateContent.

The audio goes along in base64 as long as the whole request stays within 20 MB. Beyond that it is uploaded to the Files API first
and deleted afterwards, whatever became of the transcript.
"""

from collections.abc import Generator
from typing import Final
from urllib.parse import quote

import msgspec
from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.adapters.audio.media import media_type
from voxplan.adapters.exchanging import address, unsent
from voxplan.adapters.google.asking import dictation, is_dedicated, is_live, model_name, undoable
from voxplan.adapters.google.bodies import HOLE, hollow
from voxplan.adapters.google.facts import DEDICATED, LIVE, PROMPTED
from voxplan.adapters.google.failures import FAILURES
from voxplan.adapters.google.files import File, delete, upload, wait
from voxplan.adapters.google.generating import generate, instructed, method_of
from voxplan.adapters.google.interactions import MODE, REVISION, interact, interaction
from voxplan.adapters.wire import Base64Body, Body, Call, Got, Header, Secret, Want
from voxplan.engine.terms.capability import PriceFacts, ProviderFacts, TokenPrices
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Transcript

__all__ = ("BASE_URL", "FACTS", "FAILURES", "INLINE_BYTES", "exchange")

BASE_URL: Final = "https://generativelanguage.googleapis.com"

INLINE_BYTES: Final = 20_000_000
"""The documented limit of a whole request, read as decimal: the smaller of its two readings is safe under both."""

_VERSION: Final = "/v1beta"

# docs: wav mp3 aiff aac ogg flac; the names are those of the documentation.
_CONTAINERS: Final = ("wav", "mp3", "aiff", "aac", "ogg", "flac")
_MEDIA_TYPES: Final = {"audio/mpeg": "audio/mp3"}

# $2 for a million tokens in, $12 out. 25 tokens for a second of audio, and no token out was ever counted.
_PRICE: Final = PriceFacts(
    per_minute=3_000_000,
    tokens=TokenPrices(audio_in=2_000_000_000, text_in=2_000_000_000, out=12_000_000_000),
    source="ai.google.dev/gemini-api/docs/pricing, November 2026",
)

_DEDICATED: Final = replace(DEDICATED, containers=_CONTAINERS)

FACTS: Final = ProviderFacts(
    provider="gemini",
    vendor="google",
    default_key="${GEMINI_API_KEY}",
    models=(("gemini-3.5-transcribe", replace(_DEDICATED, price=_PRICE)),),
    families=(("-live", LIVE), ("transcribe", _DEDICATED)),
    # 9.5 h for a prompt, at 32 tokens a second.
    otherwise=replace(PROMPTED, containers=_CONTAINERS, max_seconds=34_200.0),
    owned=("contents", "input", "model", "stream"),
)

_Ended = Success[Transcript] | Failure[AttemptFailure]


def exchange(call: Call) -> Generator[Want, Got, _Ended]:
    """One transcription: inline, or by way of an uploaded file."""
    given = address(call, BASE_URL)
    if isinstance(given, AttemptFailure):
        return Failure(given)
    base = given.removesuffix(_VERSION)
    inline = _request(call, {"mimeType": _content_type(call), "data": HOLE})
    if isinstance(inline, AttemptFailure):
        return Failure(inline)
    if _size(call, inline) <= INLINE_BYTES:
        return (yield from _transcribed(call, base, inline))
    return (yield from _by_file(call, base))


def _by_file(call: Call, base: str) -> Generator[Want, Got, _Ended]:
    """Upload, wait, transcribe, delete."""
    uploaded = yield from upload(call, base, _key(), _content_type(call))
    if isinstance(uploaded, AttemptFailure):
        return Failure(uploaded)
    ready = yield from wait(uploaded, f"{base}{_VERSION}", _key())
    ended: _Ended = Failure(ready) if isinstance(ready, AttemptFailure) else (yield from _of_file(call, base, ready))
    # Nothing that becomes of it changes how the call ends.
    yield delete(uploaded, f"{base}{_VERSION}", _key())
    return ended


def _of_file(call: Call, base: str, file: File) -> Generator[Want, Got, _Ended]:
    body = _request(call, {"mimeType": _content_type(call), "fileUri": file.uri})
    return Failure(body) if isinstance(body, AttemptFailure) else (yield from _transcribed(call, base, body))


def _transcribed(call: Call, base: str, body: Body) -> Generator[Want, Got, _Ended]:
    headers = (*_key(), Header("accept", "*/*"), *_typed(body))
    if is_dedicated(call.model):
        return (yield from interact(call, f"{base}{_VERSION}/interactions", (*headers, REVISION), body))
    url = f"{base}{_VERSION}/models/{quote(model_name(call.model), safe='')}:{method_of(call)}"
    return (yield from generate(call, url, headers, body))


def _request(call: Call, audio: dict[str, object]) -> Base64Body | bytes | AttemptFailure:
    """The body around audio that is here (`data`) or at Google's already (`fileUri`)."""
    if is_live(call.model):
        return unsent("not_found", "the model is spoken to over WebSockets only")
    refused = undoable(call, FACTS.capabilities(call.model))
    if refused is not None:
        return refused
    here = "data" in audio
    if not is_dedicated(call.model):
        body = instructed(call, {"inlineData" if here else "fileData": audio})
        return hollow(body) if here else msgspec.json.encode(body)
    asked = dictation(call, *MODE)
    if isinstance(asked, AttemptFailure):
        return asked
    place: dict[str, object] = {"data": HOLE} if here else {"uri": audio["fileUri"]}
    body = interaction(call, model_name(call.model), {**place, "mime_type": audio["mimeType"]}, asked)
    return hollow(body) if here else msgspec.json.encode(body)


def _size(call: Call, body: Body) -> int:
    """The bytes of the whole body, with the audio in it."""
    around = len(body.before) + len(body.after) if isinstance(body, Base64Body) else 0
    return around + 4 * -(-(call.size or call.audio.bytes or 0) // 3)


def _content_type(call: Call) -> str:
    named = media_type(call.filename)
    return _MEDIA_TYPES.get(named, named)


def _key() -> tuple[Header, ...]:
    return (Header("x-goog-api-key", Secret()),)


def _typed(body: Body) -> tuple[Header, ...]:
    """A body with a hole brings its own content type."""
    return (Header("content-type", "application/json"),) if isinstance(body, bytes) else ()
