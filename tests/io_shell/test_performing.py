import math
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from returns.result import Failure, Success
from typing_extensions import override

from tests.making import CATALOG, failure, send
from voxplan.adapters.providers import local
from voxplan.adapters.wire import (
    Adapter,
    Call,
    Got,
    Header,
    HttpRequest,
    HttpResponse,
    Pause,
    Recognise,
    Recognised,
    Secret,
    Tell,
    Want,
)
from voxplan.engine.language.spec import Deployment, RouteNode, Spec
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import Degrade
from voxplan.engine.runs.run import Release, Send
from voxplan.engine.terms.capability import Setting
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import Options, Request
from voxplan.engine.terms.transcript import Segment, Transcript
from voxplan.io_shell.audio.source import AudioSource, open_audio
from voxplan.io_shell.credentials.store import CredentialStore
from voxplan.io_shell.local.pool import LocalRecogniser
from voxplan.io_shell.meeting import Tools
from voxplan.io_shell.performing import Equipment, Performance
from voxplan.io_shell.relaying import Relay
from voxplan.io_shell.running import Happened
from voxplan.io_shell.transport import Opened, Transport

pytestmark = pytest.mark.anyio

SPEC = Spec(
    voxplan=1,
    deployments={"a": Deployment(provider="hosted", model="m", base_url="http://${HOST}/v1", api_key="${KEY}")},
    routes={"r": RouteNode(use="a")},
)
ENVIRONMENT = {"HOST": "here", "KEY": "k-1"}
Exchanged = Generator[Want, Got, Success[Transcript] | Failure[AttemptFailure]]


class Wire:
    """A transport that answers each request with its number, and keeps what it was given."""

    def __init__(self, broken: bool = False) -> None:
        self.broken = broken
        self.sent: list[tuple[HttpRequest, str | None]] = []

    async def send(
        self, request: HttpRequest, audio: object, secret: str | None
    ) -> Success[HttpResponse] | Failure[AttemptFailure]:
        """Keep and answer."""
        del audio
        self.sent.append((request, secret))
        if self.broken:
            return Failure(failure("not_connected"))
        return Success(HttpResponse(status=200, headers=(), body=str(len(self.sent)).encode()))

    @asynccontextmanager
    async def open(self, request: HttpRequest, audio: object, secret: str | None) -> AsyncGenerator[Opened]:
        """The same: nothing here streams."""
        yield await self.send(request, audio, secret)


def two_steps(call: Call) -> Exchanged:
    """An adapter that needs two exchanges."""
    said = b""
    for step in ("upload", "submit"):
        got = yield HttpRequest(method="POST", url=f"{call.base_url}/{step}", headers=(Header("x-key", Secret()),))
        assert isinstance(got, HttpResponse)
        said += got.body
    return Success(Transcript(text=said.decode()))


def forgetful(call: Call) -> Exchanged:
    """An adapter that breaks its promise."""
    yield HttpRequest(method="GET", url=call.base_url or "", headers=())
    return None  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


def equipped(
    wire: Transport, adapter: Adapter, recogniser: LocalRecogniser | None = None, environment: dict[str, str] | None = None
) -> Equipment:
    """What calls of the provider `hosted` are made with."""
    variables = ENVIRONMENT if environment is None else environment
    tools = Tools(transport=wire, recogniser=recogniser or LocalRecogniser(), credentials=CredentialStore(variables))
    return Equipment(tools=tools, environment=variables, adapters={"hosted": adapter})


async def perform(
    adapter: Adapter, wire: Wire, environment: dict[str, str] | None = None, sent: Send | None = None
) -> Success[Transcript] | Failure[AttemptFailure]:
    """One call of deployment `a` by this adapter."""
    equipment = equipped(wire, adapter, environment=environment)
    async with open_audio(b"RIFF", filename="a.wav") as audio:
        return await _performance(audio, equipment)(sent or send("a"), lambda: None)


def _performance(audio: AudioSource, equipment: Equipment) -> Performance:
    return Performance(compile_checked(SPEC, CATALOG), Request(route="r"), audio, equipment)


async def test_an_adapter_is_given_what_it_asks_for_until_it_returns() -> None:
    """Two exchanges, each with the key beside it and the address filled in."""
    wire = Wire()
    assert await perform(two_steps, wire) == Success(Transcript(text="12"))
    assert [(request.url, key) for request, key in wire.sent] == [
        ("http://here/v1/upload", "k-1"),
        ("http://here/v1/submit", "k-1"),
    ]


async def test_the_first_want_that_cannot_be_met_ends_the_call() -> None:
    """In the transport's failure."""
    wire = Wire(broken=True)
    assert await perform(two_steps, wire) == Failure(failure("not_connected"))
    assert len(wire.sent) == 1


async def test_a_variable_that_is_not_set_sends_nothing() -> None:
    """The failure names it, and nothing else."""
    wire = Wire()
    ended = await perform(two_steps, wire, {"HOST": "here"})
    assert ended.failure().reason == "environment variable `KEY` is not set"
    assert (ended.failure().kind, ended.failure().sent, wire.sent) == ("unauthorized", "no", [])


async def test_an_adapter_that_returns_something_else_is_a_bug() -> None:
    """Said in words that name what came."""
    with pytest.raises(TypeError, match="not NoneType"):
        await perform(forgetful, Wire())


def spoken(call: Call) -> Exchanged:
    """An adapter that says what it was asked for, in one segment."""
    yield HttpRequest(method="POST", url="", headers=())
    asked = call.options
    said = f"{asked.prompt} {asked.temperature} {asked.timestamps}"
    return Success(Transcript(text=said, segments=(Segment(text="to be", start=0.0, end=4.0),)))


async def said(sent: Send, asked: Options) -> Transcript:
    """What `spoken` was asked for."""
    equipment = equipped(Wire(), spoken)
    async with open_audio(b"RIFF", filename="a.wav") as audio:
        performance = Performance(compile_checked(SPEC, CATALOG), Request(route="r", options=asked), audio, equipment)
        return (await performance(sent, lambda: None)).unwrap()


async def test_every_call_gets_the_options_of_the_request() -> None:
    """With the prompt that the guardrails approved, which may be none at all (law F7)."""
    asked = Options(prompt="hi", temperature=0.5)
    assert (await said(send("a"), asked)).text == "hi 0.5 ()"
    assert (await said(replace(send("a"), prompt="hello"), asked)).text == "hello 0.5 ()"
    assert (await said(replace(send("a"), prompt=""), asked)).text == " 0.5 ()"


async def test_a_call_goes_without_what_its_deployment_cannot_do() -> None:
    """Dropped options are not asked for, also when a guardrail has changed them; emulated ones are made afterwards."""
    degrades = (Degrade(option="prompt", how="dropped"), Degrade(option="timestamps", how="emulated"))
    sent = replace(send("a"), prompt="hello", degrades=degrades)
    heard = await said(sent, Options(prompt="hi", timestamps=("word",)))
    assert heard.text == "None None ('segment',)"
    assert [word.word for word in heard.words or ()] == ["to", "be"]


class Busy(LocalRecogniser):
    """Asks how long it may be waited for."""

    @override
    async def recognise(
        self, want: Recognise, audio: AudioSource, patience_s: float = math.inf
    ) -> Success[Recognised] | Failure[AttemptFailure]:
        """Never."""
        return Failure(AttemptFailure(kind="overloaded", reason=f"{patience_s:g}"))


@pytest.mark.parametrize(("until_ms", "patience"), [(60_000, "59.9"), (500, "0.45")])
async def test_the_recogniser_is_waited_for_until_just_before_the_end(until_ms: int, patience: str) -> None:
    """So that a call that only stood in the queue does not end as one that took too long."""
    equipment = equipped(Wire(), local.exchange, Busy())
    async with open_audio(b"RIFF", filename="a.wav") as audio:
        ended = await _performance(audio, equipment)(send("a", until_ms=until_ms), lambda: None)
    assert (ended.failure().kind, ended.failure().reason) == ("overloaded", patience)


def telling(call: Call) -> Exchanged:
    """An adapter that says what it was told of its deployment, and waits, tidies and streams on the way."""
    yield Pause(ms=0)
    yield Tell(delta="first words")
    gone = yield HttpRequest(method="DELETE", url=f"{call.base_url}/file", headers=())
    assert isinstance(gone, HttpResponse)
    return Success(Transcript(text=f"{call.settings} {call.extra} {call.size} {gone.status}"))


SETTLED = Deployment(
    provider="hosted",
    model="m",
    base_url="http://here",
    api_key="${KEY}",
    settings={"place": "${PLACE}", "password": "${PASSWORD}"},
    options={"seed": 7},
)
PLACES = (
    Setting(name="place", meaning="where", default="${HERE}"),
    Setting(name="password", meaning="a secret", secret=True),
    Setting(name="region", meaning="where else", default="${REGION}"),
)


async def told(
    environment: dict[str, str], *, broken: bool = False
) -> tuple[Success[Transcript] | Failure[AttemptFailure], list[str]]:
    """What `telling` returns, and what it let through before."""
    catalog = {"hosted": replace(CATALOG["hosted"], settings=PLACES)}
    router = compile_checked(Spec(voxplan=1, deployments={"a": SETTLED}, routes={"r": RouteNode(use="a")}), catalog)
    deltas: list[str] = []
    relay = Relay(lambda text: deltas.append(text.delta))
    async with open_audio(b"RIFF", filename="a.wav") as audio:
        performance = Performance(
            router, Request(route="r"), audio, equipped(Wire(broken), telling, environment=environment), relay
        )
        ended = await performance(send("a"), lambda: relay.observe(Happened(moment_ms=0, what=Release(attempt=1))))
    return ended, deltas


async def test_an_adapter_sees_settings_and_options_and_no_secret() -> None:
    """A default whose variable is not set is absent; what the deployment itself names has to be there."""
    ended, deltas = await told({"KEY": "k", "PLACE": "Oulu", "PASSWORD": "hush"})
    assert ended.unwrap().text == "(('place', 'Oulu'),) (('seed', 7),) 4 200"
    assert deltas == ["first words"]
    ended, _ = await told({"KEY": "k"})
    assert ended.failure().reason == "environment variable `PLACE` is not set"


async def test_tidying_up_never_costs_a_transcript() -> None:
    """A DELETE that cannot be sent is answered all the same."""
    ended, _ = await told({"KEY": "k", "PLACE": "Oulu"}, broken=True)
    assert ended.unwrap().text.endswith(" 599")
