"""What a call costs at most, in billionths of a US dollar: whole numbers all the way, rounded up, the same on any machine.

A price that is not known is never 0: whoever has to keep to a budget leaves such a deployment out.
"""

import math
from typing import Final

from voxplan.engine.language.spec import Price
from voxplan.engine.terms.capability import PriceFacts

__all__ = ("price_facts", "scale_cost", "worst_cost")

_MINUTE_MS: Final = 60_000
_USUAL_S: Final = 60.0


def worst_cost(price: PriceFacts, audio_seconds: float | None) -> int | None:
    """What one call costs at most; None when that depends on the length of the audio and nobody knows it.

    >>> worst_cost(PriceFacts(per_minute=6_000_000, step_ms=1000), 3.7)
    400000
    """
    if not price.per_minute:
        return price.per_request
    if audio_seconds is None or not math.isfinite(audio_seconds) or audio_seconds < 0:
        return None
    seconds, parts = audio_seconds.as_integer_ratio()
    # The billed length, in the `parts`-th part of a millisecond.
    billed = max(1000 * seconds, price.minimum_ms * parts)
    if price.step_ms:
        billed = _up(billed, price.step_ms * parts) * price.step_ms * parts
    return price.per_request + _up(billed * price.per_minute, _MINUTE_MS * parts)


def scale_cost(price: PriceFacts) -> int:
    """What a minute of audio costs: puts prices in order when the length is not known."""
    cost = worst_cost(price, _USUAL_S)
    return price.per_request if cost is None else cost


def price_facts(price: Price) -> PriceFacts:
    """What a spec says about a price; what it leaves out costs nothing."""
    return PriceFacts(
        per_minute=0 if price.per_minute is None else price.per_minute.nano,
        per_request=0 if price.per_request is None else price.per_request.nano,
        minimum_ms=price.minimum.base_ms,
        step_ms=0 if price.step is None else price.step.base_ms,
        source="the spec",
    )


def _up(amount: int, unit: int) -> int:
    """How many units it takes to cover the amount."""
    return -(-amount // unit)
