"""OpenAI's transcription endpoint, and every server that speaks the same language: one call as one HTTP exchange.

`openai` goes to api.openai.com unless the deployment says otherwise; `openai_compatible` (vLLM, speaches, whisper.cpp,
LocalAI, …) goes to its `base_url`. Which format is asked for follows from what the caller needs and from what the model can
do. The caller's own format never goes upstream: text, srt and vtt are rendered here, from the Transcript.

A `base_url` is read as OpenAI's own clients read it, the path before `/audio/transcriptions`, with three kindnesses: slashes
at its end do not matter, a bare host means `/v1`, and the whole path of the endpoint (also whisper.cpp's `/inference`) is
left as it is.
"""

import re
from collections.abc import Generator
from typing import Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from returns.result import Failure, Success

from voxplan.adapters.refusals.failures import refusal
from voxplan.adapters.languages import code_of
from voxplan.adapters.audio.media import media_type
from voxplan.adapters.openai_shape.answer import decode
from voxplan.adapters.wire import Call, Got, Header, HttpRequest, HttpResponse, Multipart, Secret, Want
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import Options
from voxplan.engine.terms.transcript import Transcript

__all__ = ("BASE_URL", "PATH", "exchange")

BASE_URL: Final = "https://api.openai.com/v1"
PATH: Final = "/audio/transcriptions"

_SUCCESSES: Final = range(200, 300)
_WHOLE_PATHS: Final = re.compile(r"/(?:audio/transcriptions|inference)$")


class _Form(NamedTuple):
    """How a family of models is asked: the format with times, None for models that give none, and the one without."""

    timed: str | None
    plain: str = "json"
    prompt: bool = True
    granularities: bool = False
    extra: tuple[tuple[str, str], ...] = ()


_WHISPER: Final = _Form(timed="verbose_json", granularities=True)
_TEXT_ONLY: Final = _Form(timed=None)

# The first marker that occurs in the model's name decides, so that `openai/gpt-4o-transcribe` behind somebody's gateway is
# asked as the model it is. What no marker knows is asked as Whisper is: the norm among compatible servers.
_FORMS: Final[tuple[tuple[str, _Form], ...]] = (
    # Without a chunking strategy the live service answers 400 to audio of any length; prompt is refused (providers.md, 1.3).
    # Diarized in any case: the speakers are what this model is for.
    ("-diarize", _Form("diarized_json", "diarized_json", prompt=False, extra=(("chunking_strategy", "auto"),))),
    ("gpt-4o", _TEXT_ONLY),
    ("gpt-transcribe", _TEXT_ONLY),
    # vLLM answers 400 to verbose_json for Voxtral.
    ("voxtral", _TEXT_ONLY),
)


def exchange(call: Call) -> Generator[Want, Got, Success[Transcript] | Failure[AttemptFailure]]:
    """Post the audio once and decode the answer; what the model cannot do fails before anything is sent."""
    url, form = _url(call), _form(call.model)
    if isinstance(url, AttemptFailure):
        return Failure(url)
    refused = _impossible(call.options, form)
    if refused is not None:
        return Failure(_unsent("unsupported", refused))
    response = yield _request(call, url, form)
    if not isinstance(response, HttpResponse):
        return Failure(_unsent("adapter_bug", f"expected `HttpResponse` from the shell, got `{type(response).__name__}`"))
    if response.status not in _SUCCESSES:
        return Failure(refusal(response))
    decoded = decode(response)
    return _complete(decoded.unwrap(), call.options, response.status) if isinstance(decoded, Success) else decoded


def _request(call: Call, url: str, form: _Form) -> HttpRequest:
    authorization = (Header("authorization", Secret("Bearer ")),) if call.has_key else ()
    return HttpRequest(
        method="POST",
        url=url,
        headers=(Header("accept", "application/json"), *authorization),
        body=Multipart(
            fields=_fields(call, form),
            file_field="file",
            filename=call.filename,
            content_type=media_type(call.filename),
        ),
    )


def _fields(call: Call, form: _Form) -> tuple[tuple[str, str], ...]:
    """The text fields, model first; granularities only where they differ from the default, which is segments."""
    options = call.options
    timed = _wants_times(options) and form.timed is not None
    fields = [("model", call.model), ("response_format", (form.timed if timed else None) or form.plain)]
    if options.language is not None:
        fields.append(("language", code_of(options.language) or options.language))
    if options.prompt is not None:
        fields.append(("prompt", options.prompt))
    if options.temperature is not None:
        fields.append(("temperature", str(options.temperature)))
    if timed and form.granularities and "word" in options.timestamps:
        fields.extend(("timestamp_granularities[]", each) for each in _granularities(options))
    return (*fields, *form.extra)


def _granularities(options: Options) -> tuple[str, ...]:
    """What is asked for, and segments besides where subtitles are to be made of them."""
    subtitles = options.response_format in {"srt", "vtt"}
    return ("word", "segment") if subtitles or "segment" in options.timestamps else ("word",)


def _wants_times(options: Options) -> bool:
    return options.response_format == "verbose_json" or _needs_times(options)


def _needs_times(options: Options) -> bool:
    return options.response_format in {"srt", "vtt"} or bool(options.timestamps)


def _form(model: str) -> _Form:
    name = model.lower()
    return next((form for marker, form in _FORMS if marker in name), _WHISPER)


def _impossible(options: Options, form: _Form) -> str | None:
    """Why a model of this form cannot do what is asked, or None: nothing is dropped silently (law C2)."""
    if _needs_times(options) and form.timed is None:
        return "the model gives no times"
    if "word" in options.timestamps and not form.granularities:
        return "the model gives no word times"
    if options.prompt is not None and not form.prompt:
        return "the model takes no prompt"
    return None


def _complete(transcript: Transcript, options: Options, status: int) -> Success[Transcript] | Failure[AttemptFailure]:
    """The transcript, unless times that the caller needs are missing: a server may ignore what it was asked for."""
    missing = _missing(transcript, options)
    if missing is None:
        return Success(transcript)
    failure = AttemptFailure(
        kind="unsupported",
        reason=f"http {status}: the answer has no {missing}, which were asked for",
        sent="yes",
        charged="yes",
        status=status,
        request_id=transcript.request_id,
    )
    return Failure(failure)


def _missing(transcript: Transcript, options: Options) -> str | None:
    """The times that were needed and did not come; where nothing was said, nothing has a time."""
    if not transcript.text:
        return None
    if "word" in options.timestamps and not transcript.words:
        return "word times"
    return "times" if _needs_times(options) and not (transcript.segments or transcript.words) else None


def _url(call: Call) -> str | AttemptFailure:
    """The endpoint's address. A `base_url` comes from the environment as often as not, so it can be anything."""
    if call.base_url is None and call.provider != "openai":
        return _unsent("adapter_bug", f"provider `{call.provider}` without a `base_url`")
    try:
        parts = urlsplit((BASE_URL if call.base_url is None else call.base_url).strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0  # a port past 65535 raises
    except ValueError:
        parts, usable = urlsplit(""), False
    if not usable:
        return _unsent("not_found", "the deployment's `base_url` is no http or https address")
    path = parts.path.rstrip("/")
    whole = path if _WHOLE_PATHS.search(path) else f"{path or '/v1'}{PATH}"
    return urlunsplit(parts._replace(path=whole, fragment=""))


def _unsent(kind: FailureKind, reason: str) -> AttemptFailure:
    return AttemptFailure(kind=kind, reason=reason, sent="no", charged="no")
