"""From every provider to every other: the second one answers, in the very format that was asked for."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import pytest

import voxplan
from tests.conformance.behaviours import Honest, Reply
from tests.conformance.kit import STANDS
from tests.conformance.socket_server import SocketServer
from tests.sounds import tone
from voxplan.engine.language.spec import RouteNode, Spec
from voxplan.engine.terms.request import ResponseFormat

pytestmark = [pytest.mark.anyio, pytest.mark.unmeasured]

Servers = dict[str, SocketServer]
AUDIO: Final = tone()
FORMATS: Final[tuple[ResponseFormat, ...]] = ("json", "text", "srt", "vtt", "verbose_json")
PAIRS: Final = tuple(itertools.permutations(STANDS, 2))
BUSY: Final = Reply(503, b'{"error":{"message":"overloaded"}}')


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """One for each provider."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(stand.server()) for name, stand in STANDS.items()}


@pytest.fixture
def anyio_backend() -> str:
    """One is enough: what is asked here is the adapters, which know neither."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs of the kit need no time."""

    async def sleep(_: float) -> None:
        """Not at all."""

    monkeypatch.setattr("voxplan.io_shell.meeting.sleep", sleep)


def spec_of(servers: Servers, *names: str) -> Spec:
    """These providers, one after the other."""
    deployments = {name: STANDS[name].deployment(servers[name]) for name in names}
    return Spec(voxplan=1, deployments=deployments, routes={"main": RouteNode(first=tuple(RouteNode(use=n) for n in names))})


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_a_fallback_keeps_the_format(servers: Servers, first: str, second: str) -> None:
    """Whoever answers, the caller has what was asked for; the one that was busy is in the trail."""
    spec = spec_of(servers, first, second)
    environment = STANDS[first].environment() | STANDS[second].environment()
    for response_format in FORMATS:
        servers[first].expect(BUSY)
        # Opened anew: three failures in a row would let the first one cool off.
        async with voxplan.open(spec, environment=environment) as vox:
            answer = await vox.transcribe(AUDIO, filename="tone.wav", response_format=response_format)
        assert [entry.deployment for entry in answer.attempts] == [first, second]
        assert answer.text == Honest().text
        assert _is(response_format, answer.render())


def _is(response_format: ResponseFormat, text: str) -> bool:
    match response_format:
        case "srt":
            return text.startswith("1\n00:00:00,000 --> ")
        case "vtt":
            return text.startswith("WEBVTT\n\n00:00:00.000 --> ")
        case "text":
            return text == f"{Honest().text}\n"
        case _:
            return f'"text":"{Honest().text}"' in text
