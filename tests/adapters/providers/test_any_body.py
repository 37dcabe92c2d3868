"""Whatever a server answers, an adapter ends: with a transcript that can be written out, or with a failure."""

import json
from typing import Final, cast

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from tests.adapters.driving import call
from voxplan.adapters.registry import ADAPTERS
from voxplan.adapters.rendering.events import emulated, to_sse
from voxplan.adapters.rendering.formats import render
from voxplan.adapters.wire import (
    Done,
    Exchange,
    Got,
    Granted,
    HttpRequest,
    HttpResponse,
    NextEvent,
    ServerEvent,
    StreamEnded,
    Streaming,
    Token,
    Want,
)
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import Options, ResponseFormat
from voxplan.engine.terms.transcript import Segment, Transcript, Word

_FORMATS: Final[tuple[ResponseFormat, ...]] = ("json", "text", "srt", "vtt", "verbose_json", "diarized_json")
_MODELS: Final = (
    ("assemblyai", "universal-2"),
    ("deepgram", "nova-3"),
    ("elevenlabs", "scribe_v2"),
    ("gemini", "gemini-2.5-flash"),
    ("gemini", "gemini-3.5-transcribe"),
    ("mistral", "voxtral-mini-latest"),
    ("vertex_ai", "chirp_3"),
    ("vertex_ai", "gemini-2.5-flash"),
    ("vertex_ai", "gemini-3.5-transcribe"),
)
_STREAMING: Final = frozenset({"gemini-2.5-flash", "voxtral-mini-latest"})

# The names that matter to somebody, each with a value that somebody would not expect.
_NAMES: Final = (  # noqa: SIM905 - words read better as a text
    "alternatives annotations audioTranscription audio_duration candidates channel channelTag channels code confidence content "
    "detail details end endOffset end_offset err_code error finishReason id language languageCode language_code logprob message "
    "metadata object paragraphs parts promptFeedback resultEndOffset results segments speaker speaker_id start startOffset "
    "start_offset status steps text transcript transcripts type upload_url usage usageMetadata utterances word words"
).split()
_SCALARS: Final = st.sampled_from(
    (
        None,
        True,
        0,
        -1,
        0.5,
        1e308,
        -1e308,
        10**20,
        "",
        " ",
        "a",
        "1.5s",
        "-1s",
        "STOP",
        "completed",
        "word",
        "word_info",
        "\u2028",
    )
)
_BODIES: Final = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=6),
    max_leaves=40,
)
_WELL: Final[dict[str, object]] = {
    "assemblyai": {"id": "j", "status": "completed", "text": "a b", "words": 0},
    "deepgram": {"results": {"channels": [{"alternatives": [{"transcript": "a b", "words": 0}]}], "utterances": 0}},
    "elevenlabs": {"text": "a b", "words": 0},
    "gemini": {"candidates": [{"content": {"parts": 0}, "finishReason": "STOP"}]},
    "mistral": {"type": "transcription.done", "text": "a b", "segments": 0},
    "vertex_ai": {"candidates": [{"content": {"parts": 0}, "finishReason": "STOP"}], "results": 0},
}
_ROWS: Final = st.none() | st.lists(
    st.dictionaries(st.sampled_from(_NAMES), _SCALARS | st.lists(_SCALARS, max_size=2)), max_size=4
)


def _filled(shape: object, rows: object) -> object:
    """The shape with the rows wherever it has a 0."""
    if isinstance(shape, dict):
        return {name: _filled(value, rows) for name, value in cast("dict[str, object]", shape).items()}
    if isinstance(shape, list):
        return [_filled(value, rows) for value in cast("list[object]", shape)]
    return rows if shape == 0 else shape


def _ended(exchange: Exchange, body: bytes, status: int) -> Transcript | AttemptFailure | None:
    """How the call ends when every answer is the same; None when it goes on asking."""
    got: Got | None = None
    heard = 0
    try:
        for _ in range(40):
            want = next(exchange) if got is None else exchange.send(got)
            got = _got(want, body, status, heard)
            heard += isinstance(want, NextEvent)
    except StopIteration as stopped:
        result: Success[Transcript] | Failure[AttemptFailure] = stopped.value
        return result.unwrap() if isinstance(result, Success) else result.failure()
    return None


def _got(want: Want, body: bytes, status: int, heard: int) -> Got:
    match want:
        case HttpRequest(url=url) if url.endswith("/v2/upload"):
            return HttpResponse(status=200, headers=(), body=b'{"upload_url":"https://cdn.example/1"}')
        case HttpRequest(stream=True) if status in range(200, 300):
            return Streaming(status=status, headers=(), body=b"")
        case HttpRequest():
            return HttpResponse(status=status, headers=(), body=body)
        case NextEvent():
            return ServerEvent(data=body.decode()) if heard < 3 else StreamEnded()
        case Token():
            return Granted(project="p-1")
        case _:
            return Done()


@given(
    model=st.sampled_from(_MODELS),
    body=_BODIES,
    rows=_ROWS,
    well=st.booleans(),
    status=st.sampled_from((200, 200, 200, 400, 401, 429, 503)),
    written=st.sampled_from(_FORMATS),
    stream=st.booleans(),
)
def test_any_body_ends_the_call(
    model: tuple[str, str], body: object, rows: object, well: bool, status: int, written: ResponseFormat, stream: bool
) -> None:
    """Nothing raises; times are in order, shares are shares, and every format can be written or is said to lack something."""
    provider, name = model
    options = Options(stream=True) if stream and name in _STREAMING else Options(response_format=written)
    content = json.dumps(_filled(_WELL[provider], rows) if well else body).encode()
    found = _ended(ADAPTERS[provider](call(name, options, provider=provider, has_key=provider != "vertex_ai")), content, status)
    if isinstance(found, AttemptFailure):
        assert found.reason.isprintable()
    if not isinstance(found, Transcript):
        return
    timed: tuple[Segment | Word, ...] = (*(found.segments or ()), *(found.words or ()))
    for each in timed:
        assert 0 <= each.start <= each.end
        assert each.confidence is None or 0 <= each.confidence <= 1
    for response_format in _FORMATS:
        render(found, response_format)
    assert all(to_sse(event).endswith("\n\n") for event in emulated(found, options))
