import json
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from voxplan.adapters.wire import Granted
from voxplan.io_shell.credentials.google import issue
from voxplan.io_shell.credentials.issuing import NotIssued

USER = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r", "quota_project_id": "billed"}


def test_a_users_own_credentials(tmp_path: Path) -> None:
    """As gcloud leaves them, by the path of their file: a refresh token for Google's own address; they say who is billed."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"access_token": "ya29.user", "expires_in": 3599, "scope": "a b", "token_type": "Bearer"})

    path = tmp_path / "adc.json"
    path.write_text(json.dumps(USER), encoding="utf-8")
    issued = issue({"credentials": str(path)}, httpx.MockTransport(answer))
    (request,) = asked
    form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
    assert (str(request.url), form["grant_type"], form["refresh_token"]) == (
        "https://oauth2.googleapis.com/token",
        "refresh_token",
        "r",
    )
    assert (issued.token, issued.granted) == ("ya29.user", Granted(quota_project="billed"))


def unreachable(request: httpx.Request) -> httpx.Response:
    """No network."""
    raise httpx.ConnectTimeout("slow", request=request)


@pytest.mark.parametrize(
    ("sending", "kind"),
    [
        (unreachable, "not_connected"),
        (
            lambda _: httpx.Response(400, json={"error": "invalid_grant", "error_description": "revoked"}),
            "unauthorized",
        ),
        (lambda _: httpx.Response(400, text="<html>"), "unauthorized"),
        (lambda _: httpx.Response(200, json={}), "unauthorized"),
    ],
)
def test_whose_fault_it_is(sending: object, kind: str) -> None:
    """The network's, or that of the credentials."""
    assert callable(sending)
    with pytest.raises(NotIssued) as raised:
        issue({"credentials": json.dumps(USER)}, httpx.MockTransport(sending))
    assert raised.value.kind == kind
    assert "revoked" not in str(raised.value)
