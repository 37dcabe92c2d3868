import json
from collections.abc import Callable
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


def of_a_chain(request: httpx.Request) -> httpx.Response:
    """Every step from what somebody else gave to a token of Google's."""
    if request.url.host == "iamcredentials.googleapis.com":
        assert request.headers["authorization"] == "Bearer ya29.user"
        return httpx.Response(200, json={"accessToken": "ya29.robot", "expireTime": "2100-01-01T00:00:00Z"})
    if request.url.host == "sts.googleapis.com":
        assert "subject_token=a-token-of-another-cloud" in request.content.decode()
        return httpx.Response(200, json={"access_token": "ya29.federated", "expires_in": 3599, "token_type": "Bearer"})
    return httpx.Response(200, json={"access_token": "ya29.user", "expires_in": 3599, "token_type": "Bearer"})


def test_a_robot_that_is_impersonated() -> None:
    """By the user who may."""
    url = (
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/robot@p.iam.gserviceaccount.com:generateAccessToken"
    )
    info = {"type": "impersonated_service_account", "source_credentials": USER, "service_account_impersonation_url": url}
    issued = issue({"credentials": json.dumps(info)}, httpx.MockTransport(of_a_chain))
    assert (issued.token, issued.expires_s) == ("ya29.robot", 4_102_444_800.0)


def test_the_identity_of_another_cloud(tmp_path: Path) -> None:
    """Exchanged for a token."""
    subject = tmp_path / "token"
    subject.write_text("a-token-of-another-cloud", encoding="utf-8")
    info = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": str(subject)},
    }
    assert issue({"credentials": json.dumps(info)}, httpx.MockTransport(of_a_chain)).token == "ya29.federated"


def busy(_: httpx.Request) -> httpx.Response:
    """Later, perhaps."""
    return httpx.Response(503, json={"error": "temporarily_unavailable"})


def unreachable(request: httpx.Request) -> httpx.Response:
    """No network."""
    raise httpx.ConnectTimeout("slow", request=request)


def revoked(_: httpx.Request) -> httpx.Response:
    """No longer."""
    return httpx.Response(400, json={"error": "invalid_grant", "error_description": "revoked by somebody"})


def a_page(_: httpx.Request) -> httpx.Response:
    """Of some proxy."""
    return httpx.Response(400, text="<html>")


def nothing(_: httpx.Request) -> httpx.Response:
    """A success without a token."""
    return httpx.Response(200, json={})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (unreachable, "not_connected"),
        (busy, "not_connected"),
        (revoked, "unauthorized"),
        (a_page, "unauthorized"),
        (nothing, "unauthorized"),
    ],
)
def test_whose_fault_it_is(answer: Callable[[httpx.Request], httpx.Response], kind: str) -> None:
    """The network's, or that of the credentials."""
    with pytest.raises(NotIssued) as raised:
        issue({"credentials": json.dumps(USER)}, httpx.MockTransport(answer))
    assert raised.value.kind == kind
    assert "revoked" not in str(raised.value)


@pytest.mark.parametrize("path", ["~nobody-of-this-name/key.json", "no/such/file.json", "a\0b", "[" * 100_000])
def test_a_path_that_leads_nowhere(path: str) -> None:
    """Is a refusal in our words, and never shown: it could be a secret that was put in the wrong place."""
    with pytest.raises(NotIssued) as raised:
        issue({"credentials": path})
    assert raised.value.kind == "unauthorized"
    assert path[:12] not in str(raised.value)
