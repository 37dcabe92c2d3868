"""One call as one request to Deepgram: the audio with its own content type, and a query that says all the rest.

With no language Deepgram takes everything for English, so detection is asked for, save of a model that knows one language. Text
comes formatted, since without it there are no capitals and no stops. Utterances, which become segments, are asked for where times
are wanted.
"""

from collections.abc import Generator, Iterator
from typing import Final
from urllib.parse import quote, urlencode

from returns.result import Failure, Success

from voxplan.adapters.audio.media import media_type
from voxplan.adapters.endpoints import endpoint
from voxplan.adapters.exchanging import address, answered, complete, unsent
from voxplan.adapters.languages import code_of
from voxplan.adapters.passing import pairs
from voxplan.adapters.providers.deepgram.answer import decode
from voxplan.adapters.providers.deepgram.facts import FACTS, is_nova_3
from voxplan.adapters.refusals.failures import Rule
from voxplan.adapters.wire import Call, Got, Header, HttpRequest, RawBody, Secret, Want
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import Options, needs_speakers, needs_times
from voxplan.engine.terms.transcript import Transcript

__all__ = ("BASE_URL", "FAILURES", "exchange")

# Also api.eu., api.au. and api.in.deepgram.com, as a deployment's `base_url`.
BASE_URL: Final = "https://api.deepgram.com"
_PATH: Final = "/v1/listen"

# One sentence for an unknown model and for a language that the model does not know.
_NO_SUCH: Final = "no such model/language/tier combination"

FAILURES: Final[tuple[Rule, ...]] = (Rule("not_found", statuses=(400,), markers=(_NO_SUCH,)),)
_FAILURES_WITH_LANGUAGE: Final = (Rule("unsupported", statuses=(400,), markers=(_NO_SUCH,)), *FAILURES)

# Cantonese is a script of Chinese there, and one code stands for both ways to write Norwegian.
_TAGS: Final[dict[str, str]] = {"nb": "no", "nn": "no", "yue": "zh-HK"}


def exchange(call: Call) -> Generator[Want, Got, Success[Transcript] | Failure[AttemptFailure]]:
    """Post the audio once and decode the answer."""
    base = address(call, BASE_URL)
    if isinstance(base, AttemptFailure):
        return Failure(base)
    impossible = _impossible(call)
    if impossible is not None:
        return Failure(unsent("unsupported", impossible))
    response = answered((yield _request(call, base)), _FAILURES_WITH_LANGUAGE if call.options.language else FAILURES)
    if isinstance(response, AttemptFailure):
        return Failure(response)
    transcript = decode(response, _language(call))
    if isinstance(transcript, AttemptFailure):
        return Failure(transcript)
    return complete(transcript, call.options, response.status)


def _request(call: Call, base: str) -> HttpRequest:
    authorization = (Header("authorization", Secret("Token ")),) if call.has_key else ()
    return HttpRequest(
        method="POST",
        url=f"{endpoint(base, _PATH)}?{urlencode(_query(call), quote_via=quote)}",
        headers=(Header("accept", "application/json"), *authorization),
        body=RawBody(content_type=media_type(call.filename)),
    )


def _query(call: Call) -> list[tuple[str, str]]:
    """Model and options; a field of the deployment takes the place of a default, and lists repeat their name."""
    extra = dict(call.extra)
    found = [("model", call.model), *_languages(call), *_keywords(call)]
    if needs_speakers(call.options):
        found.append(("diarize_model", "latest"))
    found.extend((name, value) for name, value in _defaults(call.options) if name not in extra)
    found.extend(pair for name, value in call.extra for pair in pairs(name, value))
    return found


def _defaults(options: Options) -> Iterator[tuple[str, str]]:
    yield "smart_format", "true"
    if needs_times(options) or options.response_format == "verbose_json":
        yield "utterances", "true"


def _language(call: Call) -> str | None:
    """What is spoken, or the one language that the model knows."""
    known = FACTS.capabilities(call.model).languages
    only = known[0] if isinstance(known, tuple) and len(known) == 1 else None
    return call.options.language or (None if call.options.languages else only)


def _languages(call: Call) -> Iterator[tuple[str, str]]:
    """What is spoken; else what may be, one of which is detected; else whatever is detected."""
    spoken = _language(call)
    if spoken is not None:
        yield "language", _tag(spoken)
    elif call.options.languages:
        yield from (("detect_language", tag) for tag in dict.fromkeys(map(_tag, call.options.languages)))
    else:
        yield "detect_language", "true"


def _tag(language: str) -> str:
    """The BCP-47 tag, with hyphens: a region is kept, a name becomes its code."""
    first, *regions = language.strip().replace("_", "-").split("-")
    code = code_of(first) or first
    return "-".join([_TAGS.get(code, code), *regions])


def _keywords(call: Call) -> Iterator[tuple[str, str]]:
    name = "keyterm" if is_nova_3(call.model) else "keywords"
    yield from ((name, keyword) for keyword in call.options.keywords)


def _impossible(call: Call) -> str | None:
    """What is asked and cannot be sent, or None: nothing is dropped silently (law C2)."""
    options = call.options
    asked = (
        (options.prompt is not None, "takes no prompt"),
        (options.temperature is not None, "takes no temperature"),
        (bool(options.keywords) and not FACTS.capabilities(call.model).keywords, "takes no keywords"),
        (bool(options.known_speakers), "recognises no speakers by their voice"),
        (options.translate, "does not translate into English"),
        (options.logprobs, "gives no log probabilities"),
        (options.chunking_strategy is not None, "takes no chunking strategy"),
        (options.stream, "does not stream"),
    )
    return next((f"the model {cannot}" for is_asked, cannot in asked if is_asked), None)
