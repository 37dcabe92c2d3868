"""What a request to a gateway is, and what can be true of the right answer to it: the words of a table of requests."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import httpx

from tests.conformance.behaviours import JSON, Behaviour, Honest
from tests.conformance.socket_server import SocketServer
from tests.sounds import tone

__all__ = (
    "AUDIO",
    "JSON",
    "KEY",
    "TEXT",
    "Ask",
    "Check",
    "Right",
    "Row",
    "World",
    "arrived_whole",
    "asked_for",
    "has_only",
    "has_speakers",
    "has_times",
    "is_a_stream",
    "is_subtitles",
)

AUDIO: Final = tone()
KEY: Final = "sk-gateway-0123456789"
TEXT: Final = Honest().text

Fields = tuple[tuple[str, str], ...]


class World(NamedTuple):
    """The gateway, and the servers behind it by the names of the deployments that go there."""

    address: str
    upstream: Mapping[str, SocketServer]


@dataclass(frozen=True)
class Ask:
    """One request. `raw` is sent instead of a form; `audio` None leaves the file out."""

    model: str | None
    more: Fields = ()
    audio: bytes | None = AUDIO
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    raw: bytes | None = None
    key: str | None = KEY

    def send(self, address: str) -> httpx.Response:
        """The answer, read whole."""
        key = {} if self.key is None else {"authorization": f"Bearer {self.key}"}
        headers = {**key, **self.headers}
        url = f"{address}/v1/audio/transcriptions"
        if self.raw is not None:
            return httpx.post(url, content=self.raw, headers={"content-type": JSON, **headers}, timeout=30)
        fields = (*((("model", self.model),) if self.model is not None else ()), *self.more)
        texts = [(name, (None, value.encode())) for name, value in fields]
        file = [] if self.audio is None else [("file", ("talk.wav", self.audio, "audio/wav"))]
        return httpx.post(url, files=[*texts, *file], headers=headers, timeout=30)


Check = Callable[[httpx.Response, World], None]


@dataclass(frozen=True)
class Right:
    """What must be true of an answer. `calls` is how many each server got, where that matters; `seconds` the longest it takes."""

    status: int = 200
    content_type: str = JSON
    text: str | None = None
    begins: str = ""
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    calls: Mapping[str, int] = field(default_factory=dict[str, int])
    seconds: float = 10.0
    check: Check | None = None


@dataclass(frozen=True)
class Row:
    """One try, what the reference made of it, and what is right."""

    tried: str
    reference: str
    ask: Ask
    right: Right
    script: Mapping[str, tuple[Behaviour, ...]] = field(default_factory=dict[str, tuple[Behaviour, ...]])


def asked_for(name: str, **wanted: str | None) -> Check:
    """What the server `name` was asked for; None is a field that it did not get."""

    def check(_: httpx.Response, world: World) -> None:
        form = world.upstream[name].seen[0].form
        assert form is not None
        assert {field: form.value(field) for field in wanted} == wanted

    return check


def has_only(*names: str) -> Check:
    """The keys of the answer: nothing is there that was not asked for."""

    def check(answer: httpx.Response, _: World) -> None:
        assert set(answer.json()) == set(names)

    return check


def has_times(answer: httpx.Response, _: World) -> None:
    """Words and segments."""
    found = answer.json()
    assert [word["word"].strip(".") for word in found["words"]] == TEXT.strip(".").split()
    assert found["segments"][0]["start"] == 0


def has_speakers(answer: httpx.Response, _: World) -> None:
    """Segments by speaker."""
    assert {segment["speaker"] for segment in answer.json()["segments"]} == {"A", "B"}


def arrived_whole(answer: httpx.Response, world: World) -> None:
    """Every server that was called got the same audio, all of it."""
    del answer
    forms = [seen.form for server in world.upstream.values() for seen in server.seen]
    assert len({form.audio_sha256 for form in forms if form is not None}) == 1


def is_subtitles(answer: httpx.Response, _: World) -> None:
    """Numbered blocks with times."""
    number, times, *said = answer.text.split("\n")
    assert (number, " --> " in times, bool(said[0])) == ("1", True, True)


def is_a_stream(answer: httpx.Response, _: World) -> None:
    """OpenAI's events."""
    events = [line.removeprefix("data: ") for line in answer.text.split("\n") if line]
    assert events[-1] == "[DONE]"
    assert json.loads(events[-2])["text"] == TEXT
