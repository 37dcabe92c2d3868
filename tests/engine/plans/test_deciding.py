from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.plans.conditions import ZONES, conditions, requests
from voxplan.engine.language.condition import Condition, MoneyRange, NumberRange, Sample, TimeWindow
from voxplan.engine.plans.deciding import decide, explain
from voxplan.engine.terms.quantity import ClockTime, Money, Share
from voxplan.engine.terms.request import AudioFacts, Options, Request
from voxplan.engine.terms.zone import Zone

NOON = 12 * 3_600_000  # of 1970-01-01, a Thursday
EMPTY = Request(route="r")
FULL = Request(
    route="r",
    audio=AudioFacts(bytes=1000, seconds=12.0, format="wav", channels=2),
    options=Options(language="sv", response_format="srt", timestamps=("word",), stream=True),
    user="bob",
    key="k1",
    key_tags=("beta", "eu"),
    key_budget_left=50_000_000,
    tags=("eu-customer",),
    metadata=(("plan", "pro"),),
)
MOMENTS = st.integers(0, 4 * 10**12)
SEEDS = st.integers(0, 2**64 - 1)


def decided(condition: Condition, request: Request, moment_ms: int = NOON, seed: int = 0) -> bool | None:
    """What becomes of the condition."""
    return decide(condition, request, moment_ms, seed, ZONES)


def explained(condition: Condition, request: Request, moment_ms: int = NOON, zones: Mapping[str, Zone] = ZONES) -> str:
    """What it rests on."""
    return explain(condition, request, moment_ms, 0, zones)


@pytest.mark.parametrize(
    ("condition", "value", "why"),
    [
        (Condition(), True, "nothing is asked"),
        (Condition(route=("r", "s")), True, "`route` is `r`"),
        (Condition(route=("s", "t")), False, "`route` is `r`, not `s` or `t`"),
        (Condition(audio_seconds=NumberRange(over=1500)), False, "`audio.seconds` is 12, not over 1500"),
        (
            Condition(audio_seconds=NumberRange(over=1500, in_=(1.5, 2))),
            False,
            "`audio.seconds` is 12, not over 1500, not 1.5 or 2",
        ),
        (Condition(audio_seconds=NumberRange(over=11, under=13)), True, "`audio.seconds` is 12"),
        (Condition(audio_bytes=NumberRange(under=1000)), False, "`audio.bytes` is 1000, not under 1000"),
        (Condition(audio_channels=NumberRange(in_=(1, 2))), True, "`audio.channels` is 2"),
        (Condition(audio_format=("mp3",)), False, "`audio.format` is `wav`, not `mp3`"),
        (Condition(language=("fi",)), False, "`language` is `sv`, not `fi`"),
        (Condition(response_format=("srt", "vtt")), True, "`response_format` is `srt`"),
        (Condition(timestamps=("segment",)), False, "`timestamps` has none of `segment`"),
        (Condition(stream=True), True, "`stream` is `true`"),
        (Condition(diarize=True), False, "`diarize` is `false`, not `true`"),
        (Condition(translate=True), False, "`translate` is `false`, not `true`"),
        (Condition(user=("alice",)), False, "`user` is `bob`, not `alice`"),
        (Condition(key=("k1",)), True, "`key` is `k1`"),
        (Condition(key_tags=("eu", "us")), True, "`key.tags` has `eu`"),
        (Condition(key_budget_left=MoneyRange(under=Money(10_000_000))), False, "`key.budget_left` is $0.05, not under $0.01"),
        (Condition(tags=("us", "asia")), False, "`tags` has none of `us`, `asia`"),
        (Condition(metadata={"plan": ("free",)}), False, "`metadata.plan` is `pro`, not `free`"),
        (Condition(metadata={"plan": ("pro",), "team": ("x",)}), False, "`metadata.team` is not given"),
        (Condition(known="user"), True, "`user` is known"),
        (Condition(user=("bob",), tags=("us",)), False, "`tags` has none of `us`"),
        (Condition(user=("bob",), key=("k1",)), True, "`user` is `bob`; `key` is `k1`"),
        (
            Condition(any=(Condition(user=("x",)), Condition(key=("y",)))),
            False,
            "`user` is `bob`, not `x`; `key` is `k1`, not `y`",
        ),
        (Condition(any=(Condition(user=("x",)), Condition(key=("k1",)))), True, "`key` is `k1`"),
        (Condition(not_=Condition(user=("bob",))), False, "`user` is `bob`"),
    ],
)
def test_each_fact_is_held_against_what_was_asked(condition: Condition, value: bool, why: str) -> None:
    """And the decision says what it rests on."""
    assert decided(condition, FULL) is value
    assert explained(condition, FULL) == why


@pytest.mark.parametrize(
    ("condition", "fact"),
    [
        (Condition(audio_seconds=NumberRange(over=1)), "audio.seconds"),
        (Condition(audio_bytes=NumberRange(under=1)), "audio.bytes"),
        (Condition(audio_format=("wav",)), "audio.format"),
        (Condition(audio_channels=NumberRange(in_=(1,))), "audio.channels"),
        (Condition(language=("fi",)), "language"),
    ],
)
def test_absent_audio_and_language_are_unknown(condition: Condition, fact: str) -> None:
    """Neither the test nor its negation holds."""
    assert decided(condition, EMPTY) is None
    assert decided(Condition(not_=condition), EMPTY) is None
    assert explained(Condition(not_=condition), EMPTY) == f"`{fact}` is not known"


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (Condition(user=("bob",)), "`user` is not given"),
        (Condition(key=("k1",)), "`key` is not given"),
        (Condition(key_tags=("eu",)), "`key.tags` has none of `eu`"),
        (Condition(tags=("eu",)), "`tags` has none of `eu`"),
        (Condition(timestamps=("word",)), "`timestamps` has none of `word`"),
        (Condition(metadata={"plan": ("pro",)}), "`metadata.plan` is not given"),
    ],
)
def test_absent_users_keys_tags_and_metadata_are_known_none(condition: Condition, why: str) -> None:
    """The test fails, so its negation holds."""
    assert decided(condition, EMPTY) is False
    assert decided(Condition(not_=condition), EMPTY) is True
    assert explained(condition, EMPTY) == why


def test_without_a_limit_there_is_always_more_left() -> None:
    """Over any amount, under none."""
    assert decided(Condition(key_budget_left=MoneyRange(over=Money(10**15))), EMPTY) is True
    under = Condition(key_budget_left=MoneyRange(under=Money(10**15)))
    assert decided(under, EMPTY) is False
    assert explained(under, EMPTY) == "`key.budget_left` is without limit, not under $1000000"


def test_an_overdrawn_key_has_less_than_nothing_left() -> None:
    """And its amount is written with its sign."""
    over = Condition(key_budget_left=MoneyRange(over=Money(0)))
    assert explained(over, Request(route="r", key_budget_left=-1_500_000_000)) == "`key.budget_left` is -$1.5, not over $0"


@pytest.mark.parametrize(
    ("fact", "absent"),
    [
        ("route", True),
        ("response_format", True),
        ("stream", True),
        ("diarize", True),
        ("translate", True),
        ("audio.seconds", False),
        ("audio.bytes", False),
        ("audio.format", False),
        ("audio.channels", False),
        ("language", False),
        ("timestamps", False),
        ("user", False),
        ("key", False),
        ("key.tags", False),
        ("key.budget_left", False),
        ("tags", False),
        ("metadata.plan", False),
    ],
)
def test_known_is_never_unknown(fact: str, absent: bool) -> None:
    """Present facts are known, absent ones are not, and some are always there."""
    assert decided(Condition(known=fact), FULL) is True
    assert decided(Condition(known=fact), EMPTY) is absent


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_a_length_that_cannot_be_is_unknown(seconds: float) -> None:
    """Whoever reads a broken header knows nothing."""
    request = Request(route="r", audio=AudioFacts(seconds=seconds))
    assert decided(Condition(audio_seconds=NumberRange(over=1)), request) is None
    assert decided(Condition(known="audio.seconds"), request) is False


def test_a_false_part_outweighs_an_unknown_one() -> None:
    """After Kleene: what is known may decide."""
    unknown, false = Condition(language=("fi",)), Condition(user=("x",))
    true = Condition(not_=false)
    assert decided(Condition(all=(unknown, false)), EMPTY) is False
    assert decided(Condition(all=(unknown, true)), EMPTY) is None
    assert decided(Condition(any=(unknown, true)), EMPTY) is True
    assert decided(Condition(any=(unknown, false)), EMPTY) is None


@given(conditions(), requests(), MOMENTS, SEEDS)
def test_a_double_negation_changes_nothing(condition: Condition, request: Request, moment_ms: int, seed: int) -> None:
    """Nor does it in the words."""
    twice = Condition(not_=Condition(not_=condition))
    assert decide(twice, request, moment_ms, seed, ZONES) is decide(condition, request, moment_ms, seed, ZONES)
    assert explain(twice, request, moment_ms, seed, ZONES) == explain(condition, request, moment_ms, seed, ZONES)


@given(st.lists(conditions(), min_size=1, max_size=3), requests(), MOMENTS, SEEDS)
def test_de_morgan(parts: list[Condition], request: Request, moment_ms: int, seed: int) -> None:
    """Not all is any not; not any is all not."""
    negated = tuple(Condition(not_=part) for part in parts)

    def value(condition: Condition) -> bool | None:
        return decide(condition, request, moment_ms, seed, ZONES)

    assert value(Condition(not_=Condition(all=tuple(parts)))) is value(Condition(any=negated))
    assert value(Condition(not_=Condition(any=tuple(parts)))) is value(Condition(all=negated))


@given(st.lists(conditions(), min_size=2, max_size=4), requests(), MOMENTS, SEEDS)
def test_the_order_of_parts_is_irrelevant(parts: list[Condition], request: Request, moment_ms: int, seed: int) -> None:
    """For `all` and for `any`."""
    for forward, backward in (
        (Condition(all=tuple(parts)), Condition(all=tuple(reversed(parts)))),
        (Condition(any=tuple(parts)), Condition(any=tuple(reversed(parts)))),
    ):
        assert decide(forward, request, moment_ms, seed, ZONES) is decide(backward, request, moment_ms, seed, ZONES)


@given(conditions(), requests(), MOMENTS, SEEDS)
def test_what_is_unknown_selects_nothing(condition: Condition, request: Request, moment_ms: int, seed: int) -> None:
    """A condition and its negation never both hold; where one is unknown, both are, and a fact is to blame."""
    value = decide(condition, request, moment_ms, seed, ZONES)
    negation = decide(Condition(not_=condition), request, moment_ms, seed, ZONES)
    assert negation is (None if value is None else not value)
    if value is None:
        assert explain(condition, request, moment_ms, seed, ZONES).endswith(" is not known")


@given(conditions(), requests(), MOMENTS, SEEDS)
def test_an_explanation_is_one_line(condition: Condition, request: Request, moment_ms: int, seed: int) -> None:
    """Whatever it is about."""
    line = explain(condition, request, moment_ms, seed, ZONES)
    assert line == line.strip() != ""
    assert line.isprintable()


@given(st.integers(0, 100), st.integers(0, 100), st.floats(0, 100))
def test_a_range_leaves_its_bounds_out(over: int, under: int, seconds: float) -> None:
    """As comparing numbers does."""
    request = Request(route="r", audio=AudioFacts(seconds=seconds))
    assert decided(Condition(audio_seconds=NumberRange(over=over, under=under)), request) is (over < seconds < under)


def users(count: int) -> list[Request]:
    """Requests of as many users."""
    return [Request(route="r", user=f"user-{number}") for number in range(count)]


def sampled(share: int, request: Request, seed: int = 0, by: str | None = "user", salt: str = "s") -> bool | None:
    """Whether the request is in the sample of `share` millionths."""
    return decided(Condition(sample=Sample(share=Share(share), by=by, salt=salt)), request, seed=seed)


def test_a_sample_has_its_share_of_users() -> None:
    """Within four standard deviations of 5% of 10,000."""
    assert abs(sum(sampled(50_000, user) is True for user in users(10_000)) - 500) < 90


def test_a_sample_by_chance_has_its_share_of_seeds() -> None:
    """The same, where the user is absent and where nobody is asked for."""
    for by in (None, "user"):
        assert abs(sum(sampled(50_000, EMPTY, seed, by) is True for seed in range(10_000)) - 500) < 90


@given(SEEDS, SEEDS, st.integers(0, 10**6), st.text(max_size=5))
def test_a_user_is_on_the_same_side_under_every_seed(seed: int, other: int, share: int, user: str) -> None:
    """Whatever the user is called."""
    request = Request(route="r", user=user)
    assert sampled(share, request, seed) is sampled(share, request, other)


def test_a_user_with_a_broken_name_is_sampled_too() -> None:
    """A lone surrogate is no text that could be encoded."""
    assert sampled(1_000_000, Request(route="r", user="\ud800")) is True


@given(SEEDS, st.integers(0, 10**6), st.integers(0, 10**6), requests(), st.sampled_from((None, "user", "metadata.plan")))
def test_whoever_is_in_a_sample_is_in_every_larger_one(seed: int, one: int, other: int, request: Request, by: str | None) -> None:
    """Of the same salt and by."""
    smaller, larger = sorted((one, other))
    assert sampled(smaller, request, seed, by) is False or sampled(larger, request, seed, by) is True


def test_the_ends_of_a_share() -> None:
    """0% is nobody, 100% everybody."""
    assert not any(sampled(0, user) for user in users(100))
    assert all(sampled(1_000_000, user) for user in users(100))


def test_samples_of_other_salts_are_others() -> None:
    """So that experiments do not always meet the same users."""
    both = [(sampled(500_000, user, salt="a"), sampled(500_000, user, salt="b")) for user in users(200)]
    assert len(set(both)) == 4


def test_a_sample_says_who_was_drawn() -> None:
    """Or that it was chance."""
    one_in_ten = Condition(sample=Sample(share=Share(1_000_000), by="user"))
    assert explained(one_in_ten, FULL) == "`user` `bob` is in the sample of 100%"
    none = Condition(sample=Sample(share=Share(0), by="user"))
    assert explained(none, EMPTY) == "by chance the request is not in the sample of 0%"


def test_a_window_says_what_time_it_is() -> None:
    """In its zone."""
    night = Condition(time=TimeWindow(from_=ClockTime(22 * 60), to=ClockTime(6 * 60), zone="Europe/Helsinki"))
    assert decided(night, EMPTY) is False
    assert explained(night, EMPTY) == "it is thu 14:00 in `Europe/Helsinki`, not from 22:00 to 06:00"


def test_a_zone_that_was_not_resolved_is_unknown() -> None:
    """No spec that was loaded has one; UTC is always there."""
    assert explained(Condition(time=TimeWindow(zone="Mars/Olympus")), EMPTY, zones={}) == "time zone `Mars/Olympus` is not known"
    assert decide(Condition(time=TimeWindow()), EMPTY, NOON, 0, {}) is True
