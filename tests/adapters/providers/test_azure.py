from collections.abc import Generator
from pathlib import Path

import pytest
from returns.result import Failure, Success

from tests.adapters.driving import answer, call, ended, fields, wanted
from voxplan.adapters.catalog import CATALOG
from voxplan.adapters.openai_shape.addressing import API_VERSION
from voxplan.adapters.providers.azure import FACTS, exchange
from voxplan.adapters.wire import Call, Done, Got, Granted, Header, HttpRequest, Secret, Token, Want
from voxplan.engine.checks.checking import check
from voxplan.engine.checks.selecting import selected
from voxplan.engine.language.spec import Account, Deployment, RouteNode, Selector, Spec
from voxplan.engine.plans.accounts import filled_in
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import Options
from voxplan.engine.terms.transcript import Transcript

HOME = "https://r.openai.azure.com"


def at(
    base_url: str = HOME,
    settings: dict[str, str] | None = None,
    model: str = "speech",
    options: Options | None = None,
    *,
    has_key: bool = True,
) -> Call:
    """A call to a deployment of a resource."""
    return call(model, options, base_url, "azure", has_key=has_key, settings=settings)


@pytest.mark.parametrize(
    ("base_url", "settings", "url"),
    [
        (HOME, {}, f"{HOME}/openai/deployments/speech/audio/transcriptions?api-version={API_VERSION}"),
        (
            f"{HOME}/",
            {"api_version": "2024-06-01"},
            f"{HOME}/openai/deployments/speech/audio/transcriptions?api-version=2024-06-01",
        ),
        (f"{HOME}/openai/", {"api_version": "v"}, f"{HOME}/openai/deployments/speech/audio/transcriptions?api-version=v"),
        (HOME, {"api": "v1"}, f"{HOME}/openai/v1/audio/transcriptions"),
        (HOME, {"api": "v1", "api_version": "preview"}, f"{HOME}/openai/v1/audio/transcriptions?api-version=preview"),
        (f"{HOME}/openai/v1/", {}, f"{HOME}/openai/v1/audio/transcriptions"),
        (
            f"{HOME}/openai/deployments/w/audio/transcriptions?api-version=2024-06-01",
            {"api_version": "other"},
            f"{HOME}/openai/deployments/w/audio/transcriptions?api-version=2024-06-01",
        ),
        (f"{HOME}/openai/deployments/w", {}, f"{HOME}/openai/deployments/w/audio/transcriptions?api-version={API_VERSION}"),
        (
            f"{HOME}/openai/deployments/",
            {},
            f"{HOME}/openai/deployments/speech/audio/transcriptions?api-version={API_VERSION}",
        ),
        (
            f"{HOME}/openai/deployments/w/audio/translations?api-version=2024-06-01",
            {},
            f"{HOME}/openai/deployments/w/audio/transcriptions?api-version=2024-06-01",
        ),
        (
            "https://r.cognitiveservices.azure.com/?api-version=2024-10-21",
            {},
            "https://r.cognitiveservices.azure.com/openai/deployments/speech/audio/transcriptions?api-version=2024-10-21",
        ),
        # A dated version is for deployments; `/openai/v1` refuses it, and the environment names it for both.
        (HOME, {"api": "v1", "api_version": "2024-06-01"}, f"{HOME}/openai/v1/audio/transcriptions"),
        (f"{HOME}/openai/v1?api-version=2024-06-01", {}, f"{HOME}/openai/v1/audio/transcriptions"),
        (
            f"{HOME}/openai/v1?api-version=preview",
            {"api_version": "2024-06-01"},
            f"{HOME}/openai/v1/audio/transcriptions?api-version=preview",
        ),
        (
            "https://gate/azure",
            {},
            f"https://gate/azure/openai/deployments/speech/audio/transcriptions?api-version={API_VERSION}",
        ),
    ],
)
def test_addresses_as_people_write_them(base_url: str, settings: dict[str, str], url: str) -> None:
    """The resource, its v1, a deployment, or the whole target that the portal shows."""
    assert wanted(at(base_url, settings)).url == url


@pytest.mark.parametrize(("settings", "named"), [({}, None), ({"api": "v1"}, ["speech"])])
def test_the_model_is_named_once(settings: dict[str, str], named: list[str] | None) -> None:
    """In the address of its deployment, or in the form: never in both."""
    assert fields(at(settings=settings)).get("model") == named


def test_a_deployments_name_is_written_as_addresses_are() -> None:
    """Whatever it holds."""
    assert "/deployments/speech%20one%2F2/audio" in wanted(at(model="speech one/2")).url


def test_an_unknown_api_is_told() -> None:
    """Nothing is sent."""
    found = ended(at(settings={"api": "v2"}))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent) == ("not_found", "no")


def test_a_key_has_a_header_of_its_own() -> None:
    """Without a prefix, and no other."""
    assert wanted(at()).headers == (Header("accept", "application/json"), Header("api-key", Secret("")))


def test_without_a_key_there_is_a_token() -> None:
    """Had before the request, and sent as bearer."""
    steps: Generator[Want, Got, Success[Transcript] | Failure[AttemptFailure]] = exchange(at(has_key=False))
    assert next(steps) == Token(kind="entra")
    want = steps.send(Granted())
    assert isinstance(want, HttpRequest)
    assert want.headers[1:] == (Header("authorization", Secret("Bearer ")),)
    misled = exchange(at(has_key=False))
    next(misled)
    with pytest.raises(StopIteration) as stopped:
        misled.send(Done())
    assert stopped.value.value.failure().kind == "adapter_bug"


@pytest.mark.parametrize(
    ("model", "settings", "response_format"),
    [
        ("my-whisper", {}, "verbose_json"),
        ("team-diarize", {}, "diarized_json"),
        ("speech", {"base_model": "whisper-1"}, "verbose_json"),
        ("my-whisper", {"base_model": "gpt-4o-transcribe-diarize"}, "diarized_json"),
    ],
)
def test_what_stands_behind_a_deployment(model: str, settings: dict[str, str], response_format: str) -> None:
    """The setting says it, else the name."""
    made = at(model=model, options=Options(response_format="srt"), settings=settings)
    assert fields(made)["response_format"] == [response_format]
    assert FACTS.capabilities(FACTS.known_model(model, settings)).segments


def test_a_deployment_that_says_nothing_gives_text_alone() -> None:
    """Times may not be had there, so they are not asked for."""
    found = ended(at(options=Options(response_format="srt")))
    assert isinstance(found, AttemptFailure)
    assert found.kind == "unsupported"
    assert not FACTS.capabilities("speech").segments


def deployed(model: str, **settings: str) -> Deployment:
    """A deployment with a key."""
    return Deployment(provider="azure", model=model, base_url=HOME, api_key="${KEY}", settings=settings)


def test_the_setting_counts_wherever_models_are_judged() -> None:
    """In selectors, in warnings, in prices: of its own, and of its account."""
    account = Account(provider="azure", base_url=HOME, api_key="${KEY}", settings={"base_model": "gpt-transcribe"})
    deployments = {
        "said": deployed("speech", base_model="whisper-1"),
        "unsaid": deployed("speech"),
        "inherited": Deployment(account="ours", model="speech"),
    }
    spec = Spec(
        voxplan=1,
        accounts={"ours": account},
        deployments=deployments,
        routes={"main": RouteNode(first=tuple(RouteNode(use=name) for name in deployments))},
    )
    assert selected(spec, Selector(capability=("words",)), CATALOG) == ("said",)
    assert selected(spec, Selector(capability=("keywords",)), CATALOG) == ("inherited",)
    found = {str(finding.path[1]): finding.message for finding in check(spec, CATALOG) if finding.path[-1] == "model"}
    assert set(found) == {"said", "inherited"}
    assert found["said"] == "model `whisper-1` is switched off on 2026-12-15"
    filled = {name: filled_in(name, spec, CATALOG) for name in deployments}
    assert {name: each.price is not None for name, each in filled.items()} == {"said": True, "unsaid": False, "inherited": True}
    assert filled["said"].capabilities.words
    assert filled["inherited"].model == "speech"


@pytest.mark.parametrize(
    ("base_model", "on"),
    [
        ("whisper-1", "2026-12-15"),
        ("gpt-4o-transcribe", "2026-10-15"),
        ("gpt-4o-mini-transcribe", "2027-06-15"),
        ("gpt-4o-transcribe-diarize", "2027-04-15"),
        ("gpt-transcribe", "2028-02-01"),
    ],
)
def test_when_models_go(base_model: str, on: str) -> None:
    """Azure has dates of its own."""
    retirement = FACTS.capabilities(base_model).retirement
    assert retirement is not None
    assert retirement.on == on


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"error":{"code":"401","message":"Access denied"}}', "unauthorized"),
        (404, b'{"error":{"code":"DeploymentNotFound","message":"it does not exist"}}', "not_found"),
        (404, b'{"error":{"code":"404","message":"Resource not found"}}', "not_found"),
        (403, b'{"error":{"code":"403","message":"Out of call volume quota. It will be replenished."}}', "out_of_quota"),
        (429, b'{"error":{"code":"RateLimitReached","message":"exceeded the rate"}}', "rate_limited"),
        (429, b'{"error":{"code":"429","message":"exceeded the rate"}}', "rate_limited"),
        (
            400,
            b'{"error":{"code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}',
            "content_filtered",
        ),
        (400, b'{"error":{"code":null,"message":"triggering our Content Management Policy. Please"}}', "content_filtered"),
    ],
)
def test_refusals(status: int, body: bytes, kind: FailureKind) -> None:
    """The gateway's envelope, and the filter's."""
    found = ended(at(), answer(body, status, apim_request_id="apim-1"))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.request_id) == (kind, "apim-1")


def test_recorded_refusals(shared_fixtures: Path) -> None:
    """Every recorded error of the gateway is what it is."""
    kinds: dict[str, FailureKind] = {"401": "unauthorized", "404": "not_found", "429": "rate_limited"}
    files = [file for file in shared_fixtures.glob("azure/error_*.json") if ".meta" not in file.suffixes]
    assert files
    for file in files:
        status = file.name.split("_")[1]
        found = ended(at(), answer(file.read_bytes(), int(status)))
        assert isinstance(found, AttemptFailure)
        assert found.kind == kinds[status], file
