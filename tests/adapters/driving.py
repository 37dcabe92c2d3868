"""An adapter without a network: what it wants, and what becomes of one answer."""

from returns.result import Failure, Success

from voxplan.adapters.registry import ADAPTERS
from voxplan.adapters.wire import (
    Call,
    Done,
    Got,
    HttpRequest,
    HttpResponse,
    Multipart,
    ServerEvent,
    StreamEnded,
    Streaming,
    Tell,
    Want,
)
from voxplan.engine.language.spec import PassedOption
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import AudioFacts, Options
from voxplan.engine.terms.transcript import Transcript

__all__ = ("answer", "call", "ended", "events_of", "fields", "streamed", "wanted")


def call(
    model: str = "whisper-1",
    options: Options | None = None,
    base_url: str | None = None,
    provider: str = "openai",
    *,
    has_key: bool = True,
    filename: str = "clip.mp3",
    audio: AudioFacts | None = None,
    settings: dict[str, str] | None = None,
    extra: dict[str, PassedOption] | None = None,
) -> Call:
    """One call; every fact that a test does not name is an ordinary one."""
    return Call(
        provider=provider,
        model=model,
        options=options or Options(),
        audio=audio or AudioFacts(),
        filename=filename,
        base_url=base_url,
        has_key=has_key,
        settings=tuple((settings or {}).items()),
        extra=tuple((extra or {}).items()),
    )


def answer(body: bytes, status: int = 200, **headers: str) -> HttpResponse:
    """An answer; `retry_after="1"` stands for the header `retry-after: 1`."""
    listed = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpResponse(status=status, headers=listed, body=body)


def wanted(made: Call) -> HttpRequest:
    """The one request of a call."""
    want = next(ADAPTERS[made.provider](made))
    assert isinstance(want, HttpRequest)
    return want


def fields(made: Call) -> dict[str, list[str]]:
    """The text fields of a call's form, by name."""
    body = wanted(made).body
    assert isinstance(body, Multipart)
    found: dict[str, list[str]] = {}
    for name, value in body.fields:
        found.setdefault(name, []).append(value)
    return found


def ended(made: Call, got: Got | None = None) -> Transcript | AttemptFailure:
    """How the exchange ends: at once, or after the shell's one answer `got`."""
    exchange = ADAPTERS[made.provider](made)
    try:
        next(exchange)
        assert got is not None, "the adapter wants something sent"
        exchange.send(got)
    except StopIteration as stopped:
        result: Success[Transcript] | Failure[AttemptFailure] = stopped.value
        return result.unwrap() if isinstance(result, Success) else result.failure()
    raise AssertionError("the adapter wants a second answer")


def streamed(made: Call, *got: Got, **headers: str) -> tuple[list[Tell], Transcript | AttemptFailure]:
    """What a call tells of a stream of these events, and how it ends; what is left of them then nobody wants."""
    listed = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    told: list[Tell] = []
    exchange = ADAPTERS[made.provider](made)
    first = next(exchange)
    assert isinstance(first, HttpRequest)
    assert first.stream
    events = iter(got)
    try:
        want: Want = exchange.send(Streaming(status=200, headers=listed, body=b""))
        while True:
            if isinstance(want, Tell):
                told.append(want)
                want = exchange.send(Done())
            else:
                want = exchange.send(next(events))
    except StopIteration as stopped:
        result: Success[Transcript] | Failure[AttemptFailure] = stopped.value
        return told, result.unwrap() if isinstance(result, Success) else result.failure()


def events_of(text: str) -> list[Got]:
    """The events of a recorded stream, and its end."""
    datas = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [*(ServerEvent(data=data) for data in datas), StreamEnded()]
