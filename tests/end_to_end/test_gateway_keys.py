"""Virtual keys over real sockets: who comes in, what each may name, and how keys are managed over HTTP."""

import os
import ssl
import stat
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import msgspec
import pytest

from tests.conformance.behaviours import Honest, Reply
from tests.conformance.kit import STANDS
from tests.conformance.socket_server import SocketServer
from tests.end_to_end.gateway_process import in_thread, not_served, serving
from tests.sounds import tone
from voxplan.engine.language.condition import Condition
from voxplan.engine.language.spec import Branch, RouteNode, Spec
from voxplan.io_shell.gateway.app import GatewayOptions, gateway
from voxplan.io_shell.gateway.callers import StoredKeys
from voxplan.io_shell.keys.asking import NewKey
from voxplan.io_shell.keys.file import KeyFile
from voxplan.io_shell.keys.key import utc_now

MASTER: Final = "sk-master-0123456789"
STAND: Final = STANDS["openai"]
FORM: Final = {"file": ("tone.wav", tone(), "audio/wav")}
TLS: Final = ssl.create_default_context()  # made once: httpx would make one for each request
SPEC: Final = "voxplan: 1\ndeployments: {here: {provider: local, model: default}}\nroutes: {whisper: here}\n"


class Client(NamedTuple):
    """One who calls, with one key."""

    address: str
    key: str | None

    def __call__(self, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        """Any request but a form."""
        return httpx.request(method, f"{self.address}{path}", headers=self._headers(), content=body, timeout=20, verify=TLS)

    def transcribe(self, **fields: str) -> httpx.Response:
        """One form."""
        address = f"{self.address}/v1/audio/transcriptions"
        return httpx.post(address, headers=self._headers(), data=fields, files=FORM, timeout=20, verify=TLS)

    def _headers(self) -> dict[str, str]:
        return {} if self.key is None else {"authorization": f"Bearer {self.key}"}

    def made(self, **wish: object) -> "Client":
        """Whoever gets the new key."""
        answer = self("POST", "/v1/keys", msgspec.json.encode(wish))
        assert answer.status_code == 201, answer.text
        return Client(self.address, answer.json()["secret"])


def spec_of(server: SocketServer) -> Spec:
    """Two routes to two deployments, and one that is only for some keys."""
    first, second = STAND.deployment(server, "whisper-1"), STAND.deployment(server, "whisper-1")
    web = Branch(if_=Condition(key_tags=("team:web",)), then=RouteNode(use="second"))
    routes = {
        "one": RouteNode(use="first"),
        "two": RouteNode(use="second"),
        "team": RouteNode(when=(web,), otherwise=RouteNode(use="first")),
    }
    return Spec(voxplan=1, deployments={"first": first, "second": second}, routes=routes)


@contextmanager
def served(upstream: SocketServer, store: Path | None) -> Generator[Client]:
    """A gateway in front of `upstream`; whoever has its master key."""
    keys = None if store is None else StoredKeys(store)
    app = gateway(spec_of(upstream), GatewayOptions(key=MASTER, keys=keys), environment=STAND.environment())
    with in_thread(app) as address:
        yield Client(address, MASTER)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where the keys are to be."""
    return tmp_path / "keys.sqlite"


def error(answer: httpx.Response) -> Mapping[str, object]:
    """What stands in OpenAI's envelope."""
    found: Mapping[str, object] = answer.json()["error"]
    return found


def test_a_key_lets_its_bearer_in_until_it_is_revoked(store: Path) -> None:
    """At once, and with its name for conditions."""
    with STAND.server() as upstream, served(upstream, store) as master:
        alice = master.made(name="alice")
        assert alice.transcribe(model="one").json()["text"] == Honest().text
        assert master("DELETE", "/v1/keys/alice").json()["state"] == "revoked"
        refused = alice.transcribe(model="one")
        assert (refused.status_code, error(refused)["code"]) == (401, "invalid_api_key")
        assert len(upstream.seen) == 1


def test_who_has_no_good_key_stays_outside(store: Path) -> None:
    """Missing, wrong, of the right form, expired: 401, and nothing is sent anywhere."""
    with STAND.server() as upstream, served(upstream, store) as master:
        file = KeyFile(store, lambda: utc_now() - timedelta(hours=1))
        over = file.create(NewKey(name="over", expires_in=60)).secret
        file.close()
        for key in (None, "sk-wrong", f"vx-{'a' * 43}", over, MASTER[:-1]):
            answer = Client(master.address, key).transcribe(model="one")
            assert (answer.status_code, error(answer)["type"]) == (401, "authentication_error")
            assert answer.headers["www-authenticate"] == "Bearer"
            assert key is None or key not in answer.text
        assert upstream.seen == []


@pytest.mark.parametrize("header", ["api-key", "authorization"])
def test_a_key_is_shown_as_openai_or_azure_do(store: Path, header: str) -> None:
    """What cannot be text of ours is a wrong key like any other."""
    with STAND.server() as upstream, served(upstream, store) as master:
        key = master.made(name="alice").key or ""
        prefix = "Bearer " if header == "authorization" else ""
        shown = [prefix.encode() + each for each in (key.encode(), "vx-ä".encode(), b"vx-\xff")]
        answers = [httpx.get(f"{master.address}/v1/models", headers=[(header.encode(), each)]) for each in shown]
        assert [answer.status_code for answer in answers] == [200, 401, 401]


def test_what_a_key_may_not_name_is_not_there(store: Path) -> None:
    """As a model and as a fallback it is told like what does not exist, so that nobody learns names by trying (law C3)."""
    with STAND.server([Reply(500, b"{}")] * 4) as upstream, served(upstream, store) as master:
        alice = master.made(name="alice", allowed=["one"])
        assert [model["id"] for model in alice("GET", "/v1/models").json()["data"]] == ["one"]
        hidden, absent = alice.transcribe(model="two"), alice.transcribe(model="six")
        assert (hidden.status_code, error(hidden)["code"], error(hidden)["param"]) == (404, "model_not_found", "model")
        assert str(error(hidden)["message"]).replace("two", "six") == error(absent)["message"]
        for name in ("two", "second"):
            fallback, unknown = (alice.transcribe(model="one", **{"fallbacks[]": each}) for each in (name, "six"))
            told = error(fallback)
            assert (fallback.status_code, told["code"], told["param"]) == (400, "model_not_found", "fallbacks")
            assert str(told["message"]).replace(name, "six") == error(unknown)["message"]
        assert upstream.seen == []


def test_what_a_key_may_name_it_can_fall_back_to(store: Path) -> None:
    """A deployment as well as a route."""
    with STAND.server([Reply(500, b"{}"), Honest()]) as upstream, served(upstream, store) as master:
        answer = master.made(name="alice", allowed=["one", "second"]).transcribe(model="one", fallbacks="second")
        assert (answer.status_code, answer.headers["x-voxplan-served-by"]) == (200, "second")


def test_tags_of_a_key_decide_where_conditions_ask_for_them(store: Path) -> None:
    """They come from the key alone: the caller's own tags are others."""
    with STAND.server() as upstream, served(upstream, store) as master:
        web, other = master.made(name="web", tags=["team:web"]), master.made(name="other")
        assert web.transcribe(model="team").headers["x-voxplan-served-by"] == "second"
        assert other.transcribe(model="team", tags="team:web").headers["x-voxplan-served-by"] == "first"


@pytest.mark.parametrize(("field", "value"), [("mock_testing_fallbacks", "true"), ("simulate", '{"first": "server_error"}')])
def test_only_some_keys_may_pretend_failures(store: Path, field: str, value: str) -> None:
    """403 names the field; others get the pretended failure."""
    with STAND.server() as upstream, served(upstream, store) as master:
        refused = master.made(name="plain").transcribe(model="one", **{field: value})
        assert (refused.status_code, error(refused)["param"], error(refused)["type"]) == (403, field, "permission_error")
        tester = master.made(name="tester", may_simulate=True)
        pretended = tester.transcribe(model="one", fallbacks="two", **{field: value})
        assert (pretended.status_code, pretended.headers["x-voxplan-served-by"]) == (200, "second")


def test_only_some_keys_see_the_trail(store: Path) -> None:
    """Of a request that failed."""
    with STAND.server([Reply(500, b"{}")] * 4) as upstream, served(upstream, store) as master:
        plain = error(master.made(name="plain").transcribe(model="one"))
        curious = error(master.made(name="curious", sees_trail=True).transcribe(model="one"))
        assert "trail" not in plain
        trail = curious["trail"]
        assert isinstance(trail, list)
        assert trail[0]["deployment"] == "first"


def test_keys_are_managed_with_the_master_key_alone(store: Path) -> None:
    """403 for every other key."""
    with STAND.server() as upstream, served(upstream, store) as master:
        alice = master.made(name="alice", may_simulate=True, sees_trail=True)
        asked = (alice("POST", "/v1/keys", b'{"name": "bob"}'), alice("GET", "/v1/keys"), alice("DELETE", "/v1/keys/alice"))
        assert [(each.status_code, error(each)["type"]) for each in asked] == [(403, "permission_error")] * 3
        assert [key["state"] for key in master("GET", "/v1/keys").json()["data"]] == ["active"]


def test_a_secret_is_shown_once(store: Path) -> None:
    """In no list, and not by revoking; and no cache keeps it."""
    with STAND.server() as upstream, served(upstream, store) as master:
        answer = master("POST", "/v1/keys", b'{"name": "alice", "expires_in": 3600, "allowed": ["one"], "tags": ["t"]}')
        key = answer.json()
        assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
        secret = key.pop("secret")
        (listed,) = master("GET", "/v1/keys").json()["data"]
        assert listed == key
        others = (master("DELETE", f"/v1/keys/{key['id']}"), master("GET", "/v1/keys?all=true"), master("GET", "/v1/keys"))
        assert [secret in each.text for each in others] == [False, False, False]
        assert [len(each.json()["data"]) for each in others[1:]] == [1, 0]
        assert stat.S_IMODE(store.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("body", "param", "said"),
    [
        (b"", None, "no JSON"),
        (b'{"name": "a", "alowed": ["one"]}', "alowed", "did you mean `allowed`?"),
        (b'{"name": "a", "allowed": ["on"]}', "allowed", "did you mean `one`?"),
        (b'{"name": "taken"}', "name", "exists"),
        (b'{"name": "a", "expires_in": -1}', "expires_in", "greater than 0"),
    ],
)
def test_what_is_wrong_with_a_new_key_is_said(store: Path, body: bytes, param: str | None, said: str) -> None:
    """400 with its field, and no key is made."""
    with STAND.server() as upstream, served(upstream, store) as master:
        master.made(name="taken")
        answer = master("POST", "/v1/keys", body)
        assert (answer.status_code, error(answer)["param"]) == (400, param)
        assert said in str(error(answer)["message"])
        assert len(master("GET", "/v1/keys").json()["data"]) == 1


def test_odd_requests_about_keys_are_refused(store: Path) -> None:
    """Too long a body, a parameter that means nothing, a key that is not there."""
    with STAND.server() as upstream, served(upstream, store) as master:
        assert master("POST", "/v1/keys", b" " * 70_000).status_code == 413
        assert error(master("GET", "/v1/keys?al=true"))["param"] == "al"
        assert error(master("GET", "/v1/keys?all=maybe"))["param"] == "all"
        assert (master("DELETE", "/v1/keys/nobody").status_code, master("DELETE", "/v1/keys/a%27;--").status_code) == (404, 404)


def test_without_a_store_it_is_said_how_to_have_one() -> None:
    """To the master key; there are no other keys."""
    with STAND.server() as upstream, served(upstream, None) as master:
        answer = master("GET", "/v1/keys")
        assert answer.status_code == 404
        assert "serve --keys FILE" in str(error(answer)["message"])


def test_a_store_that_fails_is_not_a_wrong_key(store: Path) -> None:
    """503 with a wait, and no path; the master key needs no store."""
    with STAND.server() as upstream, served(upstream, store) as master:
        alice = master.made(name="alice")
        store.unlink()
        answer = alice.transcribe(model="one")
        assert (answer.status_code, error(answer)["code"]) == (503, "keys_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert str(store) not in answer.text
        assert master("GET", "/v1/keys").status_code == 503
        assert master.transcribe(model="one").status_code == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="several workers are forks")
@pytest.mark.parametrize("workers", ["1", "3"])
def test_what_the_command_line_does_holds_in_a_gateway_that_runs(store: Path, tmp_path: Path, workers: str) -> None:
    """`voxplan serve --keys`, without a master key: each worker takes a key made meanwhile, and none a revoked one."""
    spec, file = tmp_path / "spec.yaml", KeyFile(store)
    spec.write_text(SPEC, encoding="utf-8")
    with serving(spec, "--keys", store, "--workers", workers) as process:
        issued = file.create(NewKey(name="alice"))
        alice = Client(process.address, issued.secret)
        assert Client(process.address, None)("GET", "/v1/models").status_code == 401
        # Each on a connection of its own, so that several workers are met.
        assert {alice("GET", "/v1/models").status_code for _ in range(20)} == {200}
        file.revoke("alice")
        assert {alice("GET", "/v1/models").status_code for _ in range(20)} == {401}
        assert issued.secret not in process.log
    (key,) = file.all_keys()
    file.close()
    assert key.last_used_at is not None


def test_a_file_that_is_no_store_is_not_served(tmp_path: Path) -> None:
    """One line, before anything listens."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    ended = not_served(spec, "--keys", spec)
    assert (ended.code, len(ended.said.splitlines())) == (4, 1)
    assert "it is no file of keys" in ended.said
