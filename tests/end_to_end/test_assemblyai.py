"""AssemblyAI over real sockets: upload, job and the looks at it, and what comes back is what was asked for."""

from collections.abc import Iterator
from typing import Final

import pytest

import voxplan
from tests.conformance.assemblyai_wire import STAND, AssemblyAIWire
from tests.conformance.behaviours import Behaviour, HangUp, Honest, Reply
from tests.conformance.socket_server import SocketServer
from tests.end_to_end.one_deployment import AUDIO, There
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.request import ResponseFormat

pytestmark = pytest.mark.anyio

HEARD: Final = Honest().text
BUSY: Final = Reply(429, b'{"error":"Too Many Requests"}', headers=(("Retry-After", "2"),))


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Jobs of the kit need no time: how long would have been waited."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        """Not at all."""
        waited.append(seconds)

    monkeypatch.setattr("voxplan.io_shell.meeting.sleep", sleep)
    return waited


@pytest.fixture
def wire() -> AssemblyAIWire:
    """The account."""
    return AssemblyAIWire()


@pytest.fixture
def server(wire: AssemblyAIWire) -> Iterator[SocketServer]:
    """Its server."""
    with SocketServer(wire) as running:
        yield running


async def test_a_job_is_uploaded_submitted_and_asked_for(server: SocketServer, wire: AssemblyAIWire) -> None:
    """The audio arrives as it is; its name and the seconds come back."""
    answer = await There(STAND, server).transcribe(prompt="A fable.", temperature=0.5, keywords=["fox", "red deer"])
    assert [(seen.method, seen.path.split("/")[2]) for seen in server.seen] == [
        ("POST", "upload"),
        *[("POST" if not i else "GET", "transcript") for i in range(4)],
    ]
    assert server.seen[0].body == AUDIO
    ((name, job),) = wire.jobs.items()
    assert job["prompt"] == "A fable. fox, red deer"
    said = answer.transcript
    assert (said.text, said.language, said.request_id, said.seconds) == (HEARD, "en", name, 5)
    assert wire.deleted == []


@pytest.mark.parametrize(
    ("response_format", "begins"),
    [
        ("text", "The quick"),
        ("srt", "1\n00:00:00,000 --> 00:00:04,400\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:04.400\n"),
        ("verbose_json", '{"task":"transcribe",'),
        ("diarized_json", '{"task":"transcribe",'),
    ],
)
async def test_every_format(server: SocketServer, response_format: ResponseFormat, begins: str) -> None:
    """Milliseconds there, seconds here."""
    answer = await There(STAND, server).transcribe(response_format=response_format)
    written = answer.render()
    assert written.startswith(begins)
    assert ('"speaker":"B"' in written) is (response_format == "diarized_json")


@pytest.mark.parametrize("model", [STAND.model, *STAND.others, "universal-3-5-pro,universal-2"])
async def test_every_model_takes_what_is_asked_of_all(server: SocketServer, model: str) -> None:
    """Words, speakers, keywords, one language out of several."""
    there = There(STAND, server, model)
    answer = await there.transcribe(timestamps=["word"], diarize=True, languages=["en", "de"], keywords=["fox"])
    await there.transcribe(language="en-GB")
    assert [(word.word, word.speaker) for word in answer.words or ()][1:3] == [("quick", "A"), ("brown", "B")]


async def test_a_transcript_is_deleted_where_the_deployment_says_so(server: SocketServer, wire: AssemblyAIWire) -> None:
    """As soon as it has been read."""
    answer = await There(STAND, server, settings={"delete": "true"}).transcribe()
    assert answer.text == HEARD
    assert wire.deleted == list(wire.jobs)


@pytest.mark.parametrize("failing", [Reply(500), Reply(404, b'{"error":"gone"}')])
async def test_a_deletion_that_fails_costs_no_transcript(failing: Behaviour, wire: AssemblyAIWire) -> None:
    """It was only tidying."""
    with SocketServer(wire, [*[Honest()] * 5, failing]) as server:
        answer = await There(STAND, server, settings={"delete": "true"}).transcribe()
    assert (answer.text, wire.deleted) == (HEARD, [])


async def test_a_busy_server_is_asked_again(wire: AssemblyAIWire, slept: list[float]) -> None:
    """When it wants, and without a second upload."""
    with SocketServer(wire, [Honest(), Honest(), BUSY, Reply(502)]) as server:
        answer = await There(STAND, server).transcribe()
    assert (answer.text, len(wire.uploads), len(answer.attempts)) == (HEARD, 1, 1)
    assert slept[1] == 2


@pytest.mark.parametrize(
    ("account", "options", "kind"),
    [
        (AssemblyAIWire(key="another"), {}, "unauthorized"),
        (AssemblyAIWire(max_body_bytes=10), {}, "too_large"),
        (AssemblyAIWire(fails="Audio duration is too short."), {}, "unsupported"),
        (AssemblyAIWire(fails="Something broke."), {}, "server_error"),
        (AssemblyAIWire(), {"format_text": "yes"}, "unsupported"),
        (AssemblyAIWire(), {"no_such_parameter": True}, "unsupported"),
    ],
)
async def test_each_refusal_has_its_kind(account: AssemblyAIWire, options: dict[str, bool | str], kind: FailureKind) -> None:
    """A job that failed says so under 200."""
    with SocketServer(account) as server, pytest.raises(voxplan.ProviderError) as raised:
        await There(STAND, server, options=options).transcribe()
    assert raised.value.kind == kind


async def test_a_hang_up_at_the_job_is_a_failure_of_the_call() -> None:
    """What was submitted may be charged."""
    with STAND.server([Honest(), HangUp()]) as server, pytest.raises(voxplan.ProviderError) as raised:
        await There(STAND, server).transcribe()
    assert raised.value.kind == "server_error"
