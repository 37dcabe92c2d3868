"""Addresses of providers: what may stand in one, so that no secret does.

A `base_url` enters plans (as part of what tells credentials apart), messages and other people's logs. It therefore holds no
user, no password and no query, neither as an author writes it nor after its references have been filled in.
"""

import re
from typing import Final

__all__ = ("address_problem",)

_REFERENCE: Final = r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"
_URL: Final = re.compile(rf"(?:https?://(?!/|$)|{_REFERENCE})(?:{_REFERENCE}|[^\x00-\x20\x7f\s$?#\\])*", re.IGNORECASE)
_USER_INFO: Final = re.compile(r"(?:[^/?#\\]*:[/\\]{2})?[^/?#\\]*@")


def address_problem(url: str) -> str | None:
    """What is wrong with an address, as an author writes it or filled in; never what it says. None when it is sound."""
    if _USER_INFO.match(url):
        return "expected a url without user and password: a key stands at `api_key`, by reference"
    if not _URL.fullmatch(url):
        return "expected a url such as `https://api.example.com/v1` without query, or a reference such as `${BASE_URL}`"
    return None
