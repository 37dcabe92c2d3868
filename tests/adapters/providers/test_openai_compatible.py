from pathlib import Path

import pytest

from tests.adapters.driving import answer, call, ended, fields, wanted
from voxplan.adapters.providers.openai_compatible import FACTS
from voxplan.engine.language.spec import PassedOption
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import Options, ResponseFormat
from voxplan.engine.terms.transcript import Transcript

HOME = "http://h:8000"
WHISPER = "Systran/faster-whisper-small"
VOXTRAL = "mistralai/Voxtral-Small-24B-2507"


@pytest.mark.parametrize(
    ("model", "options", "sent"),
    [
        (WHISPER, Options(stream=True), {"stream": ["true"], "response_format": ["json"]}),
        (VOXTRAL, Options(stream=True), {"stream": ["true"], "response_format": ["json"]}),
        # vLLM refuses to stream what has times: the answer comes whole.
        (WHISPER, Options(stream=True, response_format="srt"), {"stream": None, "response_format": ["verbose_json"]}),
        ("acme/gpt-4o-transcribe-diarize", Options(), {"chunking_strategy": ["auto"], "response_format": ["diarized_json"]}),
    ],
)
def test_what_is_asked(model: str, options: Options, sent: dict[str, list[str] | None]) -> None:
    """As each server, and each model behind a gateway, takes it."""
    found = fields(call(model, options, HOME, "openai_compatible"))
    assert {name: found.get(name) for name in sent} == sent
    assert wanted(call(model, options, HOME, "openai_compatible")).stream == (sent.get("stream") == ["true"])


@pytest.mark.parametrize(
    ("model", "prompt", "segments", "diarization"),
    [
        ("acme/gpt-4o-transcribe-diarize", False, True, True),
        ("openai/gpt-4o-mini-transcribe", True, False, False),
        ("voxtral-local", True, False, False),
        (WHISPER, True, True, False),
    ],
)
def test_facts_by_part_of_the_name(model: str, prompt: bool, segments: bool, diarization: bool) -> None:
    """Facts and form agree: what a model behind a gateway is asked for is what it can do."""
    can = FACTS.capabilities(model)
    assert (can.prompt, can.segments, can.diarization) == (prompt, segments, diarization)
    assert (can.max_bytes, can.max_seconds, can.containers) == (None, None, None)


@pytest.mark.parametrize(
    ("extra", "sent"),
    [
        ({"hotwords": "Ada"}, {"hotwords": ["Ada"]}),
        ({"vad_filter": True, "seed": 7}, {"vad_filter": ["true"], "seed": ["7"]}),
        ({"vllm_xargs": {"a": 1, "b": "c"}}, {"vllm_xargs": ['{"a":1,"b":"c"}']}),
        ({"suppress": (1, 2)}, {"suppress[]": ["1", "2"]}),
    ],
)
def test_a_servers_own_fields(extra: dict[str, PassedOption], sent: dict[str, list[str]]) -> None:
    """Under their own names; objects as JSON text."""
    found = fields(call(WHISPER, None, HOME, "openai_compatible", extra=extra))
    assert {name: found.get(name) for name in sent} == sent


def test_a_name_is_left_as_it_is() -> None:
    """What a server takes is its owner's affair."""
    body = wanted(call(WHISPER, None, HOME, "openai_compatible", filename="a.opus")).body
    assert getattr(body, "filename", None) == "a.opus"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error":{"message":"bad","type":"BadRequestError","param":null,"code":400}}', "unsupported"),
        (404, b'{"object":"error","message":"no such model","type":"NotFoundError","code":404}', "not_found"),
        (401, b'{"error":"Unauthorized"}', "unauthorized"),
        (422, b'{"detail":[{"loc":["body","file"],"msg":"Field required","type":"missing"}]}', "unsupported"),
        (200, b'{"error":"failed to read audio"}', "unsupported"),
        (503, b'{"status":"loading model"}', "overloaded"),
    ],
)
def test_refusals(status: int, body: bytes, kind: FailureKind) -> None:
    """VLLM's two, speaches', whisper.cpp's."""
    found = ended(call(WHISPER, None, HOME, "openai_compatible"), answer(body, status))
    assert isinstance(found, AttemptFailure)
    assert found.kind == kind


@pytest.mark.parametrize("response_format", ["json", "verbose_json"])
def test_recorded_answers(shared_fixtures: Path, response_format: ResponseFormat) -> None:
    """What a server at home answered decodes."""
    body = (shared_fixtures / "self_hosted" / "vllm_json.json").read_bytes()
    found = ended(call(WHISPER, Options(response_format=response_format), HOME, "openai_compatible"), answer(body))
    assert isinstance(found, Transcript)
    assert found.text
