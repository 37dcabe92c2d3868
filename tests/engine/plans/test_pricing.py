import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from voxplan.engine.language.spec import Price
from voxplan.engine.plans.pricing import Cost, billed_by_channel, cost, likely_cost, price_facts, worst_cost
from voxplan.engine.terms.capability import PriceFacts, TokenPrices
from voxplan.engine.terms.quantity import Money, Span
from voxplan.engine.terms.request import AudioFacts
from voxplan.engine.terms.transcript import Usage

DOLLAR = 10**9
WHISPER_1 = PriceFacts(per_minute=6_000_000, step_ms=1000)
GROQ_TURBO = PriceFacts(per_minute=666_667, minimum_ms=10_000)  # $0.04 an hour, at least ten seconds
SECONDS = st.floats(0, 10**6)
PRICES = st.builds(
    PriceFacts,
    per_minute=st.integers(0, 10**9),
    per_request=st.integers(0, 10**9),
    minimum_ms=st.sampled_from((0, 1, 10_000, 60_000)),
    step_ms=st.sampled_from((0, 1, 1000, 15_000, 60_000)),
)


@pytest.mark.parametrize(
    ("price", "seconds", "nano"),
    [
        (WHISPER_1, 60.0, 6_000_000),
        (WHISPER_1, 3600.0, 360_000_000),
        (WHISPER_1, 3.7, 400_000),
        (WHISPER_1, 0.0, 0),
        (GROQ_TURBO, 3.0, 111_112),
        (GROQ_TURBO, 3600.0, 40_000_020),
        (PriceFacts(per_minute=1), 1.0, 1),
        (PriceFacts(per_minute=6_000_000, per_request=5, minimum_ms=1500, step_ms=1000), 0.1, 200_005),
        (PriceFacts(per_request=7), 10.0, 7),
        (PriceFacts(), 10.0, 0),
    ],
)
def test_exact_costs(price: PriceFacts, seconds: float, nano: int) -> None:
    """Minimum first, then whole steps, then the price, rounded up to a billionth."""
    assert worst_cost(price, seconds) == nano


@pytest.mark.parametrize("seconds", [None, float("nan"), float("inf"), -1.0])
def test_an_unknown_length_has_an_unknown_cost(seconds: float | None) -> None:
    """Unless the length does not matter."""
    assert worst_cost(WHISPER_1, seconds) is None
    assert worst_cost(PriceFacts(per_request=7, minimum_ms=1000), seconds) == 7


@given(PRICES, SECONDS, SECONDS)
def test_longer_audio_never_costs_less(price: PriceFacts, one: float, other: float) -> None:
    """And nothing costs less than the call."""
    short, long = worst_cost(price, min(one, other)), worst_cost(price, max(one, other))
    assert short is not None
    assert long is not None
    assert price.per_request <= short <= long


@given(PRICES, SECONDS, st.integers(0, 10**9))
def test_a_lower_price_never_costs_more(price: PriceFacts, seconds: float, cut: int) -> None:
    """On any audio, and on the usual minute (law M4)."""
    lower = replace(price, per_minute=max(0, price.per_minute - cut))
    whole, less = worst_cost(price, seconds), worst_cost(lower, seconds)
    assert whole is not None
    assert less is not None
    assert less <= whole
    assert (likely_cost(lower, None) or 0) <= (likely_cost(price, None) or 0)


@given(PRICES, SECONDS)
def test_rounding_adds_less_than_a_billionth(price: PriceFacts, seconds: float) -> None:
    """To what fractions say, where no step rounds the length."""
    plain = replace(price, step_ms=0)
    billed = max(Fraction(seconds), Fraction(plain.minimum_ms, 1000))
    exact = plain.per_request + billed * plain.per_minute / 60
    found = worst_cost(plain, seconds)
    assert found is not None
    assert exact <= found < exact + 1


@given(PRICES)
def test_prices_are_put_in_order_by_the_minute(price: PriceFacts) -> None:
    """That is what a minute costs."""
    assert likely_cost(price, None) == worst_cost(price, 60.0)


def test_a_spec_says_a_price() -> None:
    """What it leaves out costs nothing, and is not rounded."""
    price = Price(per_minute=Money(6_000_000), per_request=Money(DOLLAR), minimum=Span(10_000), step=Span(1000))
    facts = PriceFacts(per_minute=6_000_000, per_request=DOLLAR, minimum_ms=10_000, step_ms=1000, source="the spec")
    assert price_facts(price) == facts
    assert price_facts(Price()) == PriceFacts(source="the spec")


GPT_4O = TokenPrices(audio_in=6000 * 10**6, text_in=2500 * 10**6, out=10_000 * 10**6)
CHANNELS = st.none() | st.integers(1, 8)
TOKENS = st.builds(TokenPrices, audio_in=st.integers(0, 10**11), text_in=st.integers(0, 10**11), out=st.integers(0, 10**11))
COUNTS = st.none() | st.integers(0, 10**7)
UNCERTAIN = PRICES.flatmap(
    lambda price: st.sampled_from(
        (replace(price, estimated=True), replace(price, tokens=GPT_4O), replace(price, by_channel=True))
    )
)
ANY_PRICE = PRICES | UNCERTAIN
USAGES = st.builds(
    Usage,
    kind=st.sampled_from(("duration", "tokens")),
    seconds=st.none() | st.floats(),
    input_tokens=COUNTS,
    output_tokens=COUNTS,
    total_tokens=COUNTS,
    audio_tokens=COUNTS,
    text_tokens=COUNTS,
)
AUDIO = st.builds(AudioFacts, seconds=st.none() | SECONDS, channels=CHANNELS)


def tokens(**counted: int) -> Usage:
    """What a provider counted."""
    return Usage(kind="tokens", **counted)


@given(UNCERTAIN, SECONDS)
def test_nobody_relies_on_an_estimate(price: PriceFacts, seconds: float) -> None:
    """Neither an estimate, nor tokens, nor channels that nobody has counted have a worst cost."""
    assert worst_cost(price, seconds) is None


@given(PRICES, SECONDS, st.integers(1, 8))
def test_every_channel_is_billed_like_audio_of_its_own(price: PriceFacts, seconds: float, channels: int) -> None:
    """The call is billed once."""
    by_channel = billed_by_channel(price)
    assert by_channel is not None
    one, all_ = worst_cost(price, seconds), worst_cost(by_channel, seconds, channels)
    assert one is not None
    assert all_ == price.per_request + channels * (one - price.per_request)
    assert worst_cost(price, seconds, channels) == one
    assert billed_by_channel(None) is None


@given(ANY_PRICE, SECONDS, CHANNELS)
def test_the_worst_is_as_likely_as_any(price: PriceFacts, seconds: float, channels: int | None) -> None:
    """Where the worst is known, it is what is expected."""
    worst = worst_cost(price, seconds, channels)
    assert worst is None or worst == likely_cost(price, seconds, channels)


def test_tokens_without_an_estimate_are_not_free() -> None:
    """What a minute comes to is unknown then, however long the audio is."""
    unknown = PriceFacts(tokens=GPT_4O)
    assert likely_cost(unknown, 60.0) is None
    assert cost(None, unknown, AudioFacts(seconds=60.0)) is None
    assert cost(Usage(kind="duration", seconds=3), unknown, AudioFacts()) is None


@given(USAGES, AUDIO)
def test_an_unknown_price_is_an_unknown_cost(usage: Usage, audio: AudioFacts) -> None:
    """Never 0."""
    assert cost(usage, None, audio) is None
    assert cost(None, None, audio) is None


@given(st.none() | USAGES, ANY_PRICE, AUDIO)
def test_whatever_a_provider_counts_has_a_cost_or_none(usage: Usage | None, price: PriceFacts, audio: AudioFacts) -> None:
    """Total, never below the price of the call; what is estimated by its price stays an estimate."""
    found = cost(usage, price, audio)
    if found is not None:
        assert found.nano >= price.per_request
        assert found.estimated or not price.estimated


@given(PRICES, SECONDS)
def test_without_usage_a_call_costs_what_it_costs_at_most(price: PriceFacts, seconds: float) -> None:
    """By the length of the audio; and so it does where the provider counted the same length."""
    worst = worst_cost(price, seconds)
    assert worst is not None
    assert cost(None, price, AudioFacts(seconds=seconds)) == Cost(worst, estimated=False)
    assert cost(Usage(kind="duration", seconds=seconds), price, AudioFacts()) == Cost(worst, estimated=False)


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -1.0])
def test_a_length_that_is_none_is_not_believed(seconds: float) -> None:
    """The length of the audio counts then, if it is known."""
    usage = Usage(kind="duration", seconds=seconds)
    assert cost(usage, WHISPER_1, AudioFacts(seconds=60.0)) == Cost(6_000_000, estimated=False)
    assert cost(usage, WHISPER_1, AudioFacts()) is None
    assert cost(usage, WHISPER_1, AudioFacts(seconds=seconds)) is None


@given(TOKENS, *(st.integers(0, 10**7) for _ in range(3)), st.integers(0, 10**9))
def test_tokens_by_modality_are_exact(prices: TokenPrices, heard: int, read: int, written: int, per_request: int) -> None:
    """Each kind at its price for a million, the sum rounded up once."""
    price = PriceFacts(per_minute=1, per_request=per_request, tokens=prices)
    usage = tokens(audio_tokens=heard, text_tokens=read, input_tokens=heard + read, output_tokens=written)
    exact = Fraction(heard * prices.audio_in + read * prices.text_in + written * prices.out, 10**6)
    assert cost(usage, price, AudioFacts()) == Cost(per_request + math.ceil(exact), estimated=False)


@given(TOKENS, st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_tokens_never_cost_less(prices: TokenPrices, heard: int, more: int, read: int, written: int) -> None:
    """Whichever are counted."""
    price = PriceFacts(tokens=prices)
    few = cost(tokens(input_tokens=heard + read, text_tokens=read, output_tokens=written), price, AudioFacts())
    many = cost(tokens(input_tokens=heard + more + read, text_tokens=read, output_tokens=written), price, AudioFacts())
    assert few is not None
    assert many is not None
    assert few <= many


@pytest.mark.parametrize(
    ("usage", "found"),
    [
        (tokens(audio_tokens=100, text_tokens=10, input_tokens=110, output_tokens=20), Cost(825_000, estimated=False)),
        (tokens(text_tokens=10, input_tokens=110, output_tokens=20), Cost(825_000, estimated=False)),
        (tokens(text_tokens=10, total_tokens=130, output_tokens=20), Cost(825_000, estimated=False)),
        (tokens(input_tokens=110, output_tokens=20), Cost(860_000, estimated=True)),
        (tokens(audio_tokens=100, input_tokens=110, output_tokens=20), Cost(860_000, estimated=True)),
        (tokens(audio_tokens=100, text_tokens=10, input_tokens=110), Cost(625_000, estimated=True)),
        (tokens(total_tokens=0), Cost(0, estimated=True)),
        (tokens(), Cost(6_000_000, estimated=True)),
    ],
)
def test_tokens_that_nobody_sorts_are_audio(usage: Usage, found: Cost) -> None:
    """That makes it an estimate, as missing counts do; with no count at all, it is that of the length."""
    price = PriceFacts(per_minute=6_000_000, tokens=GPT_4O)
    assert cost(usage, price, AudioFacts(seconds=60.0)) == found


def test_channels_that_nobody_counted_make_an_estimate() -> None:
    """Of one channel; counted ones are exact."""
    price = billed_by_channel(WHISPER_1)
    assert cost(None, price, AudioFacts(seconds=60.0)) == Cost(6_000_000, estimated=True)
    assert cost(None, price, AudioFacts(seconds=60.0, channels=2)) == Cost(12_000_000, estimated=False)
