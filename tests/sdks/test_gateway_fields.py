"""What OpenAI's own client sends is what the gateway reads, with what its users put into `extra_body`."""

import pytest

from tests.conformance.behaviours import Reply
from tests.conformance.requests_seen import Seen
from tests.conformance.socket_server import SocketServer
from tests.making import router, use
from voxplan.engine.terms.request import KnownSpeaker, Options, Request, Simulation
from voxplan.io_shell.gateway.fields import asked_fields
from voxplan.io_shell.requesting import asked_request

openai = pytest.importorskip("openai")

pytestmark = pytest.mark.filterwarnings("ignore")

VOICE = "data:audio/wav;base64,UklGRg=="


def hear(_seen: Seen, _text: str) -> Reply:
    """Any form is answered."""
    return Reply(200, b'{"text": "hi"}')


def test_every_option_arrives() -> None:
    """Lists with brackets, objects with a field for each entry."""
    with SocketServer(hear) as server:
        client = openai.OpenAI(api_key="k", base_url=f"http://127.0.0.1:{server.port}/v1", max_retries=0)
        with client:
            client.audio.transcriptions.create(
                model="r",
                file=("a.wav", b"RIFF"),
                languages=["en", "fi"],
                keywords=["Kela"],
                temperature=0.2,
                timestamp_granularities=["word", "segment"],
                include=["logprobs"],
                chunking_strategy={"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 200},
                known_speaker_names=["Ann"],
                known_speaker_references=[VOICE],
                extra_headers={"x-litellm-tags": "v"},
                extra_body={
                    "fallbacks": ["a", "b"],
                    "metadata": {"team": "x", "tags": ["t"], "deep": {"a": {"b": 1}}},
                    "simulate": {"a": "rate_limited"},
                    "mock_testing_fallbacks": True,
                    "num_retries": 2,
                    "timeout": 1.5,
                    "user": "u",
                },
            )
        seen = server.seen[0]
    assert seen.form is not None
    found = asked_fields(seen.form.fields, seen.headers)
    assert found.model == "r"
    assert asked_request(router(use("a"), "a", "b"), found.options) == Request(
        route="r",
        options=Options(
            languages=("en", "fi"),
            keywords=("Kela",),
            temperature=0.2,
            timestamps=("word", "segment"),
            logprobs=True,
            chunking_strategy='{"silence_duration_ms":200,"threshold":0.5,"type":"server_vad"}',
            known_speakers=(KnownSpeaker(name="Ann", reference=VOICE),),
        ),
        user="u",
        tags=("t", "v"),
        metadata=(("deep", '{"a":{"b":"1"}}'), ("team", "x")),
        fallbacks=("a", "b"),
        deadline_ms=1500,
        retries=2,
        simulate=Simulation(failures=(("a", "rate_limited"),), first_child=True),
    )
