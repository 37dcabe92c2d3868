"""Chance as a function: the same seed, node and arm always draw the same.

Order is an exponential race: arm i finishes at -ln(u_i) / w_i, and arms are taken in the order in which they finish. That
gives each arm its weight's share of first places, shares its traffic by weight when it fails, and lets no arm's draw depend on
which other arms there are.

A decision hashes once, and mixes that into the label of every arm. Where there are many arms, all are mixed by the same few
operations on one long whole number (`Lanes`), which gives the same bits as mixing them one by one.
"""

import hashlib
import math
import struct
from collections.abc import Iterator, Sequence
from itertools import repeat
from operator import sub
from typing import Final

import msgspec

__all__ = ("Lanes", "bits", "delay_ms", "draw", "drawn_below", "finishes", "greatest_first", "label_bits", "lanes", "order")

_LOG_STEPS: Final = 64 * math.log(2)
_LANE: Final = 128  # twice the width of a draw, so that products of one lane stay in it
_LOW: Final = (1 << 64) - 1
_FEW: Final = 12  # up to here, mixing one by one is faster
_PICKED: Final = 8  # after so many of the first places, sorting all is cheaper than finding the next


def draw(seed: int, *names: str) -> int:
    """64 even bits that belong to this seed and these names.

    >>> draw(7, "a", "b") == draw(7, "a", "b") != draw(7, "ab")
    True
    """
    # Lengths keep ("ab", "c") and ("a", "bc") apart, whatever stands in the names.
    key = "\x1f".join((str(seed), *(f"{len(name)}:{name}" for name in names))).encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest())


def label_bits(*labels: str) -> int:
    """What stands for a node, an arm or a wait in every draw."""
    return draw(0, *labels)


def _mixed(value: int) -> int:
    """64 even bits for each 64-bit value (the finalizer of SplitMix64, a bijection)."""
    value ^= value >> 30
    value = value * 0xBF58476D1CE4E5B9 & _LOW
    value ^= value >> 27
    value = value * 0x94D049BB133111EB & _LOW
    return value ^ value >> 31


def drawn_below(root: int, label: int) -> int:
    """64 even bits for what has these label bits, in the draw `root`: far cheaper than to hash again."""
    return _mixed(label ^ root)


class Lanes(msgspec.Struct, frozen=True):
    """The label bits of many arms side by side in one number; `ones` has a 1 in every lane. `weights` None: all are equal.

    Of few arms `labels` holds them one by one, because that is then faster.
    """

    count: int
    labels: tuple[int, ...] | None
    packed: int
    ones: int
    weights: tuple[int, ...] | None


def lanes(arms: Sequence[tuple[int, int]]) -> Lanes:
    """The arms (label bits, weight > 0), packed once when a spec is compiled."""
    packed = int.from_bytes(b"".join(label.to_bytes(_LANE // 8, "little") for label, _ in arms), "little")
    ones = int.from_bytes((1).to_bytes(_LANE // 8, "little") * len(arms), "little")
    weights = tuple(weight for _, weight in arms)
    labels = tuple(label for label, _ in arms) if len(arms) <= _FEW else None
    return Lanes(len(arms), labels, packed, ones, weights if len({*weights}) > 1 else None)


def bits(root: int, arms: Lanes) -> tuple[int, ...]:
    """The draw of every arm in the decision whose own draw is `root`: odd numbers under 2^64."""
    if arms.labels is not None:
        return tuple([_mixed(label ^ root) | 1 for label in arms.labels])
    low = arms.ones * _LOW
    value = arms.packed ^ arms.ones * root
    value ^= value >> 30 & low
    value = value * 0xBF58476D1CE4E5B9 & low
    value ^= value >> 27 & low
    value = value * 0x94D049BB133111EB & low
    value = (value ^ value >> 31 & low) | arms.ones
    return struct.unpack(f"<{2 * arms.count}Q", value.to_bytes(arms.count * _LANE // 8, "little"))[::2]


def finishes(root: int, arms: Lanes) -> Sequence[float]:
    """How early each arm finishes in the decision drawn as `root`: the greatest is the first."""
    drawn = bits(root, arms)
    if arms.weights is None:
        return drawn  # the logarithm keeps the order, so it is not needed
    # `-ln(draw / 2^64) / weight`, least first, with its sign turned: no loop of ours runs over the arms.
    negative = map(sub, map(math.log, drawn), repeat(_LOG_STEPS))
    return tuple(map(float.__truediv__, negative, arms.weights))


def greatest_first(values: Sequence[float]) -> Iterator[int]:
    """The places of `values` from the greatest to the least, one at a time; ties by place.

    Most decisions want only the first few.
    """
    if len(values) <= _PICKED:
        yield from sorted(range(len(values)), key=values.__getitem__, reverse=True)
        return
    waiting = list(values)
    picked: list[int] = []
    while len(picked) < _PICKED:
        place = waiting.index(max(waiting))
        waiting[place] = -math.inf
        picked.append(place)
        yield place
    rest = (place for place in range(len(waiting)) if place not in picked)
    yield from sorted(rest, key=waiting.__getitem__, reverse=True)


def order(root: int, arms: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """The labels of `arms` (label, weight > 0) in the order of the race of the decision drawn as `root`; ties by label.

    >>> order(7, (("a", 1), ("b", 1))) == order(7, (("b", 1), ("a", 1)))
    True
    """
    by_label = sorted(arms)
    packed = lanes([(label_bits(label), weight) for label, weight in by_label])
    return tuple(by_label[place][0] for place in greatest_first(finishes(root, packed)))


def delay_ms(root: int, wait: int, k: int, base_ms: int, cap_ms: int) -> int:
    """The wait before the k-th retry (k from 0), whose label bits are `wait`: even over 0 … min(cap, base · 2^k), full jitter."""
    longest = min(cap_ms, base_ms << k)
    return drawn_below(root, wait) * (longest + 1) >> 64
