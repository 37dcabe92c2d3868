"""Which requests satisfy conditions: a search over the representatives of facts that is exact when it comes to its end.

A condition becomes a formula over single tests, each of which looks at a few facts. The search gives facts values one after
another and turns back as soon as some goal can no longer be met. There are two readings of chance and time. For proofs, a
sample is a free number and a time window a free yes or no: what is impossible then is impossible for every user, seed and
moment. For witnesses, they are what they are: a seed, a moment, and the name of a user.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from voxplan.engine.checks.representing import Facts, Value, fact_of, parts_of, representatives, request_of, unlisted
from voxplan.engine.language.condition import Condition
from voxplan.engine.plans.deciding import decide
from voxplan.engine.terms.zone import Zone

__all__ = (
    "FALSE",
    "MOMENT",
    "SEED",
    "TRUE",
    "UNKNOWN",
    "Ask",
    "Effort",
    "Every",
    "Formula",
    "Goal",
    "Opposite",
    "Reading",
    "Search",
    "Some",
    "Truths",
    "formulas",
    "names_in",
    "truth_of",
)

TRUE: Final = 1
FALSE: Final = 2
UNKNOWN: Final = 4
_SCALE: Final = 1_000_000
_MOST_LOOKS: Final = 100_000  # half a second; conditions of real specs need a few hundred

Truths = int
"""A set of truth values, as the sum of its members."""


class Ask(NamedTuple):
    """A single test, which is the `number`-th, and the names of what decides it."""

    number: int
    test: Condition
    looks_at: tuple[str, ...]


class Every(NamedTuple):
    """True if all parts are."""

    parts: tuple["Formula", ...]


class Some(NamedTuple):
    """True if one part is."""

    parts: tuple["Formula", ...]


class Opposite(NamedTuple):
    """True if the part is false."""

    part: "Formula"


Formula = Ask | Every | Some | Opposite


class Goal(NamedTuple):
    """What a formula must come to: one of these truth values."""

    formula: Formula
    wanted: Truths


Reading = Literal["free", "real"]
"""Of samples and times: `free` for proofs, `real` for witnesses; see the module."""

SEED: Final = "seed"
MOMENT: Final = "moment"
"""What a `real` reading of samples and times looks at besides the facts."""


def formulas(conditions: Sequence[Condition], routes: Sequence[str], reading: Reading) -> tuple[tuple[Formula, ...], Facts]:
    """The formulas of `conditions`, and the representatives of all facts in them.

    The values of `seed` and `moment`, and more names for samples to tell apart, are for the caller to add.
    """
    build = _Build(conditions, reading)
    made = tuple(build.formula(condition) for condition in conditions)
    facts = representatives(build.met, routes)
    return made, facts if reading == "real" else {**facts, **_free(build.met)}


def _free(tests: Sequence[Condition]) -> Facts:
    """The values of what is free: for samples that go together the place on their common scale, for a window yes or no."""
    shares: dict[str, set[int]] = {}
    for test in tests:
        if test.sample is not None:
            shares.setdefault(_free_name(test), {0}).add(min(test.sample.share.millionths, _SCALE - 1))
    scales: Facts = {name: tuple(sorted(places)) for name, places in shares.items()}
    return scales | {_free_name(test): (False, True) for test in tests if test.time is not None}


def _free_name(test: Condition) -> str:
    """What decides a sample or a window: samples of the same values with the same salt agree."""
    if test.sample is not None:
        return f"sample {test.sample.by} {test.sample.salt}"
    return f"time {test.time}"


def _looked_at(test: Condition, reading: Reading) -> tuple[str, ...]:
    """The names of what decides a single test."""
    fact = fact_of(test)
    if fact is not None:
        return (fact,)
    if test.sample is None and test.time is None:
        return ()
    if reading == "free":
        return (_free_name(test),)
    if test.sample is None:
        return (MOMENT,)
    return (SEED,) if test.sample.by is None else (test.sample.by, SEED)


def truth_of(test: Condition, values: Mapping[str, Value], zones: Mapping[str, Zone], reading: Reading) -> bool | None:
    """What a single test comes to when what decides it has these values."""
    if reading == "free" and test.sample is not None:
        place = values[_free_name(test)]
        return isinstance(place, int) and place < test.sample.share.millionths
    if reading == "free" and test.time is not None:
        return bool(values[_free_name(test)])
    moment_ms, seed = (int(values.get(name) or 0) for name in (MOMENT, SEED))
    return decide(test, request_of("", values), moment_ms, seed, zones)


class _Build:
    """Turns conditions that belong together into formulas, and notes the single tests it meets."""

    def __init__(self, conditions: Sequence[Condition], reading: Reading) -> None:
        self.met: list[Condition] = []
        self._reading: Reading = reading
        self._tags: list[str] = []
        self._key_tags: list[str] = []
        for condition in conditions:
            self._gather(condition)

    def _gather(self, condition: Condition) -> None:
        """Note every tag there is: having any tag at all is having one of these, or another."""
        self._tags += condition.tags or ()
        self._key_tags += condition.key_tags or ()
        for below in (*(condition.all or ()), *(condition.any or ()), *filter(None, (condition.not_,))):
            self._gather(below)

    def formula(self, condition: Condition) -> Formula:
        """The formula of `condition`."""
        parts = [self._test(test) for test in parts_of(condition)]
        parts += (self.formula(each) for each in condition.all or ())
        if condition.any is not None:
            parts.append(Some(tuple(self.formula(each) for each in condition.any)))
        if condition.not_ is not None:
            parts.append(Opposite(self.formula(condition.not_)))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _test(self, test: Condition) -> Formula:
        several = test.any or self._members(test.known)
        if several:
            return Some(tuple(self._test(each) for each in several))
        self.met.append(test)
        return Ask(len(self.met), test, _looked_at(test, self._reading))

    def _members(self, known: str | None) -> tuple[Condition, ...]:
        """For a fact with many values, the tests of which one holds if it is known."""
        match known:
            case "tags":
                return tuple(Condition(tags=(tag,)) for tag in (*self._tags, unlisted("tags", self._tags)))
            case "key.tags":
                return tuple(Condition(key_tags=(tag,)) for tag in (*self._key_tags, unlisted("key.tags", self._key_tags)))
            case "timestamps":
                return (Condition(timestamps=("segment",)), Condition(timestamps=("word",)))
            case _:
                return ()


_NOTHING_FIXED: Final[Mapping[str, Value]] = {}


class Effort:
    """How many looks at single tests several searches may still take together."""

    def __init__(self, left: int) -> None:
        """So many."""
        self.left = left


class Search:
    """Looks for values of `facts` that meet goals. `truth` decides a single test once all that it looks at has values."""

    def __init__(
        self, facts: Facts, truth: Callable[[Condition, Mapping[str, Value]], bool | None], effort: Effort | None = None
    ) -> None:
        """With an `effort`, it gives up when that is spent."""
        self._facts = facts
        self._truth = truth
        self._effort = effort
        self._known: dict[tuple[int, tuple[Value, ...]], Truths] = {}
        self._looks = 0

    def possible(self, goals: Sequence[Goal]) -> bool | None:
        """Whether any values meet all `goals`; None when the search was given up."""
        found = next(self.solutions(goals), None)
        if found is not None:
            return True
        return None if self._looks <= 0 else False

    def solutions(self, goals: Sequence[Goal], fixed: Mapping[str, Value] = _NOTHING_FIXED) -> Iterator[dict[str, Value]]:
        """Values that meet all `goals`, with those that are `fixed`; facts that do not matter for that are left out.

        Ends early when it takes too long.
        """
        most = _MOST_LOOKS if self._effort is None else min(_MOST_LOOKS, self._effort.left)
        self._looks = most
        try:
            yield from self._solutions(tuple(goals), dict(fixed))
        finally:
            if self._effort is not None:
                self._effort.left -= most - max(0, self._looks)

    def _solutions(self, goals: tuple[Goal, ...], values: dict[str, Value]) -> Iterator[dict[str, Value]]:
        if self._looks <= 0:
            return
        truths = [self._truths(goal.formula, values) for goal in goals]
        if not all(truth & goal.wanted for truth, goal in zip(truths, goals, strict=True)):
            return
        unsure = tuple(goal for truth, goal in zip(truths, goals, strict=True) if truth & ~goal.wanted)
        fact = next((name for goal in unsure for name in names_in(goal.formula) if name not in values), None)
        if fact is None:
            # INVARIANT: once all is decided that a goal looks at, its truth is one value, so no goal is unsure here.
            yield dict(values)
            return
        for value in self._facts[fact]:
            yield from self._solutions(unsure, {**values, fact: value})

    def _truths(self, formula: Formula, values: Mapping[str, Value]) -> Truths:
        """Every truth value that `formula` may still come to, and perhaps more."""
        match formula:
            case Ask():
                return self._ask(formula, values)
            case Every(parts=parts):
                return _conjunction([self._truths(part, values) for part in parts])
            case Some(parts=parts):
                return _opposite(_conjunction([_opposite(self._truths(part, values)) for part in parts]))
            case Opposite(part=part):
                return _opposite(self._truths(part, values))

    def _ask(self, ask: Ask, values: Mapping[str, Value]) -> Truths:
        self._looks -= 1
        if any(name not in values for name in ask.looks_at):
            return TRUE | FALSE | UNKNOWN
        key = (ask.number, tuple(values[name] for name in ask.looks_at))
        if key not in self._known:
            self._known[key] = _TRUTHS[self._truth(ask.test, {name: values[name] for name in ask.looks_at})]
        return self._known[key]


_TRUTHS: Final[Mapping[bool | None, Truths]] = {True: TRUE, False: FALSE, None: UNKNOWN}


def _conjunction(parts: Sequence[Truths]) -> Truths:
    """What all parts together may come to: false if one may be, unknown if one may be and none has to be false."""
    true = TRUE if all(part & TRUE for part in parts) else 0
    false = FALSE if any(part & FALSE for part in parts) else 0
    open_ = all(part & (TRUE | UNKNOWN) for part in parts) and any(part & UNKNOWN for part in parts)
    return true | false | (UNKNOWN if open_ else 0)


def _opposite(truths: Truths) -> Truths:
    return truths & UNKNOWN | (FALSE if truths & TRUE else 0) | (TRUE if truths & FALSE else 0)


def names_in(formula: Formula) -> Iterator[str]:
    """The names of all that decides `formula`, as often as it is looked at."""
    match formula:
        case Ask(looks_at=looks_at):
            yield from looks_at
        case Every(parts=parts) | Some(parts=parts):
            for part in parts:
                yield from names_in(part)
        case Opposite(part=part):
            yield from names_in(part)
