"""Chance as a function: the same seed, node and arm always draw the same.

Order is an exponential race: arm i finishes at -ln(u_i) / w_i, and arms are taken in the order in which they finish. That
gives each arm its weight's share of first places, shares its traffic by weight when it fails, and lets no arm's draw depend on
which other arms there are.
"""

import hashlib
import math
from typing import Final

__all__ = ("delay_ms", "order")

_STEPS: Final = 1 << 53  # as many as a float tells apart, so that u is exact


def _draw(seed: int, *names: str) -> int:
    """64 even bits that belong to this seed and these names."""
    # The names hold no control characters, so the separator keeps ("ab", "c") and ("a", "bc") apart.
    key = "\x1f".join((str(seed), *names)).encode()
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest())


def order(seed: int, node: str, arms: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """The labels of `arms` (label, weight > 0) in the order of the race at `node`; ties by label.

    >>> order(7, "r", (("a", 1), ("b", 1))) == order(7, "r", (("b", 1), ("a", 1)))
    True
    """
    if len(arms) == 1:
        return (arms[0][0],)
    finishes = sorted((_finish(_draw(seed, node, label), weight), label) for label, weight in arms)
    return tuple(label for _, label in finishes)


def _finish(draw: int, weight: int) -> float:
    u = ((draw >> 11) + 1) / _STEPS  # from (0, 1]: its logarithm exists
    return -math.log(u) / weight


def delay_ms(seed: int, node: str, k: int, base_ms: int, cap_ms: int) -> int:
    """The wait before the k-th retry (k from 0) at `node`: even over 0 … min(cap, base · 2^k), full jitter."""
    longest = min(cap_ms, base_ms << k)
    return _draw(seed, node, f"retry {k}") * (longest + 1) >> 64
