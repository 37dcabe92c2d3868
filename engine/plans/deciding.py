"""Whether a condition holds for a request: true, false or unknown, after Kleene.

A test on a fact that nobody knows is unknown, so that neither a condition nor its negation selects anything by it. Each decision
carries what it rests on, in words that are put together when somebody asks.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from voxplan.engine.language.condition import Condition, MoneyRange, NumberRange, Sample
from voxplan.engine.plans.draws import draw
from voxplan.engine.plans.facts import METADATA, flag_text, is_known, numeric, textual
from voxplan.engine.plans.ranges import Range, amount_range, number_range
from voxplan.engine.plans.wall_clock import shown, window_holds, window_text
from voxplan.engine.terms.amounts import MILLIONTHS, print_share
from voxplan.engine.terms.request import Request
from voxplan.engine.terms.spelling import listed, quoted
from voxplan.engine.terms.zone import UTC, Zone

__all__ = ("decide", "explain")


class _Case(NamedTuple):
    """What a condition is decided about."""

    request: Request
    moment_ms: int
    seed: int
    zones: Mapping[str, Zone]


class _Finding(NamedTuple):
    """What a test came to, and why."""

    value: bool | None
    why: Callable[[], str]


_Test = Callable[[Condition, _Case], _Finding | None]
"""One key of a condition; None when it is not there."""


def decide(condition: Condition, request: Request, moment_ms: int, seed: int, zones: Mapping[str, Zone]) -> bool | None:
    """Whether `condition` holds; None when that depends on what is not known. `moment_ms` counts from 1970, UTC."""
    return _find(condition, _Case(request, moment_ms, seed, zones)).value


def explain(condition: Condition, request: Request, moment_ms: int, seed: int, zones: Mapping[str, Zone]) -> str:
    """What the decision rests on, in one line: the fact that is not known, or what facts are against what was asked.

    >>> explain(Condition(audio_seconds=NumberRange(over=1500)), Request(route="r"), 0, 0, {})
    '`audio.seconds` is not known'
    """
    return _find(condition, _Case(request, moment_ms, seed, zones)).why()


def _find(condition: Condition, case: _Case) -> _Finding:
    """All keys that are there together."""
    return _every([finding for test in _TESTS if (finding := test(condition, case)) is not None])


def _every(findings: Sequence[_Finding]) -> _Finding:
    return _first(findings, value=False) or _first(findings, value=None) or _Finding(True, lambda: _joined(findings))


def _some(findings: Sequence[_Finding]) -> _Finding:
    return _first(findings, value=True) or _first(findings, value=None) or _Finding(False, lambda: _joined(findings))


def _opposite(finding: _Finding) -> _Finding:
    return _Finding(None if finding.value is None else not finding.value, finding.why)


def _first(findings: Sequence[_Finding], *, value: bool | None) -> _Finding | None:
    return next((finding for finding in findings if finding.value is value), None)


def _joined(findings: Sequence[_Finding]) -> str:
    return "; ".join(finding.why() for finding in findings) or "nothing is asked"


def _among(fact: str, wanted: Callable[[Condition], tuple[str, ...] | None]) -> _Test:
    """The test that the request has one of the values listed."""

    def test(condition: Condition, case: _Case) -> _Finding | None:
        values = wanted(condition)
        return None if values is None else _has_one(fact, values, case.request)

    return test


def _has_one(fact: str, wanted: tuple[str, ...], request: Request) -> _Finding:
    found = textual(fact, request)
    if found is None:
        return _unknown(fact)
    value = any(each in wanted for each in found)
    return _Finding(value, lambda: _compared(fact, found, wanted, value=value))


_MANY: Final = frozenset({"key.tags", "tags", "timestamps"})
"""Facts that can have several values at once."""


def _compared(fact: str, found: tuple[str, ...], wanted: tuple[str, ...], *, value: bool) -> str:
    if fact in _MANY:
        common = [each for each in wanted if each in found]
        return f"`{fact}` has {listed(common)}" if value else f"`{fact}` has none of {listed(wanted)}"
    if not found:
        return f"`{fact}` is not given"
    return f"`{fact}` is {listed(found)}" if value else f"`{fact}` is {listed(found)}, not {' or '.join(map(quoted, wanted))}"


def _within(fact: str, wanted: Callable[[Condition], Range | None]) -> _Test:
    """The test that a number lies in a range."""

    def test(condition: Condition, case: _Case) -> _Finding | None:
        bounds = wanted(condition)
        if bounds is None:
            return None
        number = numeric(fact, case.request)
        return _unknown(fact) if number is None else _is_within(fact, number, bounds)

    return test


def _is_within(fact: str, number: float, bounds: Range) -> _Finding:
    missed = tuple(bounds.missed(number))
    return _Finding(not missed, lambda: ", ".join((f"`{fact}` is {bounds.text(number)}", *missed)))


def _metadata(condition: Condition, case: _Case) -> _Finding | None:
    """Each key that is listed has one of its values."""
    if condition.metadata is None:
        return None
    return _every([_has_one(METADATA + key, values, case.request) for key, values in condition.metadata.items()])


def _known(condition: Condition, case: _Case) -> _Finding | None:
    fact = condition.known
    if fact is None:
        return None
    value = is_known(fact, case.request)
    return _Finding(value, lambda: f"`{fact}` is {'' if value else 'not '}known")


def _sampled(condition: Condition, case: _Case) -> _Finding | None:
    """Whether the request falls into the sample.

    The same draw is held against every share, so that whoever is in a sample is in every larger one of its salt.
    """
    sample = condition.sample
    if sample is None:
        return None
    named = () if sample.by is None else textual(sample.by, case.request) or ()
    bits = draw(0, "sample", sample.salt, sample.by or "", *named) if named else draw(case.seed, "sample", sample.salt)
    value = bits * MILLIONTHS >> 64 < sample.share.millionths
    return _Finding(value, lambda: _sample_text(sample, named, value=value))


def _sample_text(sample: Sample, named: tuple[str, ...], *, value: bool) -> str:
    who = f"`{sample.by}` {listed(named)} is" if named else "by chance the request is"
    return f"{who} {'' if value else 'not '}in the sample of {print_share(sample.share)}"


def _timed(condition: Condition, case: _Case) -> _Finding | None:
    window = condition.time
    if window is None:
        return None
    zone = case.zones.get(window.zone, UTC if window.zone == "UTC" else None)
    if zone is None:
        return _Finding(None, lambda: f"time zone {quoted(window.zone)} is not known")
    clock = shown(zone, case.moment_ms)
    value = window_holds(window, clock)
    return _Finding(value, lambda: window_text(window, clock, holds=value))


def _composed(part: Callable[[Condition], tuple[Condition, ...] | None], join: Callable[[Sequence[_Finding]], _Finding]) -> _Test:
    """The test of conditions within the condition."""

    def test(condition: Condition, case: _Case) -> _Finding | None:
        parts = part(condition)
        return None if parts is None else join([_find(each, case) for each in parts])

    return test


def _unknown(fact: str) -> _Finding:
    return _Finding(None, lambda: f"`{fact}` is not known")


def _numbers(wanted: NumberRange | None) -> Range | None:
    return None if wanted is None else number_range(wanted)


def _amounts(wanted: MoneyRange | None) -> Range | None:
    return None if wanted is None else amount_range(wanted)


def _flag(wanted: bool | None) -> tuple[str, ...] | None:
    return None if wanted is None else (flag_text(wanted),)


_TESTS: Final[tuple[_Test, ...]] = (
    _among("route", lambda condition: condition.route),
    _within("audio.seconds", lambda condition: _numbers(condition.audio_seconds)),
    _within("audio.bytes", lambda condition: _numbers(condition.audio_bytes)),
    _among("audio.format", lambda condition: condition.audio_format),
    _within("audio.channels", lambda condition: _numbers(condition.audio_channels)),
    _among("language", lambda condition: condition.language),
    _among("response_format", lambda condition: condition.response_format),
    _among("timestamps", lambda condition: condition.timestamps),
    _among("stream", lambda condition: _flag(condition.stream)),
    _among("translate", lambda condition: _flag(condition.translate)),
    _among("diarize", lambda condition: _flag(condition.diarize)),
    _among("user", lambda condition: condition.user),
    _among("key", lambda condition: condition.key),
    _among("key.tags", lambda condition: condition.key_tags),
    _within("key.budget_left", lambda condition: _amounts(condition.key_budget_left)),
    _among("tags", lambda condition: condition.tags),
    _metadata,
    _known,
    _sampled,
    _timed,
    _composed(lambda condition: condition.all, _every),
    _composed(lambda condition: condition.any, _some),
    _composed(lambda condition: None if condition.not_ is None else (condition.not_,), lambda parts: _opposite(parts[0])),
)
"""A test for each key of a condition; in this order their reasons are told."""
