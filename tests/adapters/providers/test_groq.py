from pathlib import Path

import pytest

from tests.adapters.driving import answer, call, ended, fields, wanted
from voxplan.adapters.providers.groq import FACTS
from voxplan.engine.plans.pricing import worst_cost
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import Options
from voxplan.engine.terms.transcript import Transcript

MODEL = "whisper-large-v3"


def test_where_it_goes() -> None:
    """Under `/openai/v1`, also where the deployment names the host alone."""
    assert wanted(call(MODEL, provider="groq")).url == "https://api.groq.com/openai/v1/audio/transcriptions"
    assert wanted(call(MODEL, provider="groq", base_url="https://h/")).url == "https://h/openai/v1/audio/transcriptions"


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (Options(), {"response_format": ["json"]}),
        (Options(response_format="srt"), {"response_format": ["verbose_json"], "timestamp_granularities[]": None}),
        (Options(response_format="vtt", timestamps=("word",)), {"timestamp_granularities[]": ["word", "segment"]}),
        (Options(language="English", prompt="x" * 896), {"language": ["en"], "prompt": ["x" * 896]}),
    ],
)
def test_what_is_asked(options: Options, sent: dict[str, list[str] | None]) -> None:
    """Neither srt nor vtt, which it does not know."""
    found = fields(call(MODEL, options, provider="groq"))
    assert {name: found.get(name) for name in sent} == sent


@pytest.mark.parametrize(
    "options", [Options(prompt="x" * 897), Options(stream=True), Options(diarize=True), Options(logprobs=True)]
)
def test_what_it_would_refuse_is_not_sent(options: Options) -> None:
    """A prompt of more than 896 characters above all."""
    found = ended(call(MODEL, options, provider="groq"))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent) == ("unsupported", "no")


def test_the_request_id_stands_in_the_body() -> None:
    """Where no header has it; the text begins with a space there."""
    found = ended(call(MODEL, provider="groq"), answer(b'{"text":" A.","x_groq":{"id":"req_1"}}'))
    assert found == Transcript(text="A.", request_id="req_1")
    odd = ended(call(MODEL, provider="groq"), answer(b'{"text":" A.","x_groq":null}'))
    assert odd == Transcript(text="A.")


@pytest.mark.parametrize(("seconds", "nano"), [(1.0, 308_334), (10.0, 308_334), (3600.0, 111_000_000)])
def test_ten_seconds_are_billed_at_least(seconds: float, nano: int) -> None:
    """$0.111 an hour."""
    price = FACTS.capabilities(MODEL).price
    assert price is not None
    assert worst_cost(price, seconds) == nano


LIMIT = "Limit 7200, Used 7170, Requested 230. Please try again in 1m39.738s."


@pytest.mark.parametrize(
    ("status", "message", "code", "kind"),
    [
        (413, "Request Entity Too Large", "request_too_large", "too_large"),
        (413, "Request too large for model `m`: Limit 7200, Requested 10200", "rate_limit_exceeded", "rate_limited"),
        (429, f"Rate limit reached for model `m`: {LIMIT}", "rate_limit_exceeded", "rate_limited"),
        (498, "no capacity", "capacity_exceeded", "overloaded"),
        (401, "Invalid API Key", "invalid_api_key", "unauthorized"),
        (404, "The model `m` does not exist", "model_not_found", "not_found"),
    ],
)
def test_refusals(status: int, message: str, code: str, kind: FailureKind) -> None:
    """A quota under the status of a size is a quota."""
    body = f'{{"error":{{"message":"{message}","type":"seconds","code":"{code}"}}}}'.encode()
    found = ended(call(MODEL, provider="groq"), answer(body, status))
    assert isinstance(found, AttemptFailure)
    assert found.kind == kind
    if status == 429:
        assert found.retry_after_ms == 99_738


def test_recorded_answers(shared_fixtures: Path) -> None:
    """Every recorded error is what it is, and none names the account."""
    kinds: dict[str, FailureKind] = {
        "error_400_prompt_too_long": "unsupported",
        "error_413_asph_too_large": "rate_limited",
        "error_413_entity_too_large": "too_large",
        "error_429_asph": "rate_limited",
    }
    for name, kind in kinds.items():
        body = (shared_fixtures / "groq" / f"{name}.json").read_bytes()
        found = ended(call(MODEL, provider="groq"), answer(body, int(name.split("_")[1])))
        assert isinstance(found, AttemptFailure)
        assert found.kind == kind
        assert "org_" not in found.reason
