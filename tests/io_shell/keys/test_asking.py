import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.io_shell.keys.moving_clock import BEGIN
from voxplan.io_shell.keys.asking import NewKey, asked_moment, checked, expiry, read_new_key, require_known
from voxplan.io_shell.keys.key import KeyProblem


def test_a_name_is_enough() -> None:
    """Such a key may use everything, for ever, and no more."""
    assert read_new_key(b'{"name": "alice"}') == NewKey(name="alice")


def test_everything_there_is_to_say() -> None:
    """What is said twice counts once."""
    body = b'{"name": "a", "expires_in": 60, "allowed": ["x", "y", "x"], "tags": ["t", "t"],'
    assert read_new_key(body + b' "may_simulate": true, "sees_trail": true}') == NewKey(
        name="a", expires_in=60, allowed=("x", "y"), tags=("t",), may_simulate=True, sees_trail=True
    )


@pytest.mark.parametrize(
    ("body", "param", "said"),
    [
        (b"", None, "no JSON"),
        (b"\xff{}", None, "no JSON"),
        (b"[" * 100_000, None, "expected an object"),
        (b"[]", None, "expected an object"),
        (b"{}", "name", "`name` is missing"),
        (b'{"name": 7}', "name", "expected a name"),
        (b'{"name": "two words"}', "name", "expected a name"),
        (b'{"name": "key_abcdefghijkl"}', "name", "how ids look"),
        (b'{"name": "a", "expires_on": 1}', "expires_on", "did you mean `expires_"),
        (b'{"name": "a", "expires_at": "2027-01-31"}', "expires_at", "with its zone"),
        (b'{"name": "a", "expires_at": "2027-01-31T00:00:00"}', "expires_at", "with its zone"),
        (b'{"name": "a", "expires_in": 0}', "expires_in", "greater than 0"),
        (b'{"name": "a", "expires_in": "60"}', "expires_in", "whole number"),
        (b'{"name": "a", "expires_in": 1.5}', "expires_in", "whole number"),
        (b'{"name": "a", "expires_in": 1, "expires_at": "2027-01-31T00:00:00Z"}', "expires_in", "contradict"),
        (b'{"name": "a", "allowed": []}', "allowed", "without it, the key may use all"),
        (b'{"name": "a", "allowed": "x"}', "allowed", "a list"),
        (b'{"name": "a", "allowed": ["x", 1]}', "allowed", "a list"),
        (b'{"name": "a", "tags": [""]}', "tags", "a list"),
        (b'{"name": "a", "may_simulate": "yes"}', "may_simulate", "true or false"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, param: str | None, said: str) -> None:
    """By its field, on one line."""
    with pytest.raises(KeyProblem, match=said) as problem:
        read_new_key(body)
    assert problem.value.param == param
    assert len(str(problem.value).splitlines()) == 1


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_key_or_a_problem(body: bytes) -> None:
    """Nothing else is ever raised."""
    with contextlib.suppress(KeyProblem):
        assert read_new_key(body).name


def test_what_was_made_without_decoding_is_checked() -> None:
    """As the command line makes it."""
    with pytest.raises(KeyProblem, match="expected a name"):
        checked(NewKey(name="no name"))


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("30d", BEGIN + timedelta(days=30)),
        (" 12h ", BEGIN + timedelta(hours=12)),
        ("90m", BEGIN + timedelta(minutes=90)),
        ("45s", BEGIN + timedelta(seconds=45)),
        ("8w", BEGIN + timedelta(weeks=8)),
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T10:00", datetime(2027, 1, 31, 10, tzinfo=UTC)),
        ("2027-01-31T10:00:00+02:00", datetime(2027, 1, 31, 8, tzinfo=UTC)),
    ],
)
def test_times_as_people_write_them(text: str, end: datetime) -> None:
    """From now, or by the calendar in UTC."""
    assert asked_moment(text, BEGIN) == end


@pytest.mark.parametrize("text", ["", "soon", "30", "30 days", "-1d", "999999999w", "2027-02-30", "²d"])
def test_other_times_are_refused(text: str) -> None:
    """With examples."""
    with pytest.raises(KeyProblem, match="expected such as"):
        asked_moment(text, BEGIN)


@pytest.mark.parametrize(
    ("new", "param"),
    [
        (NewKey(name="a", expires_at=BEGIN), "expires_at"),
        (NewKey(name="a", expires_at=BEGIN + timedelta(days=40_000)), "expires_at"),
        (NewKey(name="a", expires_in=10**15), "expires_in"),
    ],
)
def test_an_end_lies_ahead_and_within_reach(new: NewKey, param: str) -> None:
    """A key that is over at once helps nobody, and neither does one for ten thousand years."""
    with pytest.raises(KeyProblem) as problem:
        expiry(new, BEGIN)
    assert problem.value.param == param


def test_an_end_is_a_whole_second_and_never_too_early() -> None:
    """So that it can be written in the file as it is."""
    assert expiry(NewKey(name="a", expires_in=1), BEGIN.replace(microsecond=1)) == BEGIN + timedelta(seconds=2)


def test_allowed_names_exist() -> None:
    """The first that does not is told, with a suggestion."""
    require_known(("whisper", "live"), {"whisper", "live"})
    require_known(None, set())
    with pytest.raises(KeyProblem, match="`whispr`: no such route or deployment, did you mean `whisper`"):
        require_known(("whispr",), {"whisper", "live"})
