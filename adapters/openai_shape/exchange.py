"""OpenAI's transcription endpoint, and every server that speaks the same language: one call as one HTTP exchange.

What differs from provider to provider stands in its `Dialect`; this is the same for all. The audio is posted once, and the answer
is decoded, whole or event by event. Where a server does not stream although it was asked to, its whole answer does as well.
"""

from collections.abc import Generator

from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.adapters.exchanging import answered, complete, misused, unsent
from voxplan.adapters.openai_shape.addressing import endpoint, names_model, names_task
from voxplan.adapters.openai_shape.answer import decode
from voxplan.adapters.openai_shape.asking import form_bytes, form_of, impossible, streamed
from voxplan.adapters.openai_shape.dialect import Dialect, Form
from voxplan.adapters.openai_shape.streaming import listen
from voxplan.adapters.wire import Adapter, Call, Got, Granted, Header, HttpRequest, Secret, Streaming, Token, Want
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Transcript

__all__ = ("speaking",)

_Ended = Success[Transcript] | Failure[AttemptFailure]


def speaking(dialect: Dialect) -> Adapter:
    """The adapter of a provider that speaks `dialect`."""

    def exchange(call: Call) -> Generator[Want, Got, _Ended]:
        return (yield from _exchange(call, dialect))

    return exchange


def _exchange(call: Call, dialect: Dialect) -> Generator[Want, Got, _Ended]:
    """Post the audio once and decode the answer; what the model cannot do fails before anything is sent."""
    request = _prepared(call, dialect)
    if isinstance(request, AttemptFailure):
        return Failure(request)
    if dialect.token is not None and not call.has_key:
        granted = yield Token(kind=dialect.token)
        if not isinstance(granted, Granted):
            return Failure(misused(granted, "Granted"))
    got = yield request
    response = answered(got, dialect.failures)
    if isinstance(response, AttemptFailure):
        return Failure(_of_a_translation(response) if call.options.translate else response)
    if isinstance(response, Streaming):
        ended = yield from listen(response, dialect.failures)
    else:
        ended = decode(response, dialect.failures)
    return complete(ended.unwrap(), call.options, response.status) if isinstance(ended, Success) else ended


def _prepared(call: Call, dialect: Dialect) -> HttpRequest | AttemptFailure:
    form = dialect.form(call.setting(dialect.model_setting or "") or call.model)
    if call.options.translate:
        if form.translation is None:
            return unsent("unsupported", "the model does not translate into English")
        form = form.translation
    url = endpoint(call, dialect)
    if isinstance(url, AttemptFailure):
        return url
    refused = impossible(call.options, dialect, form)
    if refused is not None:
        return unsent("unsupported", refused)
    request = _request(call, url, dialect, form)
    if dialect.largest_body is not None and form_bytes(request.body) + call.size > dialect.largest_body:
        return unsent("too_large", f"the provider takes at most {dialect.largest_body} bytes, its fields included")
    return request


def _of_a_translation(failure: AttemptFailure) -> AttemptFailure:
    """What is not found may be the endpoint of translations alone: that says nothing against the transcriptions of the model."""
    if failure.kind != "not_found":
        return failure
    return replace(failure, kind="unsupported", reason=f"no translation: {failure.reason}")


def _request(call: Call, url: str, dialect: Dialect, form: Form) -> HttpRequest:
    stream = streamed(call.options, form)
    accepted = "text/event-stream, application/json" if stream else "application/json"
    settings = ((header, (call.setting(name) or "").strip()) for name, header in dialect.headers)
    return HttpRequest(
        method="POST",
        url=url,
        headers=(
            Header("accept", accepted),
            *_opening(call, dialect),
            *(Header(header, value) for header, value in settings if value),
        ),
        body=form_of(call, dialect, form, names_model=names_model(url, dialect), says_task=not names_task(url)),
        stream=stream,
    )


def _opening(call: Call, dialect: Dialect) -> tuple[Header, ...]:
    """The header that opens the endpoint: the key's, the token's, or none where none is needed."""
    if call.has_key:
        return (Header(dialect.key_header, Secret(dialect.key_prefix)),)
    return (Header("authorization", Secret("Bearer ")),) if dialect.token is not None else ()
