"""What a provider says when it refuses: one reading for all the envelopes in the wild.

OpenAI `{"error": {"message", "type", "code", "param"}}`, its text/plain twin, Google the same with `status` and `details`
(and sometimes in a list), FastAPI `{"detail": …}` as text, table or list, Deepgram `{"err_code", "err_msg"}` and
`{"category", "message"}`, whisper.cpp `{"error": "…"}`, older vLLM `{"object": "error", "message", …}`, gateways
`{"errors": [{"message", "code"}]}`, bare text, HTML.
"""

from typing import Final, NamedTuple, cast

import msgspec

__all__ = ("Complaint", "complains", "complaint_of", "status_of")

_PLACES: Final = ("error", "errors", "detail")
_MESSAGE_KEYS: Final = ("message", "err_msg", "msg", "error", "detail")
_CODE_KEYS: Final = ("code", "err_code", "type", "status", "category", "reason", "error_code")
_STATUS_KEYS: Final = ("status", "code", "status_code", "statusCode", "http_status")
_REFUSED: Final = range(400, 600)
_DIGITS: Final = len("400")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

# What codes stand for, where they come without a status of their own.
_STATUSES: Final[dict[str, int]] = {
    "authentication_error": 401,
    "badrequesterror": 400,
    "internal_server_error": 500,
    "internalservererror": 500,
    "invalid_api_key": 401,
    "invalid_request_error": 400,
    "model_not_found": 404,
    "not_found_error": 404,
    "notfounderror": 404,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "server_error": 500,
    "service_unavailable": 503,
    "unauthorized": 401,
}


class Complaint(NamedTuple):
    """What was said, and the provider's own codes for it: lower-case, the most telling first."""

    message: str = ""
    codes: tuple[str, ...] = ()


def complaint_of(body: bytes) -> Complaint | None:
    """The complaint in `body`; None for JSON that complains of nothing."""
    text = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        top: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Complaint(_plain(text))
    said, outer = _said(top)
    entries = _items(said)
    complaint = _of_list(entries) if entries else _of_value(said, outer)
    return complaint if complaint.message or complaint.codes else None


class _Envelope(msgspec.Struct, frozen=True):
    """Where errors stand, and what no error has."""

    error: object = None
    errors: object = None
    detail: object = None
    text: object = None
    kind: object = msgspec.field(name="object", default=None)


_ENVELOPES: Final[msgspec.json.Decoder[_Envelope | list[_Envelope]]] = msgspec.json.Decoder(_Envelope | list[_Envelope])


def complains(body: bytes) -> bool:
    """Whether `body` is an envelope of errors with one in it: a success may name an error that is null or empty."""
    try:
        found = _ENVELOPES.decode(body.removeprefix(_BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    envelope = (found[0] if found else _Envelope()) if isinstance(found, list) else found
    said = envelope.error or (None if envelope.text is not None else envelope.errors or envelope.detail)
    return (bool(said) and isinstance(said, (str, dict, list))) or envelope.kind == "error"


def status_of(body: bytes) -> int | None:
    """The status that an error in `body` says it has: a number of HTTP's, or what its code stands for."""
    try:
        top: object = msgspec.json.decode(body.removeprefix(_BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    said, outer = _said(top)
    tables = (_table(next(iter(_items(said)), said)), outer)
    numbers = (_number(each.get(key)) for each in tables for key in _STATUS_KEYS)
    found = next((number for number in numbers if number in _REFUSED), None)
    return found or next((_STATUSES[code] for each in tables for code in _codes(each) if code in _STATUSES), None)


def _said(top: object) -> tuple[object, dict[str, object]]:
    """What is complained of, and the table around it."""
    top = next(iter(_items(top)), top)
    outer = _table(top)
    return next((outer[key] for key in _PLACES if outer.get(key)), top), outer


def _of_value(said: object, outer: dict[str, object]) -> Complaint:
    """The complaint in one value; what it leaves unsaid is taken from the table around it."""
    if isinstance(said, str):
        more = _text(outer.get("message"))  # `{"error": "Bad Request", "message": "the reason", "statusCode": 400}`
        return Complaint(f"{said}: {more}" if more and more != said else said, _codes(outer))
    inner = _table(said)
    message = next((text for table in (inner, outer) for key in _MESSAGE_KEYS if (text := _text(table.get(key)))), "")
    return Complaint(message, _codes(inner) or _codes(outer))


def _of_list(entries: list[object]) -> Complaint:
    """FastAPI's list of validation errors, as one sentence."""
    complaints = [_of_value(entry, {}) for entry in entries]
    codes = tuple(code for complaint in complaints for code in complaint.codes)
    return Complaint("; ".join(complaint.message for complaint in complaints if complaint.message), codes)


def _codes(table: dict[str, object]) -> tuple[str, ...]:
    """The codes of an error, of its `details`, and of what lies within it at Azure."""
    details = _items(table.get("details"))
    tables = (table, *map(_table, details), _table(table.get("innererror")))
    return tuple(text.lower() for each in tables for key in _CODE_KEYS if (text := _text(each.get(key))))


def _plain(body: bytes) -> str:
    """Bare text; a page of HTML says nothing that is worth repeating."""
    text = body.decode("utf-8", "replace").strip()
    return "" if text.startswith("<") else text


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _number(value: object) -> int | None:
    if isinstance(value, str):
        return int(value) if len(value) == _DIGITS and value.isascii() and value.isdecimal() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
