import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.routing import Route

from tests.io_shell.gateway.calling import KEY, SPEC, VARIABLES, calling
from voxplan.io_shell.gateway.app import GatewayOptions, gateway
from voxplan.io_shell.gateway.callers import Callers
from voxplan.io_shell.gateway.fields import FIELDS
from voxplan.io_shell.gateway.openapi import openapi
from voxplan.io_shell.gateway.operations import OPERATIONS, addressed
from voxplan.io_shell.gateway.planned import PLAN_FIELDS
from voxplan.io_shell.gateway.schemas import SHAPES

# A document of JSON, of any depth.
DOCUMENT: Any = openapi()


def operations() -> list[tuple[str, str, Any]]:
    """Method, path and what is said of it."""
    return [(method.upper(), path, told) for path, methods in DOCUMENT["paths"].items() for method, told in methods.items()]


def test_it_is_sound() -> None:
    """By the rules of OpenAPI 3.1."""
    pytest.importorskip("openapi_spec_validator").validate(DOCUMENT)


def test_every_reference_leads_somewhere() -> None:
    """Within the document."""
    for reference in re.findall(r"'\$ref': '([^']+)'", str(DOCUMENT)):
        found = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def test_all_that_is_served_is_told_and_the_other_way_round() -> None:
    """Both are made from one table."""
    app = gateway(SPEC, GatewayOptions(key=KEY), environment=VARIABLES)
    routes = [route for route in app.routes if isinstance(route, Route)]
    served = {(method, addressed(route.path)) for route in routes for method in (route.methods or set()) - {"HEAD"}}
    assert len(routes) == len(app.routes)
    assert served == {(method, path) for method, path, _ in operations()}


def test_names_are_told_once() -> None:
    """Generated clients name their functions after them."""
    names = [told["operationId"] for _, _, told in operations()]
    assert len(set(names)) == len(names)
    assert {each.name for each in OPERATIONS} <= set(names)


def test_every_field_has_a_type() -> None:
    """And is in the form."""
    assert set(SHAPES) == {*FIELDS, *PLAN_FIELDS}
    schemas = DOCUMENT["components"]["schemas"]
    assert set(schemas["TranscriptionForm"]["properties"]) == {"file", *FIELDS}
    assert set(schemas["PlanForm"]["properties"]) == {"file", *FIELDS, *PLAN_FIELDS} - {"url"}


def test_a_form_says_its_model_unless_the_address_does() -> None:
    """Azure's does."""
    needed = {
        path: told["requestBody"]["content"]["multipart/form-data"]["schema"].get("required")
        for _, path, told in operations()
        if path.endswith("/audio/transcriptions")
    }
    assert needed.pop("/openai/deployments/{model}/audio/transcriptions") is None
    assert list(needed.values()) == [["model"]] * 3


def test_who_has_to_show_a_key() -> None:
    """Everybody, but for health probes and this page; nobody where no key is asked for."""
    free = {path for _, path, told in operations() if told.get("security") == []}
    assert free == {"/health/liveliness", "/health/liveness", "/health/readiness", "/openapi.json", "/docs"}
    assert openapi(wants_keys=False)["security"] == []
    assert not Callers(None).wants_keys
    assert Callers("sk-1").wants_keys


def test_texts_are_not_indented() -> None:
    """As docstrings are where they stand."""
    assert "\\n    " not in repr(DOCUMENT)


def test_it_names_nothing_of_this_gateway() -> None:
    """It can be read without a key."""
    told = repr(DOCUMENT)
    assert not [name for name in ("whisper-1", "house", "internal.example") if f"'{name}'" in told]


@pytest.mark.anyio
async def test_answers_are_as_it_says() -> None:
    """Plan, health, models and errors fit their schemas."""
    async with calling() as client:
        client.headers.pop("authorization")
        document = (await client.get("/openapi.json")).json()
        client.headers["authorization"] = f"Bearer {KEY}"
        answers = {
            "PlanReport": await client.post("/v1/plan", data={"model": "whisper", "seconds": "3"}),
            "HealthReport": await client.get("/health"),
            "ModelList": await client.get("/v1/models"),
            "Model": await client.get("/v1/models/live"),
            "Error": await client.get("/v1/models/nobody"),
            "Ready": await client.get("/health/readiness"),
        }
    assert document == DOCUMENT
    for name, answer in answers.items():
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        validator: Any = Draft202012Validator(schema)
        validator.validate(answer.json())
