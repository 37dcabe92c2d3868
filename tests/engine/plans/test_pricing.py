from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from voxplan.engine.language.spec import Price
from voxplan.engine.plans.pricing import likely_cost, price_facts, worst_cost
from voxplan.engine.terms.capability import PriceFacts
from voxplan.engine.terms.quantity import Money, Span

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
    cost, less = worst_cost(price, seconds), worst_cost(lower, seconds)
    assert cost is not None
    assert less is not None
    assert less <= cost
    assert likely_cost(lower, None) <= scale_cost(price)


@given(PRICES, SECONDS)
def test_rounding_adds_less_than_a_billionth(price: PriceFacts, seconds: float) -> None:
    """To what fractions say, where no step rounds the length."""
    plain = replace(price, step_ms=0)
    billed = max(Fraction(seconds), Fraction(plain.minimum_ms, 1000))
    exact = plain.per_request + billed * plain.per_minute / 60
    cost = worst_cost(plain, seconds)
    assert cost is not None
    assert exact <= cost < exact + 1


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
