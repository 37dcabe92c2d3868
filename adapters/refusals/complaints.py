"""What a provider says when it refuses: one reading for all the envelopes in the wild.

OpenAI `{"error": {"message", "type", "code", "param"}}`, its text/plain twin, Google the same with `status` and `details`
(and sometimes in a list), FastAPI `{"detail": …}` as text, table or list, Deepgram `{"err_code", "err_msg"}` and
`{"category", "message"}`, whisper.cpp `{"error": "…"}`, older vLLM `{"object": "error", "message", …}`, bare text, HTML.
"""

from typing import Final, NamedTuple, cast

import msgspec

__all__ = ("Complaint", "complaint_of")

_MESSAGE_KEYS: Final = ("message", "err_msg", "msg", "error", "detail")
_CODE_KEYS: Final = ("code", "err_code", "type", "status", "category", "reason")


class Complaint(NamedTuple):
    """What was said, and the provider's own codes for it: lower-case, the most telling first."""

    message: str = ""
    codes: tuple[str, ...] = ()


def complaint_of(body: bytes) -> Complaint | None:
    """The complaint in `body`; None for JSON that complains of nothing."""
    try:
        top: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Complaint(_plain(body))
    top = next(iter(_items(top)), top)
    outer = _table(top)
    said = next((outer[key] for key in ("error", "detail") if outer.get(key) is not None), top)
    entries = _items(said)
    complaint = _of_list(entries) if entries else _of_value(said, outer)
    return complaint if complaint.message or complaint.codes else None


def _of_value(said: object, outer: dict[str, object]) -> Complaint:
    """The complaint in one value; what it leaves unsaid is taken from the table around it."""
    if isinstance(said, str):
        return Complaint(said, _codes(outer))
    inner = _table(said)
    message = next((text for table in (inner, outer) for key in _MESSAGE_KEYS if (text := _text(table.get(key)))), "")
    return Complaint(message, _codes(inner) or _codes(outer))


def _of_list(entries: list[object]) -> Complaint:
    """FastAPI's list of validation errors, as one sentence."""
    complaints = [_of_value(entry, {}) for entry in entries]
    codes = tuple(code for complaint in complaints for code in complaint.codes)
    return Complaint("; ".join(complaint.message for complaint in complaints if complaint.message), codes)


def _codes(table: dict[str, object]) -> tuple[str, ...]:
    """The codes of an error and of its `details`."""
    details = _items(table.get("details"))
    tables = (table, *map(_table, details))
    return tuple(text.lower() for each in tables for key in _CODE_KEYS if (text := _text(each.get(key))))


def _plain(body: bytes) -> str:
    """Bare text; a page of HTML says nothing that is worth repeating."""
    text = body.decode("utf-8", "replace").strip()
    return "" if text.startswith("<") else text


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
