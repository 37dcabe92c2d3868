"""The gateway against the table of thirty requests, over real sockets, with servers of six providers behind it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import httpx
import pytest
from msgspec.structs import replace

from tests.conformance.behaviours import Drip
from tests.conformance.kit import STANDS
from tests.conformance.openai_server import refused_url
from tests.end_to_end.gateway_process import in_thread
from tests.end_to_end.right_answers import AUDIO, KEY, Ask, Right, Row, World
from tests.end_to_end.thirty_requests import REFUSED, ROWS
from voxplan.engine.language.spec import Accept, Backoff, Retry, RouteNode, Spec
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.gateway.app import GatewayOptions, gateway

OPENAI: Final = {
    "first": "whisper-1",
    "second": "whisper-1",
    "third": "whisper-1",
    "newest-there": "gpt-transcribe",
    "live-there": "gpt-4o-transcribe",
    "speakers-there": "gpt-4o-transcribe-diarize",
}
OTHERS: Final = ("groq", "deepgram", "ovhcloud", "mistral", "assemblyai")
ROUTES: Final = {
    "whisper": RouteNode(use="first"),
    "again": RouteNode(use="first", retry=Retry(times=1, backoff=Backoff(base=Span(1), cap=Span(2)))),
    "hurried": RouteNode(use="first", timeout=Span(500)),
    "not-empty": RouteNode(first=(RouteNode(use="first"), RouteNode(use="second")), accept=Accept(not_empty=True)),
    **{name: RouteNode(use=f"{name}-there") for name in ("newest", "live", "speakers", "nobody", *OTHERS)},
}


@pytest.fixture
def world() -> Iterator[World]:
    """Servers of six providers, and the gateway in front of them."""
    with ExitStack() as opened:
        servers = {name: opened.enter_context(STANDS["openai"].server()) for name in OPENAI}
        deployments = {name: STANDS["openai"].deployment(servers[name], model) for name, model in OPENAI.items()}
        for name in OTHERS:
            servers[f"{name}-there"] = opened.enter_context(STANDS[name].server())
            deployments[f"{name}-there"] = STANDS[name].deployment(servers[f"{name}-there"])
        deployments["nobody-there"] = replace(deployments["first"], base_url=refused_url())
        spec = Spec(voxplan=1, deployments=deployments, routes=ROUTES)
        environment = STANDS["openai"].environment()
        yield World(opened.enter_context(in_thread(gateway(spec, GatewayOptions(key=KEY), environment=environment))), servers)


@pytest.mark.parametrize("row", ROWS, ids=[row.tried for row in ROWS])
def test_the_answer_is_right(row: Row, world: World) -> None:
    """Status, type, body, headers and calls; and nothing of what a provider worded, nor where it is."""
    for name, script in row.script.items():
        world.upstream[name].expect(*script)
    began = time.monotonic()
    answer, right = row.ask.send(world.address), row.right
    assert (answer.status_code, answer.headers["content-type"]) == (right.status, right.content_type), answer.text
    assert time.monotonic() - began < right.seconds
    assert answer.text.startswith(right.begins)
    assert right.text is None or answer.json()["text"] == right.text
    assert right.headers.items() <= dict(answer.headers).items()
    assert {name: len(world.upstream[name].seen) for name in right.calls} == right.calls
    assert_no_secrets(answer, world)
    if right.status != 200:
        assert_envelope(answer, right)
    if right.check is not None:
        right.check(answer, world)


def assert_envelope(answer: httpx.Response, right: Right) -> None:
    """OpenAI's, with a line for people, and the code and parameter for programs."""
    error = answer.json()["error"]
    assert {"message", "type", "param", "code"} <= set(error)
    assert error["message"]
    assert "\n" not in error["message"]
    assert right.code in {None, error["code"]}
    assert error["param"] == right.param


def assert_no_secrets(answer: httpx.Response, world: World) -> None:
    """No key, no organisation, no address."""
    shown = f"{answer.headers}{answer.text}"
    secrets = [KEY, str(STANDS["openai"].key), "org-secret", "sk-12345678", "Traceback"]
    assert [each for each in (*secrets, *(f":{server.port}" for server in world.upstream.values())) if each in shown] == []


def test_a_refused_key_stays_one(world: World) -> None:
    """Asked again within five seconds, the reference answers 429 and calls nobody; here the cause is told as before."""
    world.upstream["first"].expect(REFUSED, REFUSED)
    answers = [Ask("whisper").send(world.address) for _ in range(2)]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(502, "provider_key_refused")] * 2


def test_a_stream_comes_as_it_is_heard(world: World) -> None:
    """The first event is there long before the last; the reference sends all at the end."""
    world.upstream["live-there"].expect(Drip(pause_s=0.002, text="one two three four five six seven eight"))
    form, file = {"model": "live", "stream": "true"}, {"file": ("talk.wav", AUDIO, "audio/wav")}
    url, came = f"{world.address}/v1/audio/transcriptions", list[float]()
    with httpx.stream("POST", url, data=form, files=file, headers={"authorization": f"Bearer {KEY}"}, timeout=30) as answer:
        came.extend(time.monotonic() for line in answer.iter_lines() if line)
    assert len(came) == 8 + 2
    assert came[-1] - came[0] > 8 * 20 * 0.002
