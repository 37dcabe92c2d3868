from hashlib import sha256

import pytest

from voxplan.io_shell.keys.secret import hint_of, is_id, is_secret, kept_of, new_id, new_secret, same


def test_secrets_are_long_and_never_alike() -> None:
    """`vx-` and 43 letters, 256 bits of chance."""
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(is_secret(each) and len(each) == 46 for each in made)


def test_of_a_secret_its_hash_is_kept() -> None:
    """SHA-256, compared as a whole."""
    secret = new_secret()
    assert kept_of(secret) == sha256(secret.encode()).digest()
    assert same(kept_of(secret), kept_of(secret))
    assert not same(kept_of(secret), kept_of(new_secret()))


def test_the_hint_is_the_end() -> None:
    """Four letters."""
    assert hint_of("vx-" + "a" * 39 + "wxyz") == "wxyz"


@pytest.mark.parametrize(
    "text", ["", "vx-", "sk-" + "a" * 43, "vx-" + "a" * 42, "vx-" + "a" * 44, "vx-" + "ä" * 43, "vx-" + "a" * 43 + "\n"]
)
def test_other_text_is_no_secret(text: str) -> None:
    """So it need not be looked up."""
    assert not is_secret(text)


def test_ids_are_public_names() -> None:
    """Of a form of their own, each another one."""
    made = {new_id() for _ in range(100)}
    assert len(made) == 100
    assert all(map(is_id, made))
    assert not is_id("alice")
