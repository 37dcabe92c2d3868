"""The life of `voxplan serve`: it starts, reloads, is full, drains and ends, alone and in a team."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.held_server import HeldServer, held_server
from tests.end_to_end.living_gateway import LivingGateway, living, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="sends signals"),
]


def spec(held: HeldServer, name: str = "old", gateway: str = "{}") -> str:
    """One route to one deployment, which hears `name`."""
    deployment = f"{{provider: openai_compatible, model: m, base_url: '{held.url(name)}'}}"
    return f"voxplan: 1\ndeployments:\n  there: {deployment}\nroutes: {{main: there}}\ngateway: {gateway}\n"


def written(folder: Path, text: str) -> Path:
    """The spec in a file."""
    path = folder / "routing.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("workers", ["1", "2"])
def test_requests_under_way_end_and_new_ones_are_refused(tmp_path: Path, workers: str) -> None:
    """After SIGTERM: 503 with a wait, on a connection that closes; nobody finds it ready; the exit code is 0."""
    with held_server() as held, living(written(tmp_path, spec(held)), "--workers", workers) as gateway:
        # So many that each worker has one, or the other would end at once.
        under_way = [gateway.posting() for _ in range(8)]
        for _ in under_way:
            held.wait()
        gateway.signal(signal.SIGTERM)
        gateway.says("under way may take 30 s more")
        refused = gateway.post()
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "shutting_down")
        assert (refused.headers["retry-after"], refused.headers["connection"]) == ("1", "close")
        assert gateway.get("/health/readiness").status_code == 503
        assert gateway.get("/health/liveliness").status_code == 200
        held.released.set()
        assert {each.result().json()["text"] for each in under_way} == {"old"}
        assert gateway.ended() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_nobody_is_hung_up_on(tmp_path: Path, workers: str) -> None:
    """Under load the end is an answer, a refusal, or nobody there: never a connection that was taken and is reset."""
    outcomes: set[int | str] = set()

    def go_on(gateway: LivingGateway) -> None:
        while "ConnectError" not in outcomes:
            try:
                outcomes.add(gateway.post().status_code)
            except httpx.TransportError as problem:
                outcomes.add(type(problem).__name__)

    with held_server() as held, living(written(tmp_path, spec(held)), "--workers", workers) as gateway:
        held.released.set()
        clients = [threading.Thread(target=go_on, args=(gateway,)) for _ in range(12)]
        for client in clients:
            client.start()
        until(lambda: 200 in outcomes, "the first answer")
        gateway.signal(signal.SIGTERM)
        for client in clients:
            client.join(20)
        assert gateway.ended() == 0
    assert outcomes <= {200, 503, "ConnectError"}


def test_the_second_signal_ends_at_once(tmp_path: Path) -> None:
    """Who is still inside is told; the provider's connection is closed."""
    with held_server() as held, living(written(tmp_path, spec(held))) as gateway:
        under_way = gateway.posting()
        held.wait()
        gateway.signal(signal.SIGINT)
        gateway.says("under way may take")
        gateway.signal(signal.SIGTERM)
        assert (under_way.result().status_code, under_way.result().json()["error"]["code"]) == (503, "shutting_down")
        assert gateway.ended() == 0
        held.wait_until_abandoned()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_nobody_stays_longer_than_the_grace(tmp_path: Path, workers: str) -> None:
    """Then it is cut off, and told."""
    with held_server() as held, living(written(tmp_path, spec(held)), "--grace", "0.2", "--workers", workers) as gateway:
        under_way = gateway.posting()
        held.wait()
        gateway.signal(signal.SIGTERM)
        assert under_way.result().status_code == 503
        assert gateway.ended() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_team_ends_at_once_as_well(tmp_path: Path, workers: str) -> None:
    """Two signals one after the other leave nobody behind."""
    with held_server() as held, living(written(tmp_path, spec(held)), "--workers", workers) as gateway:
        under_way = gateway.posting()
        held.wait()
        gateway.signal(signal.SIGTERM)
        gateway.says("under way may take")
        gateway.signal(signal.SIGTERM)
        assert under_way.result().status_code == 503
        assert gateway.ended() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_request_under_way_keeps_the_spec_that_it_began_with(tmp_path: Path, workers: str) -> None:
    """The next one has the new one, whichever worker it comes to."""
    with held_server() as held, living(path := written(tmp_path, spec(held)), "--workers", workers) as gateway:
        before = gateway.posting()
        held.wait()
        path.write_text(spec(held, "new"), encoding="utf-8")
        gateway.says(f"reloaded {path}: deployment there changed")
        held.released.set()
        assert before.result().json()["text"] == "old"
        until(lambda: {gateway.post().json()["text"] for _ in range(6)} == {"new"}, "the new spec everywhere")


def test_sighup_reads_again(tmp_path: Path) -> None:
    """Also where nobody watches the file."""
    with held_server() as held, living(path := written(tmp_path, spec(held)), "--no-watch") as gateway:
        held.released.set()
        path.write_text(spec(held, "new"), encoding="utf-8")
        assert gateway.post().json()["text"] == "old"
        gateway.signal(signal.SIGHUP)
        gateway.says("reloaded")
        assert gateway.post().json()["text"] == "new"


@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_bad_spec_leaves_the_old_one_in_force(tmp_path: Path, workers: str) -> None:
    """Each finding is told once, with its place; what is mended takes over."""
    with held_server() as held, living(path := written(tmp_path, spec(held)), "--workers", workers) as gateway:
        held.released.set()
        path.write_text(spec(held, "new").replace("main: there", "main: nowhere"), encoding="utf-8")
        gateway.says("not reloaded")
        assert gateway.said.count(f"{path}:4:") == 1
        assert "nowhere" in gateway.said
        path.write_text(spec(held).replace("old'", "old${NOT_SET}'"), encoding="utf-8")
        gateway.says("needs the environment variable `NOT_SET`")
        assert gateway.post().json()["text"] == "old"
        path.write_text(spec(held, "new"), encoding="utf-8")
        gateway.says("reloaded /")
        until(lambda: gateway.post().json()["text"] == "new", "the new spec")


def _replaced(path: Path, text: str) -> None:
    other = path.with_suffix(".tmp")
    other.write_text(text, encoding="utf-8")
    other.replace(path)


def _made_again(path: Path, text: str) -> None:
    path.unlink()
    time.sleep(1.2)  # long enough for somebody who looks every second to see that it is gone
    path.write_text(text, encoding="utf-8")


def _linked_elsewhere(path: Path, text: str) -> None:
    """As Kubernetes does it with a config map: the file is a link into a folder that is a link."""
    folder = path.parent / "other"
    folder.mkdir()
    (folder / path.name).write_text(text, encoding="utf-8")
    (path.parent / "link").symlink_to(folder)
    (path.parent / "link").replace(path.parent / "..data")


@pytest.mark.parametrize("change", [_replaced, _made_again, _linked_elsewhere])
def test_every_way_to_change_a_file_is_seen(tmp_path: Path, change: Callable[[Path, str], None]) -> None:
    """Editors put another file in its place, or make it anew; mounted volumes turn a link."""
    with held_server() as held:
        held.released.set()
        (tmp_path / "first").mkdir()
        (tmp_path / "..data").symlink_to(tmp_path / "first")
        written(tmp_path / "first", spec(held))
        path = tmp_path / "routing.yaml"
        if change is _linked_elsewhere:
            path.symlink_to(Path("..data", "routing.yaml"))
        else:
            written(tmp_path, spec(held))
        with living(path) as gateway:
            change(path, spec(held, "new"))
            gateway.says("reloaded")
            assert gateway.post().json()["text"] == "new"


def test_many_changes_end_with_the_last_one(tmp_path: Path) -> None:
    """However fast they come, with mistakes in between."""
    with held_server() as held, living(path := written(tmp_path, spec(held))) as gateway:
        held.released.set()
        for number in range(40):
            path.write_text(spec(held, f"n{number}") if number % 3 else "voxplan: [", encoding="utf-8")
            gateway.signal(signal.SIGHUP)
            time.sleep(0.01)
        path.write_text(spec(held, "last"), encoding="utf-8")
        until(lambda: gateway.post().json()["text"] == "last", "the last spec")


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    """With a line that says so; a new spec reaches the new one too."""
    with held_server() as held, living(path := written(tmp_path, spec(held)), "--workers", "2") as gateway:
        held.released.set()
        until(lambda: len(_children(gateway)) == 2, "two workers")
        victim = _children(gateway)[0]
        os.kill(victim, signal.SIGKILL)
        gateway.says(f"worker {victim} ended by SIGKILL: another one starts")
        until(lambda: len(set(_children(gateway)) - {victim}) == 2, "two workers again")
        path.write_text(spec(held, "new"), encoding="utf-8")
        gateway.says("reloaded")
        until(lambda: {gateway.post().json()["text"] for _ in range(6)} == {"new"}, "the new spec everywhere")
        gateway.signal(signal.SIGTERM)
        assert gateway.ended() == 0


def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    """Whatever became of it."""
    with held_server() as held, living(written(tmp_path, spec(held)), "--workers", "2") as gateway:
        until(lambda: len(_children(gateway)) == 2, "two workers")
        until(lambda: gateway.get("/health/readiness").status_code == 200, "readiness")
        workers = _children(gateway)
        gateway.signal(signal.SIGKILL)
        gateway.ended()
        until(lambda: not any(Path(f"/proc/{each}/cmdline").exists() for each in workers), "the end of the workers")


def _children(gateway: LivingGateway) -> list[int]:
    path = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children")
    if not path.exists():
        pytest.skip("looks into /proc")
    return [int(each) for each in path.read_text(encoding="ascii").split()]


def test_what_is_too_much_is_refused(tmp_path: Path) -> None:
    """One is served, one waits, and the third is told when to come again; health passes at any time."""
    rules = "{in_flight: 1, queue: 1, queue_wait: 20s}"
    with held_server() as held, living(written(tmp_path, spec(held, gateway=rules))) as gateway:
        first = gateway.posting()
        held.wait()
        second, third = gateway.posting(), gateway.posting()
        until(lambda: second.done() or third.done(), "a refusal")
        refused, waiting = (second, third) if second.done() else (third, second)
        assert (refused.result().status_code, refused.result().json()["error"]["code"]) == (503, "overloaded")
        assert int(refused.result().headers["retry-after"]) >= 1
        assert gateway.get("/health/readiness").status_code == 200
        held.released.set()
        assert [each.result().status_code for each in (first, waiting)] == [200, 200]


def test_a_client_that_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    """Neither before its first request, nor in the middle of a head, nor after an answer."""
    with held_server() as held, living(written(tmp_path, spec(held, gateway="{idle: 1s}"))) as gateway:
        whole, url = b"GET /health/liveliness HTTP/1.1\r\nhost: x\r\n\r\n", httpx.URL(gateway.address)
        for before, said in ((b"", b""), (b"", whole[:20]), (whole, whole[:20])):
            with socket.create_connection((url.host, url.port or 0), timeout=20) as client:
                client.sendall(before)
                assert not before or client.recv(65536).startswith(b"HTTP/1.1 200")
                threading.Event().wait(0.1)  # for the rest of the answer
                begun = time.monotonic()
                client.sendall(said)
                while client.recv(65536):
                    pass
                assert 0.5 < time.monotonic() - begun < 10


def test_every_request_is_one_line_in_the_log(tmp_path: Path) -> None:
    """With who served it and what came of it; without keys, addresses and what was said."""
    with held_server() as held, living(written(tmp_path, spec(held, "secret-words"))) as gateway:
        held.released.set()
        answer = gateway.post()
        refused = gateway.post(key="sk-wrong-key")
        until(lambda: len(gateway.log) == 2, "two lines")
        served, turned_away = gateway.log
        assert served["call_id"] == answer.headers["x-litellm-call-id"]
        assert (served["status"], served["served_by"], served["attempts"], served["route"]) == (200, "there", 1, "main")
        assert served["plan"] == answer.headers["x-voxplan-plan"]
        assert served["bytes_in"] > served["bytes_out"] == len(answer.content)
        assert (turned_away["status"], turned_away["error"]) == (401, "invalid_api_key")
        assert refused.status_code == 401
        text = str(gateway.log)
        assert not any(secret in text for secret in ("secret-words", "sk-", "127.0.0.1"))


def test_the_seed_s_quick_start_boots(tmp_path: Path) -> None:
    """LiteLLM's config as it stands in its documentation, with its key, which is warned of."""
    config = tmp_path / "config.yaml"
    entry = "{model_name: whisper, litellm_params: {model: whisper-1, api_key: os.environ/OPENAI_API_KEY}}"
    config.write_text(f"model_list:\n  - {entry}\ngeneral_settings:\n  master_key: sk-1234\n", encoding="utf-8")
    with living("--config", config, environment={"VOXPLAN_MASTER_KEY": "", "OPENAI_API_KEY": "x"}) as gateway:
        assert "the master key in" in gateway.said
        headers = {"authorization": "Bearer sk-1234"}
        listed = httpx.get(f"{gateway.address}/v1/models", headers=headers, trust_env=False).json()
        assert [each["id"] for each in listed["data"]] == ["whisper"]
        assert gateway.post("whisper").status_code == 401
        config.write_text(
            config.read_text(encoding="utf-8").replace("model_name: whisper,", "model_name: other,"), encoding="utf-8"
        )
        gateway.says("reloaded")
        listed = httpx.get(f"{gateway.address}/v1/models", headers=headers, trust_env=False).json()
        assert [each["id"] for each in listed["data"]] == ["other"]
