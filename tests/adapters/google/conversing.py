"""Google's adapters without a network: what they want, one thing after another, and how the call ends."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from returns.result import Failure, Success

from tests.conftest import SHARED
from voxplan.adapters.providers import gemini, vertex_ai
from voxplan.adapters.wire import Adapter, Base64Body, Call, Got, HttpRequest, HttpResponse, Secret, Want
from voxplan.engine.language.spec import PassedOption
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import AudioFacts, Options
from voxplan.engine.terms.transcript import Transcript

__all__ = (
    "AUDIO",
    "Json",
    "body",
    "call",
    "ended",
    "failed",
    "header",
    "heard",
    "json_answer",
    "recorded",
    "replayed",
    "requests",
    "talk",
)

Json = dict[str, object]

AUDIO = "(audio)"
_ADAPTERS: dict[str, Adapter] = {"gemini": gemini.exchange, "vertex_ai": vertex_ai.exchange}


def call(
    provider: str = "gemini",
    model: str = "gemini-2.5-flash",
    options: Options | None = None,
    *,
    size: int = 1000,
    seconds: float | None = None,
    filename: str = "clip.wav",
    base_url: str | None = None,
    settings: dict[str, str] | None = None,
    extra: dict[str, PassedOption] | None = None,
    has_key: bool | None = None,
) -> Call:
    """One call; every fact that a test does not name is an ordinary one."""
    return Call(
        provider=provider,
        model=model,
        options=options or Options(),
        audio=AudioFacts(seconds=seconds),
        filename=filename,
        size=size,
        base_url=base_url,
        has_key=provider == "gemini" if has_key is None else has_key,
        settings=tuple((settings or {}).items()),
        extra=tuple((extra or {}).items()),
    )


def talk(made: Call, gots: Iterable[Got] = ()) -> tuple[list[Want], Transcript | AttemptFailure | None]:
    """All that is wanted while the shell answers with `gots`, and the ending; None where more is wanted than is answered."""
    exchange, wants = _ADAPTERS[made.provider](made), list[Want]()
    try:
        wants.append(next(exchange))
        for got in gots:
            wants.append(exchange.send(got))
    except StopIteration as stopped:
        result: Success[Transcript] | Failure[AttemptFailure] = stopped.value
        return wants, result.unwrap() if isinstance(result, Success) else result.failure()
    return wants, None


def requests(wants: Iterable[Want]) -> list[HttpRequest]:
    """The HTTP requests among the wants."""
    return [want for want in wants if isinstance(want, HttpRequest)]


def body(request: HttpRequest) -> Json:
    """The JSON of a body, with the word `AUDIO` where the audio goes."""
    if isinstance(request.body, Base64Body):
        found: Json = json.loads(request.body.before + AUDIO.encode() + request.body.after)
        return found
    assert isinstance(request.body, bytes)
    written: Json = json.loads(request.body)
    return written


def header(request: HttpRequest, name: str) -> str | Secret | None:
    """The value of a header, or None."""
    return next((each.value for each in request.headers if each.name == name), None)


def json_answer(content: object, status: int = 200, **headers: str) -> HttpResponse:
    """An answer in JSON; `retry_after="1"` stands for the header `retry-after: 1`."""
    listed = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpResponse(status=status, headers=listed, body=json.dumps(content).encode())


def ended(made: Call, *gots: Got) -> Transcript | AttemptFailure:
    """How the call ends."""
    _, ending = talk(made, gots)
    assert ending is not None, "the adapter wants more"
    return ending


def heard(made: Call, *gots: Got) -> Transcript:
    """The transcript of a call that must have one."""
    found = ended(made, *gots)
    assert isinstance(found, Transcript), found
    return found


def failed(made: Call, *gots: Got) -> AttemptFailure:
    """The failure of a call that must not have a transcript."""
    found = ended(made, *gots)
    assert isinstance(found, AttemptFailure), found
    return found


def recorded(provider: str) -> pytest.MarkDecorator:
    """Run the test once for each of the provider's recorded bodies, if there are any."""
    found = (path for path in (SHARED / "fixtures" / provider).glob("*.json") if ".meta" not in path.suffixes)
    files = sorted(found)
    return pytest.mark.parametrize("path", files, ids=[path.stem for path in files])


def replayed(path: Path) -> HttpResponse:
    """A recorded answer with the status that is told beside it."""
    meta = path.with_name(f"{path.name}.meta.json")
    status = json.loads(meta.read_text(encoding="utf-8"))["status"] if meta.exists() else 200
    return HttpResponse(status=status, headers=(), body=path.read_bytes())
