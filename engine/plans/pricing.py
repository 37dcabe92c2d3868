"""What calls cost, in billionths of a US dollar: whole numbers all the way, rounded up, the same on any machine.

Before a call: what it costs at most, which budgets rely on, and what it is likely to cost, which puts prices in order. After it:
what it came to, from what the provider counted. A price that is not known is never 0: whoever has to keep to a budget leaves such
a deployment out, and so one whose price is an estimate.
"""

import math
from typing import Final, NamedTuple

from msgspec.structs import replace

from voxplan.engine.language.spec import Price
from voxplan.engine.terms.capability import PriceFacts, TokenPrices
from voxplan.engine.terms.request import AudioFacts
from voxplan.engine.terms.transcript import Usage

__all__ = ("Cost", "billed_by_channel", "cost", "likely_cost", "price_facts", "worst_cost")

_MINUTE_MS: Final = 60_000
_USUAL_S: Final = 60.0
_MILLION: Final = 1_000_000


class Cost(NamedTuple):
    """What a call came to, in billionths of a US dollar; `estimated` where the provider did not say all it takes."""

    nano: int
    estimated: bool


def worst_cost(price: PriceFacts, audio_seconds: float | None, channels: int | None = None) -> int | None:
    """What one call costs at most; None when that depends on something that nobody knows, or is only an estimate.

    >>> worst_cost(PriceFacts(per_minute=6_000_000, step_ms=1000), 3.7)
    400000
    """
    if price.estimated or price.tokens is not None or (price.by_channel and channels is None):
        return None
    if not price.per_minute:
        return price.per_request
    seconds = _length(audio_seconds)
    return None if seconds is None else _by_length(price, seconds, channels)


def likely_cost(price: PriceFacts, audio_seconds: float | None, channels: int | None = None) -> int | None:
    """What one call may be expected to cost, estimates included; for audio of unknown length, of a minute.

    None where tokens are billed and nobody has estimated what a minute comes to.
    """
    if price.tokens is not None and not price.per_minute:
        return None
    seconds = _length(audio_seconds)
    return _by_length(price, _USUAL_S if seconds is None else seconds, channels)


def cost(usage: Usage | None, price: PriceFacts | None, audio: AudioFacts) -> Cost | None:
    """What a call came to by its `usage`, else by the length of the audio; None where the price or the length is unknown.

    >>> cost(Usage(kind="duration", seconds=4), PriceFacts(per_minute=6_000_000), AudioFacts())
    Cost(nano=400000, estimated=False)
    """
    if price is None:
        return None
    counted = usage or Usage(kind="duration")
    if price.tokens is not None and (counted.total_tokens is not None or counted.input_tokens is not None):
        return _by_token(price.tokens, counted, price)
    seconds = _length(counted.seconds)
    if seconds is None:
        seconds = _length(audio.seconds)
    if (seconds is None and price.per_minute) or (price.tokens is not None and not price.per_minute):
        return None
    uncertain = price.estimated or price.tokens is not None or (price.by_channel and audio.channels is None)
    return Cost(_by_length(price, seconds or 0.0, audio.channels), uncertain)


def price_facts(price: Price) -> PriceFacts:
    """What a spec says about a price; what it leaves out costs nothing."""
    return PriceFacts(
        per_minute=0 if price.per_minute is None else price.per_minute.nano,
        per_request=0 if price.per_request is None else price.per_request.nano,
        minimum_ms=price.minimum.base_ms,
        step_ms=0 if price.step is None else price.step.base_ms,
        source="the spec",
    )


def billed_by_channel(price: PriceFacts | None) -> PriceFacts | None:
    """The same price for a deployment that has every channel transcribed by itself."""
    return None if price is None else replace(price, by_channel=True)


def _by_length(price: PriceFacts, audio_seconds: float, channels: int | None) -> int:
    seconds, parts = audio_seconds.as_integer_ratio()
    # The billed length, in the `parts`-th part of a millisecond.
    billed = max(1000 * seconds, price.minimum_ms * parts)
    if price.step_ms:
        billed = _up(billed, price.step_ms * parts) * price.step_ms * parts
    times = max(1, channels or 1) if price.by_channel else 1
    return price.per_request + times * _up(billed * price.per_minute, _MINUTE_MS * parts)


def _by_token(prices: TokenPrices, usage: Usage, price: PriceFacts) -> Cost:
    """Tokens of which nobody says whether they were audio or text count as audio."""
    text, heard, written = (max(0, count or 0) for count in (usage.text_tokens, usage.audio_tokens, usage.output_tokens))
    whole = usage.input_tokens if usage.input_tokens is not None else (usage.total_tokens or 0) - written
    rest = max(0, whole - text - heard)
    # What is left when only the text was counted is the audio.
    unsure = rest > 0 and prices.audio_in != prices.text_in and (usage.text_tokens is None or usage.audio_tokens is not None)
    total = (heard + rest) * prices.audio_in + text * prices.text_in + written * prices.out
    return Cost(price.per_request + _up(total, _MILLION), price.estimated or unsure or usage.output_tokens is None)


def _length(seconds: float | None) -> float | None:
    """The length, if it is one: providers may say anything."""
    return seconds if seconds is not None and math.isfinite(seconds) and seconds >= 0 else None


def _up(amount: int, unit: int) -> int:
    """How many units it takes to cover the amount."""
    return -(-amount // unit)
