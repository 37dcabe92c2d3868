from pathlib import Path
from typing import Final, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.bodies import REFUSALS
from tests.adapters.driving import answer
from voxplan.adapters.refusals.complaints import Complaint
from voxplan.adapters.refusals.failures import CHARGED, HUNDREDS, RULES, STATUSES, kind_of, refusal
from voxplan.engine.terms.failure import FailureKind

# The recorded refusals of every provider, by file; those that are not here answer with the kind of their status.
RECORDED: Final[dict[str, FailureKind]] = {
    "assemblyai/error_400_bad_param.json": "unsupported",
    "assemblyai/error_401.json": "unauthorized",
    "assemblyai/error_429.json": "rate_limited",
    "azure/error_401_invalid_key.json": "unauthorized",
    "azure/error_404_deployment_not_found.json": "not_found",
    "azure/error_429_rate_limit.json": "rate_limited",
    # The language may be what is wrong, and a caller's language must not cool a deployment down.
    "deepgram/error_400_bad_model.json": "unsupported",
    "deepgram/error_400_corrupt_audio.json": "unsupported",
    "deepgram/error_400_invalid_json_new_shape.json": "unsupported",
    "deepgram/error_401_insufficient_permissions.json": "unauthorized",
    "deepgram/error_401_invalid_auth.json": "unauthorized",
    "deepgram/error_402_insufficient_funds.json": "out_of_quota",
    "deepgram/error_403_model_access.json": "not_found",
    "deepgram/error_404_plain_text.txt": "not_found",
    "deepgram/error_429_too_many_requests.json": "rate_limited",
    "elevenlabs/error_401_invalid_api_key.json": "unauthorized",
    "gemini/error_400_invalid_api_key.json": "unauthorized",
    "gemini/error_400_logprobs.json": "unsupported",
    "gemini/error_400_unknown_field.json": "unsupported",
    "gemini/error_429_quota.json": "rate_limited",
    "gemini/interactions_error_400_auth_array.json": "unauthorized",
    "groq/error_400_prompt_too_long.json": "unsupported",
    "groq/error_413_asph_too_large.json": "too_large",
    "groq/error_413_entity_too_large.json": "too_large",
    "groq/error_429_asph.json": "rate_limited",
    "mistral/error_401.json": "unauthorized",
    "openai/error_400_bad_extension.json": "unsupported",
    "openai/error_400_chunking_strategy_required.json": "unsupported",
    "openai/error_400_corrupt_file.json": "unsupported",
    "openai/error_400_duration.json": "too_large",
    "openai/error_400_response_format.json": "unsupported",
    "openai/error_401_audio_endpoint.json": "unauthorized",
    "openai/error_401_invalid_api_key.json": "unauthorized",
    "openai/error_413_body_too_large.json": "too_large",
    "openai/error_413_whisper_issue.json": "too_large",
    "self_hosted/localai_error_413.json": "too_large",
    "self_hosted/whisper_cpp_error_no_file.json": "unsupported",
    "vertex_ai/error_400_too_many_tokens.json": "too_large",
    "vertex_ai/error_401_unauthenticated.json": "unauthorized",
    "vertex_ai/speech_v2_error_400_too_long.json": "too_large",
}


class Recorded(msgspec.Struct):
    """What lies beside a recorded body."""

    status: int
    response_headers: dict[str, str] = {}


@pytest.mark.parametrize("name", REFUSALS)
def test_every_known_refusal_is_its_kind(name: str) -> None:
    """Each provider's way to say each thing."""
    refused = REFUSALS[name]
    failure = refusal(answer(refused.body, refused.status))
    assert failure.kind == refused.kind
    assert (failure.sent, failure.status) == ("yes", refused.status)


def test_every_recorded_refusal_is_its_kind(shared_fixtures: Path) -> None:
    """All recorded error bodies of all providers, with the status and headers they came with."""
    found: dict[str, FailureKind] = {}
    for body in sorted(file for file in shared_fixtures.glob("*/*error_*") if ".meta" not in file.suffixes):
        beside = msgspec.json.decode((body.parent / f"{body.name}.meta.json").read_bytes(), type=Recorded)
        response = msgspec.structs.replace(
            answer(body.read_bytes(), beside.status), headers=tuple(beside.response_headers.items())
        )
        found[f"{body.parent.name}/{body.name}"] = refusal(response).kind
    assert found == RECORDED


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, "not_found"),
        (307, "not_found"),
        (400, "unsupported"),
        (401, "unauthorized"),
        (402, "out_of_quota"),
        (403, "not_found"),
        (404, "not_found"),
        (408, "timed_out"),
        (409, "server_error"),
        (413, "too_large"),
        (415, "unsupported"),
        (418, "unsupported"),
        (422, "unsupported"),
        (424, "server_error"),
        (429, "rate_limited"),
        (498, "overloaded"),
        (499, "server_error"),
        (500, "server_error"),
        (502, "server_error"),
        (503, "overloaded"),
        (504, "timed_out"),
        (529, "overloaded"),
        (599, "server_error"),
    ],
)
def test_a_status_without_words_has_the_kind_of_the_language_page(status: int, kind: FailureKind) -> None:
    """The table of failure kinds, row by row."""
    assert kind_of(status, Complaint()) == kind


def test_every_status_has_a_kind() -> None:
    """No number that HTTP can carry is without a kind."""
    assert {kind_of(status, Complaint()) for status in range(100, 1000)} <= set(get_args(FailureKind))


def test_the_tables_are_complete() -> None:
    """What can be decided here has a price; what cannot come from one provider's answer is in no table."""
    decided = {rule.kind for rule in RULES} | set(STATUSES.values()) | set(HUNDREDS.values())
    assert decided == set(CHARGED)
    ours = {"cancelled", "blocked", "invalid_request", "not_connected", "poor_quality", "adapter_bug"}
    assert decided == set(get_args(FailureKind)) - ours


def test_the_rules_can_match() -> None:
    """Codes and markers are compared in lower case, so they are written so; no rule is without either."""
    for rule in RULES:
        assert rule.codes or rule.markers
        assert all(text == text.lower() for text in (*rule.codes, *rule.markers))


@given(st.integers(100, 999), st.binary(max_size=300))
def test_no_answer_is_too_strange(status: int, body: bytes) -> None:
    """Any status with any bytes is one failure with one short printable line."""
    failure = refusal(answer(body, status))
    assert failure.reason.isprintable()
    assert len(failure.reason) <= 160


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("error", "errors", "detail", "message", "code", "status", "details", "innererror")), inner
        )
    ),
    max_leaves=8,
)


@given(st.integers(200, 599), JSON)
def test_no_json_is_too_strange(status: int, body: object) -> None:
    """Envelopes of any make, right or wrong: one failure of a kind that an answer can have."""
    failure = refusal(answer(msgspec.json.encode(body), status))
    assert failure.kind in CHARGED
    assert failure.reason.isprintable()


def test_a_reason_says_status_code_and_message() -> None:
    """What the provider said, shortened; where it said nothing, what the kind means."""
    assert refusal(answer(REFUSALS["openai, no model"].body, 404)).reason == "http 404 model_not_found: the model does not exist"
    assert refusal(answer(b"", 503)).reason == "http 503: the provider is over capacity"
    assert refusal(answer(b"<html>secret page</html>", 502)).reason.endswith("the connection broke mid-answer")


def test_the_wait_is_kept() -> None:
    """From the headers first, from the message where a limit is only stated there."""
    limited = REFUSALS["gemini, rate in the words of a quota"].body
    assert refusal(answer(limited, 429)).retry_after_ms == 48_900
    assert refusal(answer(limited, 429, retry_after="2")).retry_after_ms == 2000
    assert refusal(answer(b"try again in 5s", 400)).retry_after_ms is None
    assert refusal(answer(b"", 429, x_ratelimit_reset_requests="6m0s")).retry_after_ms == 360_000
    assert refusal(answer(b"try again in 5s", 429, x_ratelimit_reset_requests="6m0s")).retry_after_ms == 5000
    # Every answer has the header; alone it is no wait.
    assert refusal(answer(b"", 500, x_ratelimit_reset_requests="6m0s")).retry_after_ms is None


@pytest.mark.parametrize("header", ["x_request_id", "apim_request_id", "dg_request_id"])
def test_the_providers_own_id_is_kept(header: str) -> None:
    """Under whichever name it comes; unreadable ones are left."""
    assert refusal(answer(b"", 500, **{header: "req_1"})).request_id == "req_1"
    assert refusal(answer(b"", 500, **{header: "a\x1b[2J"})).request_id is None
    assert refusal(answer(b"", 500, **{header: "a" * 200})).request_id is None
