from datetime import timedelta

import msgspec

from tests.io_shell.keys.moving_clock import BEGIN
from voxplan.io_shell.keys.key import IssuedKey, VirtualKey, moment_text, shown, unknown_key

KEY = VirtualKey(id="key_abcdefghijkl", name="alice", hint="wxyz", created_at=BEGIN, expires_at=BEGIN + timedelta(days=1))


def test_a_key_holds_until_its_end() -> None:
    """At that moment it holds no more."""
    assert KEY.state(BEGIN + timedelta(days=1, seconds=-1)) == "active"
    assert KEY.state(BEGIN + timedelta(days=1)) == "expired"


def test_a_revoked_key_stays_revoked() -> None:
    """Whether or not its end would have come."""
    revoked = msgspec.structs.replace(KEY, revoked_at=BEGIN)
    assert {revoked.state(BEGIN), revoked.state(BEGIN + timedelta(days=2))} == {"revoked"}


def test_an_issued_key_does_not_show_its_secret() -> None:
    """Neither printed nor in a message."""
    issued = IssuedKey(KEY, "vx-secret")
    assert "vx-secret" not in f"{issued} {issued!r}"


def test_json_has_everything_but_the_secret() -> None:
    """Moments in ISO 8601, and whether the key holds."""
    assert msgspec.json.decode(msgspec.json.encode(shown(KEY, BEGIN))) == {
        "object": "key",
        "id": "key_abcdefghijkl",
        "name": "alice",
        "hint": "wxyz",
        "created_at": "2026-11-23T12:00:00Z",
        "expires_at": "2026-11-24T12:00:00Z",
        "revoked_at": None,
        "last_used_at": None,
        "allowed": None,
        "tags": [],
        "may_simulate": False,
        "sees_trail": False,
        "state": "active",
    }


def test_moments_are_of_one_length() -> None:
    """Without parts of seconds, so that they sort as text."""
    assert moment_text(BEGIN.replace(microsecond=999_999)) == "2026-11-23T12:00:00Z"


def test_an_unknown_key_has_a_suggestion() -> None:
    """When a name is close."""
    assert str(unknown_key("alcie", ["alice", "bob"])) == "no key `alcie`, did you mean `alice`?"
