"""Answers without the key: servers echo keys in their complaints, in every spelling."""

import json
from typing import Final
from urllib.parse import quote

from voxplan.adapters.refusals.scrubbing import REMOVED

__all__ = ("Keyless",)

# A success may rightly contain a short word that somebody uses as a key (`not-needed`); nobody speaks a real key.
_LONGER_THAN_A_WORD: Final = 16


class Keyless:
    """Takes one key out of whatever is read: as it is, as JSON writes it, as an address writes it."""

    def __init__(self, key: str) -> None:
        as_json = json.dumps(key)[1:-1]
        spellings = {key, as_json, as_json.replace("/", "\\/"), quote(key, safe="")} if key else set[str]()
        self._spellings = sorted(spellings, key=len, reverse=True)
        self.is_a_word = len(key) < _LONGER_THAN_A_WORD

    def text(self, text: str) -> str:
        """`text` without the key."""
        for spelling in self._spellings:
            text = text.replace(spelling, REMOVED)
        return text

    def body(self, body: bytes) -> bytes:
        """`body` without the key."""
        for spelling in self._spellings:
            body = body.replace(spelling.encode(), REMOVED.encode())
        return body
