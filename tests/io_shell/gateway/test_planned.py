import httpx
import pytest

from tests.io_shell.gateway.calling import ADDRESS, KEY, SPEC, OneKey, calling
from tests.sounds import tone
from voxplan.engine.language.gateway import Gateway as Rules
from voxplan.engine.terms.quantity import Size
from voxplan.io_shell.gateway.app import GatewayOptions
from voxplan.io_shell.gateway.callers import Caller
from voxplan.io_shell.gateway.planned import PLAN_FIELDS

pytestmark = pytest.mark.anyio


def attempts(report: dict[str, dict[str, dict[str, list[dict[str, str]]]]]) -> list[str]:
    """The deployments of a plan whose root is a list."""
    return [node["deployment"] for node in report["plan"]["root"]["children"]]


async def test_a_form_without_a_file_is_planned() -> None:
    """The tree, its digest, its bounds and what calls cost; the same seed gives the same."""
    async with calling() as client:
        told = {"model": "whisper", "seconds": "90", "seed": "7"}
        first, again = [(await client.post("/v1/plan", data=told)).json() for _ in range(2)]
    assert attempts(first) == ["whisper-1", "house"]
    assert first["plan"]["bounds"]["deployments"] == ["house", "whisper-1"]
    assert first["likely_costs"] == {"whisper-1": 9_000_000}
    assert first["seed"] == 7
    assert (first["digest"], first["plan"]) == (again["digest"], again["plan"])


@pytest.mark.parametrize("path", ["/v1/plan", "/plan"])
async def test_a_multipart_form_may_bring_the_audio(path: str) -> None:
    """What the audio says of itself is what the plan is made from."""
    async with calling() as client:
        answer = await client.post(path, data={"model": "whisper"}, files={"file": ("a.wav", tone(2.0), "audio/wav")})
    assert answer.json()["request"]["audio"] == {"bytes": 64_044, "seconds": 2.0, "format": "wav", "channels": 1}


async def test_every_fact_can_be_told() -> None:
    """Instead of the audio."""
    facts = {"seconds": "1.5", "bytes": "25MB", "format": "mp3", "channels": "2"}
    async with calling() as client:
        answer = await client.post("/v1/plan", data={"model": "whisper", **facts})
    assert answer.json()["request"]["audio"] == {"bytes": 25_000_000, "seconds": 1.5, "format": "mp3", "channels": 2}
    assert set(PLAN_FIELDS) == {*facts, "translate", "seed"}


async def test_a_translation_can_be_planned() -> None:
    """It leaves out who cannot; a route where nobody can is refused as the translation would be."""
    async with calling() as client:
        planned = (await client.post("/v1/plan", data={"model": "whisper", "translate": "true"})).json()
        refused = await client.post("/v1/plan", data={"model": "live", "translate": "true"})
    assert planned["request"]["options"]["translate"] is True
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "model")


async def test_who_cannot_is_left_out_with_the_reason() -> None:
    """As in a plan of the command line."""
    async with calling() as client:
        report = (await client.post("/v1/plan", data={"model": "whisper", "stream": "true"})).json()
    assert report["plan"]["streams"] is True
    assert [entry["deployments"] for entry in report["plan"]["left_out"]] == [["whisper-1"]]


async def test_a_request_that_nobody_can_take_is_answered() -> None:
    """With the reasons of every deployment, and not with an error: that is what would happen."""
    async with calling() as client:
        answer = await client.post("/v1/plan", data={"model": "live", "diarize": "true"})
    assert answer.status_code == 200
    refusal = answer.json()["refusal"]
    assert (refusal["code"], refusal["left_out"][0]["deployments"]) == ("nothing_eligible", ["gpt"])
    assert "plan" not in {name for name, value in answer.json().items() if value is not None}


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"model": "whispr"}, 404, "model"),
        ({"model": "whisper", "fallbacks": "nobody"}, 400, "fallbacks"),
        ({"model": "whisper", "simulate": '{"nobody": "overloaded"}'}, 400, "simulate"),
        ({"model": "whisper", "seconds": "0"}, 400, "seconds"),
        ({"model": "whisper", "seconds": "1e9"}, 400, "seconds"),
        ({"model": "whisper", "bytes": "-1"}, 400, "bytes"),
        ({"model": "whisper", "format": "mp33"}, 400, "format"),
        ({"model": "whisper", "channels": "0"}, 400, "channels"),
        ({"model": "whisper", "seed": "x"}, 400, "seed"),
        ({"model": "whisper", "seed": "-9999999999999999999"}, 400, "seed"),
        ({"model": "whisper", "url": "https://example.com/a.mp3"}, 400, "url"),
        ({"model": "whisper", "secnds": "1"}, 400, "secnds"),
        ({}, 400, "model"),
    ],
)
async def test_what_is_wrong_in_itself_is_refused(fields: dict[str, str], status: int, param: str) -> None:
    """As a transcription would be; the field is named."""
    async with calling() as client:
        answer = await client.post("/v1/plan", data=fields, headers={"content-type": "application/x-www-form-urlencoded"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)


async def test_facts_beside_the_audio_contradict_it() -> None:
    """Nobody would know which holds."""
    async with calling() as client:
        sent = {"file": ("a.wav", tone(), "audio/wav")}
        answer = await client.post("/v1/plan", data={"model": "whisper", "seconds": "9"}, files=sent)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "seconds")


# On trio httpx leaves the rest of a body that nobody wanted to the garbage collector, which is an error here.
where_httpx_tidies_up = pytest.mark.parametrize("anyio_backend", ["asyncio"])


@where_httpx_tidies_up
@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"model": "whisper"}', "application/json", 415),
        (b"model=whisper", None, 415),
        (b"model=%ff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"tags=a" for _ in range(300)), "application/x-www-form-urlencoded", 400),
        (b"prompt=" + b"a" * (1 << 20), "application/x-www-form-urlencoded", 413),
    ],
)
async def test_bodies_that_are_no_form_of_ours(content: bytes, kind: str | None, status: int) -> None:
    """Each is told."""
    async with calling() as client:
        answer = await client.post("/v1/plan", content=content, headers={} if kind is None else {"content-type": kind})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


async def test_audio_that_is_none_is_refused() -> None:
    """Before anything is planned."""
    async with calling() as client:
        sent = {"file": ("a.png", b"\x89PNG\r\n\x1a\n and so on", "image/png")}
        answer = await client.post("/v1/plan", data={"model": "whisper"}, files=sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_audio")


@where_httpx_tidies_up
async def test_the_limit_of_uploads_holds() -> None:
    """A plan needs no more than a transcription may have."""
    async with calling(rules=Rules(largest_upload=Size(100))) as client:
        sent = {"file": ("a.wav", tone(), "audio/wav")}
        answer = await client.post("/v1/plan", data={"model": "whisper"}, files=sent)
    assert answer.status_code == 413


async def test_nothing_but_names_is_told() -> None:
    """Neither addresses, nor references to keys, nor keys; voices are not repeated."""
    voice = "data:audio/wav;base64,UklGRg=="
    speakers = {"known_speaker_names[]": "Ann", "known_speaker_references[]": voice}
    async with calling() as client:
        answers = [
            await client.post("/v1/plan", data={"model": "whisper"}),
            await client.post("/v1/plan", data={"model": "live", **speakers}),
        ]
    for answer in answers:
        assert answer.status_code == 200
        for hidden in (ADDRESS, "internal.example", "_KEY", "sk-", voice):
            assert hidden not in answer.text
    credentials = [node["credential"] for node in answers[0].json()["plan"]["root"]["children"]]
    assert credentials == ["account cloud", "house"]


async def test_a_key_plans_what_it_may_use() -> None:
    """And no more."""
    options = GatewayOptions(key=KEY, keys=OneKey("sk-alice", Caller(key="alice", allowed=("live",))))
    async with calling(SPEC, options) as client:
        client.headers["authorization"] = "Bearer sk-alice"
        allowed = await client.post("/v1/plan", data={"model": "live"})
        other = await client.post("/v1/plan", data={"model": "whisper"})
        simulated = await client.post("/v1/plan", data={"model": "live", "mock_testing_fallbacks": "true"})
    assert (allowed.status_code, allowed.json()["request"]["key"]) == (200, "alice")
    assert (other.status_code, simulated.status_code) == (404, 403)


async def test_the_headers_name_the_request() -> None:
    """Like those of a transcription."""
    async with calling() as client:
        answer: httpx.Response = await client.post("/v1/plan", data={"model": "whisper"})
    assert answer.headers["x-litellm-model-group"] == "whisper"
    assert len(answer.headers["x-litellm-call-id"]) == 32
