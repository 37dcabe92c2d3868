"""What the OpenAPI document says is tried out: requests that fit it and requests that nearly do, on every operation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from tests.conformance.kit import STANDS
from tests.end_to_end.gateway_process import in_thread
from voxplan.engine.language.spec import OptionRules, RouteNode, Spec
from voxplan.io_shell.gateway.app import GatewayOptions, gateway
from voxplan.io_shell.gateway.callers import StoredKeys
from voxplan.io_shell.gateway.operations import OPERATIONS, addressed

schemathesis = pytest.importorskip("schemathesis")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

KEY: Final = "sk-gateway-0123456789"
STAND: Final = STANDS["openai"]
MODELS: Final = ["whisper", "live"]
ASKED: Final = [f"{operation.method} {addressed(path)}" for operation in OPERATIONS for path in operation.paths]
CHECKED: Final = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
TRIED: Final = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck(each) for each in HealthCheck],
    derandomize=True,
    database=None,
)

# What is partly unknown of the library's types says no more than this.
Document = Any
Case = Any


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Document]:
    """The document of a gateway that serves, before a provider that always answers."""
    keys: Path = tmp_path_factory.mktemp("keys") / "keys.sqlite"
    with STAND.server() as upstream:
        spec = Spec(
            voxplan=1,
            deployments={"w": STAND.deployment(upstream, "whisper-1"), "g": STAND.deployment(upstream, "gpt-4o-transcribe")},
            routes={"whisper": RouteNode(use="w", options=OptionRules(stream="emulate")), "live": RouteNode(use="g")},
        )
        app = gateway(spec, GatewayOptions(key=KEY, keys=StoredKeys(keys)), environment=STAND.environment())
        with in_thread(app) as address:
            yield naming_models(schemathesis.openapi.from_url(f"{address}/openapi.json"))


def naming_models(document: Document) -> Document:
    """The document with the routes that there are, else nearly every request would end at its model."""
    schemas = document.raw_schema["components"]["schemas"]
    for form in ("TranscriptionForm", "PlanForm"):
        schemas[form]["properties"]["model"] = {"type": "string", "enum": MODELS}
        # Failures on request are failures: who asks for a 502 gets one.
        for field in ("simulate", "mock_testing_fallbacks"):
            del schemas[form]["properties"][field]
    return document


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("asked", ASKED)
def test_no_request_is_answered_otherwise_than_told(api: Document, asked: str, mode: str) -> None:
    """No 5xx, and no status, content type or body that the document does not have."""
    method, _, path = asked.partition(" ")

    @TRIED
    @given(case=api[path][method].as_strategy(schemathesis.GenerationMode(mode)))
    def try_out(case: Case) -> None:
        checks = schemathesis.checks.CHECKS.get_by_names(list(CHECKED))
        case.call_and_validate(headers={"authorization": f"Bearer {KEY}"}, checks=checks, timeout=20)

    try:
        try_out()
    except Unsatisfiable:
        pytest.skip("there is nothing to be wrong about")
