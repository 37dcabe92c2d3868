"""An adapter without a network: what it wants, and what becomes of one answer."""

from returns.result import Failure, Success

from voxplan.adapters.openai_shape import exchange as openai
from voxplan.adapters.wire import Call, Got, HttpRequest, HttpResponse, Multipart
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import AudioFacts, Options
from voxplan.engine.terms.transcript import Transcript

__all__ = ("answer", "call", "ended", "fields", "wanted")


def call(
    model: str = "whisper-1",
    options: Options | None = None,
    base_url: str | None = None,
    provider: str = "openai",
    *,
    has_key: bool = True,
) -> Call:
    """One call; every fact that a test does not name is an ordinary one."""
    return Call(
        provider=provider,
        model=model,
        options=options or Options(),
        audio=AudioFacts(),
        filename="clip.mp3",
        base_url=base_url,
        has_key=has_key,
    )


def answer(body: bytes, status: int = 200, **headers: str) -> HttpResponse:
    """An answer; `retry_after="1"` stands for the header `retry-after: 1`."""
    listed = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpResponse(status=status, headers=listed, body=body)


def wanted(made: Call) -> HttpRequest:
    """The one request of a call."""
    want = next(openai.exchange(made))
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
    exchange = openai.exchange(made)
    try:
        next(exchange)
        assert got is not None, "the adapter wants something sent"
        exchange.send(got)
    except StopIteration as stopped:
        result: Success[Transcript] | Failure[AttemptFailure] = stopped.value
        return result.unwrap() if isinstance(result, Success) else result.failure()
    raise AssertionError("the adapter wants a second answer")
