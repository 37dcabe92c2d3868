"""One call as one form to ElevenLabs.

Sounds are not tagged unless the deployment wants it: `(laughter)` in the text is what no other provider writes.
"""

from collections.abc import Generator, Iterator
from typing import Final
from urllib.parse import urlencode

from returns.result import Failure, Success

from voxplan.adapters.audio.media import media_type
from voxplan.adapters.endpoints import endpoint
from voxplan.adapters.exchanging import address, answered, complete, unsent
from voxplan.adapters.languages import code_of
from voxplan.adapters.passing import pairs, text_of
from voxplan.adapters.providers.elevenlabs.answer import decode
from voxplan.adapters.providers.elevenlabs.facts import FACTS
from voxplan.adapters.refusals.failures import Rule
from voxplan.adapters.wire import Call, Got, Header, HttpRequest, Multipart, Secret, Want
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import needs_speakers
from voxplan.engine.terms.transcript import Transcript

__all__ = ("BASE_URL", "FAILURES", "exchange")

# Also api.us., api.eu.residency., api.in.residency. and api.sg.residency.elevenlabs.io, as a deployment's `base_url`.
BASE_URL: Final = "https://api.elevenlabs.io"
_PATH: Final = "/v1/speech-to-text"

FAILURES: Final[tuple[Rule, ...]] = (
    # A key that may not do this is, for this call, a wrong key; both come under 401.
    Rule("unauthorized", statuses=(401, 403), codes=("missing_permissions", "needs_authorization")),
    Rule("rate_limited", statuses=(429,), codes=("too_many_concurrent_requests",)),
    Rule("overloaded", statuses=(429,), codes=("system_busy",)),
    Rule("not_found", statuses=(400, 404, 422), codes=("invalid_model_id", "model_not_found", "unsupported_model")),
    Rule("too_large", statuses=(400, 422), markers=("too large", "too long", "size exceed", "exceeds the maximum")),
)

# Fields of the query, and fields whose lists are one JSON text.
_IN_QUERY: Final = frozenset({"enable_logging"})
_AS_JSON: Final = frozenset({"additional_formats", "entity_detection", "entity_redaction"})


def exchange(call: Call) -> Generator[Want, Got, Success[Transcript] | Failure[AttemptFailure]]:
    """Post the audio once and decode the answer."""
    base = address(call, BASE_URL)
    if isinstance(base, AttemptFailure):
        return Failure(base)
    impossible = _impossible(call)
    if impossible is not None:
        return Failure(unsent("unsupported", impossible))
    response = answered((yield _request(call, base)), FAILURES)
    if isinstance(response, AttemptFailure):
        return Failure(response)
    transcript = decode(response, call.options.language)
    if isinstance(transcript, AttemptFailure):
        return Failure(transcript)
    return complete(transcript, call.options, response.status)


def _request(call: Call, base: str) -> HttpRequest:
    key = (Header("xi-api-key", Secret()),) if call.has_key else ()
    query = urlencode([(name, text_of(value)) for name, value in call.extra if name in _IN_QUERY])
    return HttpRequest(
        method="POST",
        url=endpoint(base, _PATH) + (f"?{query}" if query else ""),
        headers=(Header("accept", "application/json"), *key),
        body=Multipart(
            fields=tuple(_fields(call)),
            file_field="file",
            filename=call.filename,
            content_type=media_type(call.filename),
        ),
    )


def _fields(call: Call) -> Iterator[tuple[str, str]]:
    """The text fields, model first; a field of the deployment takes the place of a default."""
    options, extra = call.options, dict(call.extra)
    yield "model_id", call.model
    if options.language is not None:
        yield "language_code", code_of(options.language) or options.language
    yield "timestamps_granularity", "word"
    if "tag_audio_events" not in extra:
        yield "tag_audio_events", "false"
    if needs_speakers(options):
        yield "diarize", "true"
    if options.temperature is not None:
        yield "temperature", text_of(options.temperature)
    yield from (("keyterms", keyword) for keyword in options.keywords)
    for name, value in call.extra:
        if name in _AS_JSON:
            yield name, text_of(value)
        elif name not in _IN_QUERY:
            yield from pairs(name, value)


def _impossible(call: Call) -> str | None:
    """What is asked and cannot be sent, or None: nothing is dropped silently (law C2)."""
    options = call.options
    asked = (
        (bool(options.languages) and options.language is None, "takes no list of languages that may be spoken"),
        (options.prompt is not None, "takes no prompt"),
        (bool(options.keywords) and not FACTS.capabilities(call.model).keywords, "takes no keywords"),
        (bool(options.known_speakers), "recognises no speakers by their voice"),
        (options.translate, "does not translate into English"),
        (options.logprobs, "gives no log probabilities of tokens"),
        (options.chunking_strategy is not None, "takes no chunking strategy"),
        (options.stream, "does not stream"),
    )
    return next((f"the model {cannot}" for is_asked, cannot in asked if is_asked), None)
