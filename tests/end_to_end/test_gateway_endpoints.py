"""The gateway's endpoints over real sockets and below other services."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from types import ModuleType
from typing import Final

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import voxplan
from tests.conformance.behaviours import Honest
from tests.conformance.kit import STANDS
from tests.conformance.socket_server import SocketServer
from tests.end_to_end.gateway_process import in_thread
from tests.sounds import tone
from voxplan.engine.language.spec import OptionRules, RouteNode, Spec
from voxplan.io_shell.gateway.app import Gateway, GatewayOptions, gateway

KEY: Final = "sk-gateway-0123456789"
STAND: Final = STANDS["openai"]
FORM: Final = {"file": ("tone.wav", tone(), "audio/wav")}


def made(upstream: SocketServer) -> Gateway:
    """One route that translates, and one that does not."""
    spec = Spec(
        voxplan=1,
        deployments={"w": STAND.deployment(upstream, "whisper-1"), "g": STAND.deployment(upstream, "gpt-4o-transcribe")},
        routes={"whisper": RouteNode(use="w", options=OptionRules(stream="emulate")), "gpt": RouteNode(use="g")},
    )
    return gateway(spec, GatewayOptions(key=KEY), environment=STAND.environment())


@contextmanager
def client() -> Generator[tuple[httpx.Client, SocketServer]]:
    """A client of a gateway before a provider, both on sockets."""
    with (
        STAND.server() as upstream,
        in_thread(made(upstream)) as address,
        httpx.Client(base_url=address, headers={"authorization": f"Bearer {KEY}"}, timeout=20) as found,
    ):
        yield found, upstream


@pytest.mark.parametrize(
    "path",
    [
        "/v1/audio/translations",
        "/audio/translations",
        "/openai/v1/audio/translations",
        "/openai/deployments/whisper/audio/translations?api-version=2024-06-01",
    ],
)
def test_translations_reach_a_model_that_can(path: str) -> None:
    """At all their addresses; the provider's endpoint for translations is asked."""
    with client() as (gate, upstream):
        answer = gate.post(path, data={"model": "whisper", "response_format": "verbose_json"}, files=FORM)
        assert (answer.status_code, answer.json()["task"]) == (200, "translate")
        assert [seen.path.rpartition("/")[2] for seen in upstream.seen] == ["translations"]


def test_a_route_that_cannot_translate_says_which_can() -> None:
    """400 before anything is sent."""
    with client() as (gate, upstream):
        answer = gate.post("/v1/audio/translations", data={"model": "gpt"}, files=FORM)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "model")
        assert answer.json()["error"]["message"] == "no deployment of route `gpt` can translate: `whisper` can"
        assert upstream.seen == []


def test_what_a_model_cannot_do_when_it_translates_is_said() -> None:
    """OpenAI's takes no language there; nothing is left out in silence."""
    with client() as (gate, upstream):
        answer = gate.post("/v1/audio/translations", data={"model": "whisper", "language": "de"}, files=FORM)
        assert answer.status_code == 400
        assert "takes no language when it translates" in answer.json()["error"]["message"]
        assert upstream.seen == []


def test_a_fallback_that_translates_will_do() -> None:
    """The route is left out of the plan, and the fallback serves."""
    with client() as (gate, _):
        answer = gate.post("/v1/audio/translations", data={"model": "gpt", "fallbacks": "w"}, files=FORM)
        assert (answer.status_code, answer.headers["x-voxplan-served-by"]) == (200, "w")


@pytest.mark.filterwarnings("ignore")
def test_openai_s_own_client_translates() -> None:
    """As its users write it."""
    openai = pytest.importorskip("openai")
    with client() as (gate, _), openai.OpenAI(base_url=f"{gate.base_url}/v1", api_key=KEY, max_retries=0) as caller:
        assert caller.audio.translations.create(model="whisper", file=("tone.wav", tone())).text == Honest().text


def test_a_plan_is_what_then_happens() -> None:
    """The digest is the same, and nothing was sent for the plan."""
    with client() as (gate, upstream):
        planned = gate.post("/v1/plan", data={"model": "whisper", "seed": "7"}, files=FORM)
        assert upstream.seen == []
        served = gate.post("/v1/audio/transcriptions", data={"model": "whisper"}, files=FORM)
        again = gate.post("/v1/plan", data={"model": "whisper", "seed": served.headers["x-voxplan-seed"]}, files=FORM)
        assert planned.json()["digest"]
        assert again.json()["digest"] == served.headers["x-voxplan-plan"]


def test_health_learns_from_requests() -> None:
    """The latency of what has been called is known."""
    with client() as (gate, _):
        before = {each["model"]: each["latency"] for each in gate.get("/health").json()["healthy_endpoints"]}
        gate.post("/v1/audio/transcriptions", data={"model": "whisper"}, files=FORM)
        after = {each["model"]: each["latency"] for each in gate.get("/health").json()["healthy_endpoints"]}
        assert before == {"w": None, "g": None}
        assert after["w"] >= 0
        assert after["g"] is None


@pytest.mark.anyio
async def test_a_health_check_is_a_call_like_any_other() -> None:
    """A second of sound reaches the provider and is answered; nothing is learnt about latency from it."""
    with STAND.server() as upstream:
        spec = Spec(voxplan=1, deployments={"w": STAND.deployment(upstream, "whisper-1")}, routes={"whisper": RouteNode(use="w")})
        async with voxplan.open(spec, environment=STAND.environment()) as vox:
            answer = await vox.check_health("w")
            assert (answer.served_by, answer.text) == ("w", Honest().text)
            assert (len(upstream.seen), vox.view.of("w").latency) == (1, None)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "unknown_url"),
        ("POST", "/v1/audio/transcription", 404, "unknown_url"),
        ("POST", "/v1/audio/transcriptions/", 404, "unknown_url"),
        ("GET", "/v1/audio/transcriptions", 405, "method_not_allowed"),
        ("PUT", "/v1/models", 405, "method_not_allowed"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("TRACE", "/v1/plan", 405, "method_not_allowed"),
    ],
)
def test_unknown_addresses_and_methods_are_told_in_the_envelope(method: str, path: str, status: int, code: str) -> None:
    """As JSON, and with what would do."""
    with client() as (gate, _):
        answer = gate.request(method, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert answer.headers["x-litellm-call-id"]
        assert status == 404 or "OPTIONS" in answer.headers["allow"]


def test_an_address_that_is_nearly_right_is_suggested() -> None:
    """Most often a letter is missing."""
    with client() as (gate, _):
        message = gate.post("/v1/audio/transcription").json()["error"]["message"]
        assert message == "there is nothing at `/v1/audio/transcription`, did you mean `/v1/audio/transcriptions`?"


def test_head_and_options() -> None:
    """The head alone, and the methods that an address knows."""
    with client() as (gate, _):
        head, options = gate.head("/v1/models"), gate.options("/v1/keys", headers={"authorization": ""})
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) > 0
        assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


@asynccontextmanager
async def mounted(app: Starlette, inner: Gateway, path: str = "/speech") -> AsyncGenerator[httpx.AsyncClient]:
    """A client of a service that has mounted the gateway, and entered it."""
    app.router.routes.append(Mount(path, inner))
    async with (
        inner.running(),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url=f"http://service{path}",
            headers={"authorization": f"Bearer {KEY}"},
            timeout=20,
        ) as found,
    ):
        yield found


def services() -> list[str]:
    """The frameworks in which it is mounted."""
    return ["starlette.applications:Starlette", "fastapi:FastAPI"]


@pytest.mark.anyio
@pytest.mark.parametrize("service", services())
async def test_a_service_may_mount_it(service: str) -> None:
    """Every address works below the prefix, Azure's too; page and document say where they are."""
    module, _, name = service.partition(":")
    framework: ModuleType = pytest.importorskip(module)
    with STAND.server() as upstream:
        async with mounted(getattr(framework, name)(), made(upstream)) as gate:
            paths = ("v1/audio/transcriptions", "openai/deployments/whisper/audio/transcriptions?api-version=1")
            for path in paths:
                answer = await gate.post(path, data={"model": "whisper"}, files=FORM)
                assert (answer.status_code, answer.json()["text"]) == (200, Honest().text)
            assert (await gate.get("v1/models/whisper")).json()["id"] == "whisper"
            assert (await gate.get("openapi.json")).json()["servers"] == [{"url": "/speech"}]
            assert "curl http://service/speech/v1/audio/transcriptions" in (await gate.get("docs")).text
            missing = (await gate.get("v1/model")).json()["error"]["message"]
            assert missing == "there is nothing at `/v1/model`, did you mean `/v1/models`?"


@pytest.mark.anyio
async def test_a_mounted_gateway_that_was_not_entered_says_so() -> None:
    """503, with what the developer has to do; it is not ready then."""
    with STAND.server() as upstream:
        app = Starlette(routes=[Mount("/speech", made(upstream))])
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://service/speech", headers={"authorization": f"Bearer {KEY}"}
        ) as gate:
            answer, ready = await gate.get("v1/models"), await gate.get("health/readiness")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_started")
    assert "`running()`" in answer.json()["error"]["message"]
    assert (ready.status_code, ready.json()) == (503, {"status": "starting"})
