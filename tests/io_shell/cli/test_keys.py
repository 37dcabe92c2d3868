"""`voxplan keys`, and what `voxplan serve` makes of its file before it listens."""

import json
from pathlib import Path

import pytest

from tests.io_shell.cli.typing_commands import Ended, typed
from voxplan.io_shell.keys.file import KeyFile
from voxplan.io_shell.keys.key import VirtualKey

SPEC = "voxplan: 1\ndeployments: {here: {provider: local, model: default}}\nroutes: {whisper: here}\n"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where the keys are to be."""
    return tmp_path / "keys.sqlite"


def found(store: Path, secret: str) -> VirtualKey | None:
    """What a gateway finds."""
    file = KeyFile(store)
    try:
        return file.find(secret)
    finally:
        file.close()


def create(capsys: pytest.CaptureFixture[str], store: Path, *arguments: str | Path) -> Ended:
    """`voxplan keys create`."""
    return typed(capsys, "keys", "create", "alice", "--store", store, *arguments)


def test_the_secret_is_all_of_standard_output(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    """So that a script can take it; the rest is for people, and does not repeat it."""
    ended = create(capsys, store)
    secret = ended.out.removesuffix("\n")
    key = found(store, secret)
    assert key is not None
    assert (key.name, key.allowed, key.expires_at, key.may_simulate, key.sees_trail) == ("alice", None, None, False, False)
    assert "made the key `alice`" in ended.err
    assert "may use everything" in ended.err
    assert secret not in ended.err


def test_everything_there_is_to_say(capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path) -> None:
    """As the key has it then."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    options = ("--allow", "whisper", "--allow", "here", "--tag", "t", "--may-simulate", "--sees-trail")
    ended = create(capsys, store, *options, "--expires", "2099-01-31", "--spec", spec, "--json")
    report = json.loads(ended.out)
    key = found(store, report["secret"])
    assert key is not None
    assert (key.allowed, key.tags, key.may_simulate, key.sees_trail) == (("whisper", "here"), ("t",), True, True)
    assert (report["id"], report["state"], report["expires_at"]) == (key.id, "active", "2099-01-31T00:00:00Z")
    assert ended.err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--expires", "soon"), "`soon` is no time"),
        (("--expires", "2020-01-01"), "its end has passed"),
        (("--allow", "two words"), "`allowed`: expected"),
        (("--tag", ""), "`tags`: expected"),
    ],
)
def test_what_is_wrong_is_one_line(
    capsys: pytest.CaptureFixture[str], store: Path, arguments: tuple[str, ...], said: str
) -> None:
    """And no file is made for it."""
    ended = create(capsys, store, *arguments)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (4, "", 1)
    assert said in ended.err
    assert not store.exists()


def test_a_spec_says_which_names_there_are(capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path) -> None:
    """Others are refused, with a suggestion."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    ended = create(capsys, store, "--allow", "whispr", "--spec", spec)
    assert ended.code == 4
    assert "`whispr`: no such route or deployment, did you mean `whisper`?" in ended.err


def test_a_name_is_given_once(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    """Until its key is revoked."""
    create(capsys, store)
    assert "a key `alice` exists" in create(capsys, store).err
    assert "holds no more" in typed(capsys, "keys", "revoke", "alice", "--store", store).err
    assert create(capsys, store).code == 0


def test_the_list_shows_no_secret(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    """Its last letters alone; for people and for programs."""
    secret = create(capsys, store, "--allow", "whisper").out.removesuffix("\n")
    for options in ((), ("--json",), ("--all", "--json")):
        ended = typed(capsys, "keys", "list", "--store", store, *options)
        assert "alice" in ended.out
        assert "whisper" in ended.out
        assert secret[-4:] in ended.out
        assert secret not in ended.out
        assert secret[3:20] not in ended.out


def test_revoked_keys_are_listed_when_asked_for(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    """They are never deleted."""
    create(capsys, store)
    revoked = json.loads(typed(capsys, "keys", "revoke", "alice", "--store", store, "--json").out)
    assert revoked["state"] == "revoked"
    none = typed(capsys, "keys", "list", "--store", store)
    assert (none.out, "there are no keys" in none.err) == ("", True)
    listed = json.loads(typed(capsys, "keys", "list", "--store", store, "--all", "--json").out)
    assert [key["id"] for key in listed] == [revoked["id"]]


def test_the_environment_says_where_the_keys_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, store: Path
) -> None:
    """Without --store; without either, the message names both."""
    assert "`--store`" in typed(capsys, "keys", "list").err
    monkeypatch.setenv("VOXPLAN_KEYS", str(store))
    assert typed(capsys, "keys", "create", "bob").code == 0
    assert "bob" in typed(capsys, "keys", "list").out


@pytest.mark.parametrize("command", [("list",), ("revoke", "alice")])
def test_no_store_is_one_line(capsys: pytest.CaptureFixture[str], store: Path, command: tuple[str, ...]) -> None:
    """It is made by the first key, not by looking."""
    ended = typed(capsys, "keys", *command, "--store", store)
    assert ended.code == 4
    assert "`voxplan keys create` makes one" in ended.err
    assert not store.exists()


def test_serve_looks_at_the_file_first(capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path) -> None:
    """What cannot be a store of keys is one line, and nothing listens."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    store.write_text("no database" * 100, encoding="utf-8")
    ended = typed(capsys, "serve", spec, "--keys", store)
    assert ended.code == 4
    assert "it is no file of keys" in ended.err
