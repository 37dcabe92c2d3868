"""How long a provider asks us to wait: headers in their spellings, the sentence that some write instead, and limits' resets.

There is no clock here: an HTTP date is measured against the `date` of the same answer. Whatever is negative, past or
unreadable is no hint at all.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from voxplan.adapters.wire import HttpResponse

__all__ = ("reset_ms", "retry_after_ms", "wait_in_words_ms")

_NUMBER: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?")

# RFC 9110, 5.6.7: the one form of date that senders may write.
_DATE: Final = re.compile(r"[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# groq: `Please try again in 1m39.738s.`; Google: `Please retry in 48.939935699s.`; OpenAI also `in 20ms`.
_WORDS: Final = re.compile(
    r"(?i)\b(?:try again|retry) (?:in|after) (?=\d)(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m(?![si]))?"
    r"(?:(\d{1,6}(?:\.\d{1,12})?)s)?(?:(\d{1,9})ms)?"
)
# Azure: `Please retry after 6 seconds.`
_SPELT: Final = re.compile(
    r"(?i)\b(?:try again|retry|wait)(?: in| after| for)? (\d{1,9}(?:\.\d{1,9})?) ?"
    r"(milliseconds?|seconds?|secs?|minutes?|mins?|hours?)\b"
)
_UNITS_MS: Final[dict[str, int]] = {"mil": 1, "sec": 1000, "min": 60_000, "hou": 3_600_000}

# Go's durations, as OpenAI and groq have them: `6m0s`, `1.2s`, `20ms`, `2m59.56s`; or bare seconds.
_DURATION: Final = re.compile(
    r"(?=[\d.])(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m(?!s))?(?:(\d{1,6}(?:\.\d{1,12})?)s)?(?:(\d{1,9})(?:\.\d{1,9})?ms)?"
)
_RESET: Final = "x-ratelimit-reset-"
_REMAINING: Final = "x-ratelimit-remaining-"
_DAY_S: Final = 86_400


def retry_after_ms(response: HttpResponse) -> int | None:
    """The wait that the headers ask for, in whole milliseconds; where two of them disagree, the longer."""
    found = (
        _read(response.header("retry-after-ms"), lambda text: _number_ms(text, 1)),
        _read(response.header("retry-after"), lambda text: _number_ms(text, 1000)),
        _read(response.header("retry-after"), lambda text: _until_ms(text, response.header("date"))),
    )
    return max((ms for ms in found if ms is not None), default=None)


def wait_in_words_ms(message: str) -> int | None:
    """The wait that an error message asks for in words.

    >>> wait_in_words_ms("Rate limit reached. Please try again in 1m39.738s."), wait_in_words_ms("Retry after 6 seconds.")
    (99738, 6000)
    """
    match = _WORDS.search(message)
    if match is not None and any(match.groups()):
        return _summed_ms(match)
    spelt = _SPELT.search(message)
    return None if spelt is None else round(float(spelt[1]) * _UNITS_MS[spelt[2][:3].lower()])


def reset_ms(response: HttpResponse) -> int | None:
    """When the limit that is used up is full again, by `x-ratelimit-reset-*`; where none says so of itself, the first to be."""
    waits = {
        name.removeprefix(_RESET): wait_ms
        for name, value in response.headers
        if name.startswith(_RESET) and (wait_ms := _duration_ms(value.strip())) is not None
    }
    used_up = [wait_ms for name, wait_ms in waits.items() if (response.header(f"{_REMAINING}{name}") or "").strip() == "0"]
    return max(used_up) if used_up else min(waits.values(), default=None)


def _duration_ms(text: str) -> int | None:
    """A duration in Go's spelling, or so many seconds; no point in time."""
    match = _DURATION.fullmatch(text)
    if match is not None and any(match.groups()):
        return _summed_ms(match)
    wait_ms = _number_ms(text, 1000)
    return wait_ms if wait_ms is not None and wait_ms <= _DAY_S * 1000 else None


def _summed_ms(match: re.Match[str]) -> int:
    days, hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
    return round((days * _DAY_S + hours * 3600 + minutes * 60 + seconds) * 1000 + milliseconds)


def _read(text: str | None, reading: Callable[[str], int | None]) -> int | None:
    return None if text is None else reading(text.strip())


def _number_ms(text: str, unit_ms: int) -> int | None:
    return round(float(text) * unit_ms) if _NUMBER.fullmatch(text) else None


def _until_ms(text: str, date: str | None) -> int | None:
    """The time from the answer's own date until `text`; None when either is missing, or `text` has passed."""
    until, now = _moment(text), _moment((date or "").strip())
    if until is None or now is None or until < now:
        return None
    return round((until - now).total_seconds() * 1000)


def _moment(text: str) -> datetime | None:
    match = _DATE.fullmatch(text)
    if match is None or match[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(match[group]) for group in (1, 3, 4, 5, 6))
    try:
        return datetime(year, _MONTHS.index(match[2]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
