import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from returns.result import Success

from tests.conformance.socket_server import closed_port
from tests.io_shell.credentials.token_servers import (
    Asked,
    TokenServer,
    claims_of,
    encrypted_server,
    service_account,
    token_server,
)
from voxplan.adapters.wire import Granted
from voxplan.engine.plans.router import RouterDeployment
from voxplan.engine.terms.capability import Capabilities
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.io_shell.credentials.issuing import Issued
from voxplan.io_shell.credentials.store import CredentialStore, Held, TokenKind

pytestmark = pytest.mark.anyio

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SECRET = "a-refresh-token-that-nobody-may-read"
GOOGLE: dict[str, str] = {"credentials": "${GOOGLE}"}
ENTRA = {"tenant_id": "11111111-2222-3333-4444-555555555555", "client_id": "app", "client_secret": "${CLIENT_SECRET}"}


class Counting:
    """Tokens with a number each."""

    def __init__(self, expires_in: int = 3599) -> None:
        self.expires_in = expires_in
        self._numbers = iter(range(1, 1000))
        self._lock = threading.Lock()

    def __call__(self, _: Asked) -> tuple[int, object]:
        """The next one."""
        with self._lock:
            number = next(self._numbers)
        return 200, {"access_token": f"ya29.{number}", "expires_in": self.expires_in, "token_type": "Bearer"}


class Clock:
    """A time that only tests move; it begins now, because google-auth reckons from there."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        """The seconds since 1970."""
        return time.time() + self.ahead_s


def deployment(provider: str = "vertex_ai", settings: Mapping[str, str] = GOOGLE, name: str = "first") -> RouterDeployment:
    """A deployment with these settings."""
    return RouterDeployment(
        name=name,
        provider=provider,
        vendor=provider,
        credential=name,
        model="m",
        capabilities=Capabilities(),
        settings=tuple(settings.items()),
    )


async def held(store: CredentialStore, kind: TokenKind = "google", at: RouterDeployment | None = None) -> Held:
    """The token that must be there."""
    got = await store.token(kind, at or deployment())
    assert isinstance(got, Success), got
    return got.unwrap()


async def refused(store: CredentialStore, kind: TokenKind = "google", at: RouterDeployment | None = None) -> AttemptFailure:
    """The failure that must be there instead of a token."""
    got = await store.token(kind, at or deployment())
    assert not isinstance(got, Success)
    failure = got.failure()
    assert (failure.sent, failure.charged) == ("no", "no")
    assert SECRET not in failure.reason
    return failure


async def test_a_service_account_signs_for_its_token() -> None:
    """An RS256 JWT for the scope of the cloud, addressed to the token service; the project is that of the key."""
    with token_server(Counting()) as server:
        account = service_account(f"{server.url}/token", KEY)
        store = CredentialStore({"GOOGLE": json.dumps(account)})
        assert await held(store) == Held(token="ya29.1", granted=Granted(project="own-project"))
        (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/token")
    assert asked.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    header, claims = claims_of(asked.form["assertion"], KEY)
    assert header == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
    assert (claims["iss"], claims["aud"]) == (account["client_email"], "https://oauth2.googleapis.com/token")
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert int(str(claims["exp"])) - int(str(claims["iat"])) == 3600


async def test_the_credentials_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the setting names none, and its default is not set."""
    with token_server(Counting()) as server:
        path = tmp_path / "key.json"
        path.write_text(json.dumps(service_account(f"{server.url}/token", KEY)), encoding="utf-8")
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
        monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
        of_the_catalogue = deployment(settings={"credentials": "${GOOGLE_APPLICATION_CREDENTIALS}"})
        found = await held(CredentialStore({}), at=of_the_catalogue)
    assert found.granted.project == "own-project"


async def test_tokens_are_kept_until_shortly_before_they_expire() -> None:
    """For all deployments that name the same credentials."""
    clock = Clock()
    with token_server(Counting()) as server:
        store = CredentialStore({"GOOGLE": json.dumps(service_account(server.url, KEY))}, clock)
        first = [(await held(store, at=deployment(name=name))).token for name in ("first", "second")]
        clock.ahead_s = 3599 - 225 - 30
        kept = (await held(store)).token
        clock.ahead_s = 3599 - 225 + 30
        renewed = (await held(store)).token
    assert (first, kept, renewed) == (["ya29.1", "ya29.1"], "ya29.1", "ya29.2")


async def test_a_token_that_was_refused_is_forgotten() -> None:
    """The next call gets another; a late refusal of the old one costs the new one nothing."""
    with token_server(Counting()) as server:
        store = CredentialStore({"GOOGLE": json.dumps(service_account(server.url, KEY))})
        old = (await held(store)).token
        store.forget("google", deployment(), old)
        new = (await held(store)).token
        store.forget("google", deployment(), old)
        assert (await held(store)).token == new
        store.forget("google", deployment())
        assert [old, new, (await held(store)).token] == ["ya29.1", "ya29.2", "ya29.3"]


@pytest.mark.parametrize("expires_in", [3599, 1])
async def test_calls_at_once_share_one_fetch(expires_in: int) -> None:
    """Even of a token that is hardly worth keeping."""
    tokens: list[str] = []
    with token_server(Counting(expires_in)) as server:
        store = CredentialStore({"GOOGLE": json.dumps(service_account(server.url, KEY))})
        server.hold.clear()

        async def call() -> None:
            tokens.append((await held(store)).token)

        async with anyio.create_task_group() as calls:
            for _ in range(20):
                calls.start_soon(call)
            await anyio.to_thread.run_sync(server.reached.wait, 10)
            server.hold.set()
        assert len(server.asked) == 1
    assert tokens == ["ya29.1"] * 20


async def test_a_call_whose_time_is_over_does_not_wait() -> None:
    """Nor does it keep the others from a token."""
    with token_server(Counting()) as server:
        store = CredentialStore({"GOOGLE": json.dumps(service_account(server.url, KEY))})
        server.hold.clear()
        with anyio.move_on_after(0.3) as scope:
            await store.token("google", deployment())
        assert scope.cancelled_caught
        server.hold.set()
        assert (await held(store)).token in {"ya29.1", "ya29.2"}


async def test_credentials_that_are_refused() -> None:
    """Google's code for it is told, and nothing else of what it said; the next call tries again."""
    replies = iter(
        [(400, {"error": "invalid_grant", "error_description": SECRET}), (200, {"access_token": "t", "expires_in": 9})]
    )
    with token_server(lambda _: next(replies)) as server:
        store = CredentialStore({"GOOGLE": json.dumps(service_account(server.url, KEY))})
        failure = await refused(store)
        assert (await held(store)).token == "t"
    assert (failure.kind, failure.reason) == ("unauthorized", "google refused the credentials: `invalid_grant`")


async def test_a_token_service_that_is_not_there() -> None:
    """The key may be good: another attempt may help."""
    url = f"http://127.0.0.1:{closed_port()}/token"
    failure = await refused(CredentialStore({"GOOGLE": json.dumps(service_account(url, KEY))}))
    assert failure.kind == "not_connected"


async def test_a_token_that_still_holds_is_used_when_there_is_no_new_one() -> None:
    """It is fetched ahead of time for this very case."""
    clock = Clock()
    replies = iter([(200, {"access_token": "old", "expires_in": 3599})])
    with token_server(lambda _: next(replies, (400, {"error": "invalid_grant"}))) as server:
        store = CredentialStore({"GOOGLE": json.dumps(service_account(server.url, KEY))}, clock)
        await held(store)
        clock.ahead_s = 3599 - 100
        assert (await held(store)).token == "old"
        clock.ahead_s = 3599 + 100
        assert (await refused(store)).kind == "unauthorized"


@pytest.mark.parametrize(
    "credentials",
    [
        "/no/such/file.json",
        "{",
        "[]",
        "{}",
        '{"type":"service_account"}',
        '{"type":"authorized_user","client_id":"a"}',
        '{"type":"something_new"}',
        '{"type":"external_account"}',
        json.dumps({"type": "service_account", "client_email": "a", "token_uri": "b", "private_key": SECRET}),
    ],
)
async def test_credentials_that_cannot_be_read(credentials: str) -> None:
    """One line, without what stands in them."""
    failure = await refused(CredentialStore({"GOOGLE": credentials}))
    assert failure.kind == "unauthorized"
    assert "\n" not in failure.reason
    assert credentials not in failure.reason


async def test_a_variable_that_the_deployment_names_has_to_be_set() -> None:
    """To call with other credentials than those that are named would be wrong."""
    failure = await refused(CredentialStore({}))
    assert (failure.kind, failure.reason) == ("unauthorized", "environment variable `GOOGLE` is not set")


def entra(asked: Asked) -> tuple[int, object]:
    """Entra: where its endpoints are, and a token for the right secret."""
    if asked.method == "GET":
        tenant = f"{asked.origin}/{ENTRA['tenant_id']}"
        endpoints = {name: f"{tenant}/oauth2/v2.0/{path}" for name, path in (("authorization", "authorize"), ("token", "token"))}
        return 200, {"issuer": f"{tenant}/v2.0", **{f"{name}_endpoint": url for name, url in endpoints.items()}}
    if asked.form.get("client_secret") != "right":
        return 401, {"error": "invalid_client", "error_description": f"AADSTS7000215: Invalid client secret. {SECRET}"}
    return 200, {"access_token": "entra-1", "expires_in": 3599, "token_type": "Bearer"}


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenServer]:
    """Entra over TLS on this machine, believed by its certificate."""
    with encrypted_server(entra, tmp_path) as (server, certificate):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        yield server


def application(authority: str, **changed: str) -> RouterDeployment:
    """A deployment that is an application of a tenant."""
    return deployment("azure", {**ENTRA, "authority": authority, **changed})


async def test_an_application_of_entra(authority: TokenServer) -> None:
    """By its secret, for the scope of the cognitive services; kept like any other token."""
    store, at = CredentialStore({"CLIENT_SECRET": "right"}), application(authority.url)
    assert await held(store, "entra", at) == Held(token="entra-1", granted=Granted())
    await held(store, "entra", at)
    (posted,) = [each for each in authority.asked if each.method == "POST"]
    assert posted.path == f"/{ENTRA['tenant_id']}/oauth2/v2.0/token"
    assert (posted.form["grant_type"], posted.form["client_id"]) == ("client_credentials", "app")
    assert posted.form["scope"] == "https://cognitiveservices.azure.com/.default"


async def test_an_application_that_entra_refuses(authority: TokenServer) -> None:
    """Entra's code for it is told, and nothing else of what it said."""
    failure = await refused(CredentialStore({"CLIENT_SECRET": "wrong"}), "entra", application(authority.url))
    assert (failure.kind, failure.reason) == ("unauthorized", "entra refused the credentials: `AADSTS7000215`")


async def test_an_entra_that_is_not_there() -> None:
    """The secret may be good."""
    at = application(f"https://127.0.0.1:{closed_port()}")
    assert (await refused(CredentialStore({"CLIENT_SECRET": "right"}), "entra", at)).kind == "not_connected"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"tenant_id": "t", "client_id": "c"}, "`client_secret` missing"),
        ({**ENTRA, "authority": "http://127.0.0.1"}, "azure-identity cannot use the credentials"),
    ],
)
async def test_settings_of_an_application_that_make_no_sense(settings: dict[str, str], reason: str) -> None:
    """Some of them but not all; an authority without TLS."""
    failure = await refused(CredentialStore({"CLIENT_SECRET": "right"}), "entra", deployment("azure", settings))
    assert failure.kind == "unauthorized"
    assert reason in failure.reason


async def test_a_token_that_the_deployment_brings_along() -> None:
    """It is what its variable says now, and nobody is asked."""
    environment = {"TOKEN": "one"}
    store, at = CredentialStore(environment), deployment("azure", {"ad_token": "${TOKEN}"})
    first = (await held(store, "entra", at)).token
    environment["TOKEN"] = "two"
    assert (first, (await held(store, "entra", at)).token) == ("one", "two")


@pytest.mark.parametrize(
    ("kind", "extra", "missing"), [("google", "google", "google.auth"), ("entra", "azure", "azure.identity")]
)
async def test_an_extra_that_is_missing(kind: TokenKind, extra: str, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that names it."""
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, f"voxplan.io_shell.credentials.{kind}", raising=False)
    failure = await refused(CredentialStore({"GOOGLE": "{}"}), kind)
    assert failure.kind == "unauthorized"
    assert f"pip install 'voxplan[{extra}]'" in failure.reason


def test_a_token_is_not_in_what_is_printed() -> None:
    """Neither of the store's values shows it, wherever they are logged."""
    granted = Granted(project="p")
    for value in (Held(token=SECRET, granted=granted), Issued(token=SECRET, expires_s=1.0, granted=granted)):
        assert SECRET not in repr([value])
        assert SECRET not in f"{value}"
        assert "project='p'" in repr(value)
