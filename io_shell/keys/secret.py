"""The secrets of keys: how they are made, and what is kept of them.

A secret is 256 bits of chance, so one round of SHA-256 is enough: there is no dictionary to try, and no time to try them all. The
slow hashes are for passwords, which people choose.
"""

import hmac
import re
import secrets
from base64 import b32encode
from hashlib import sha256
from typing import Final

__all__ = ("hint_of", "is_id", "is_secret", "kept_of", "new_id", "new_secret", "same")

_PREFIX: Final = "vx-"
_SECRET: Final = re.compile(r"vx-[A-Za-z0-9_-]{43}")
_SECRET_BYTES: Final = 32
_ID: Final = re.compile(r"key_[a-z2-7]{12}")
_ID_LETTERS: Final = 12
_ID_BYTES: Final = 8
_HINT_LETTERS: Final = 4


def new_secret() -> str:
    """What a caller shows from now on: `vx-` and 43 letters."""
    return _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def is_secret(text: str) -> bool:
    """Whether it has the form of a secret; what has not cannot be one."""
    return _SECRET.fullmatch(text) is not None


def kept_of(secret: str) -> bytes:
    """What is stored in place of the secret."""
    return sha256(secret.encode()).digest()


def hint_of(secret: str) -> str:
    """By which people tell their keys apart: the 234 bits that are left are as good as 256."""
    return secret[-_HINT_LETTERS:]


def same(kept: bytes, other: bytes) -> bool:
    """Whether two secrets are one, in constant time."""
    return hmac.compare_digest(kept, other)


def new_id() -> str:
    """A public name that is never given twice: 60 bits of chance."""
    return "key_" + b32encode(secrets.token_bytes(_ID_BYTES)).decode().lower()[:_ID_LETTERS]


def is_id(text: str) -> bool:
    """Whether it has the form of an id, which no name may have."""
    return _ID.fullmatch(text) is not None
