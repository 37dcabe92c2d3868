"""How rules meet on their way inwards: what a node says, and what holds there because of the nodes around it.

`timeout`, `retry`, `accept` and `when_all_cooling` are replaced by an inner rule, `options` one by one; of `replay` the
stricter holds, of budgets the smaller; `require` and `guardrails` add up. Deadlines stay on the nodes that state them, because
they count from the moment of entry.
"""

from typing import Final, TypeVar, get_args

import msgspec

from voxplan.engine.language.spec import Accept, OptionRules, Replay, Retry, Rules, Selector, WhenAllCooling
from voxplan.engine.terms.quantity import Span

__all__ = ("Carried", "carry", "smaller")

T = TypeVar("T")

_STRICTNESS: Final[tuple[Replay, ...]] = get_args(Replay)


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that hold at a node. `guardrails` are names, innermost first; `least_budget` the smallest around it."""

    timeout: Span | None = None
    retry: Retry = Retry()
    accept: Accept | None = None
    when_all_cooling: WhenAllCooling = "try"
    require: tuple[Selector, ...] = ()
    guardrails: tuple[str, ...] = ()
    least_budget: int | None = None
    replay: Replay = "always"
    options: OptionRules = OptionRules()


def carry(outer: Carried, rules: Rules) -> Carried:
    """The rules inside a node."""
    inner = rules.guardrails or ()
    return Carried(
        timeout=_inner(rules.timeout, outer.timeout),
        retry=_inner(rules.retry, outer.retry) or Retry(),
        accept=_inner(rules.accept, outer.accept),
        when_all_cooling=rules.when_all_cooling or outer.when_all_cooling,
        require=outer.require if rules.require is None else (*outer.require, rules.require),
        guardrails=(*dict.fromkeys((*inner, *outer.guardrails)),),
        least_budget=smaller(None if rules.budget is None else rules.budget.nano, outer.least_budget),
        replay=_stricter(rules.replay or "always", outer.replay),
        options=_options(rules.options, outer.options),
    )


def _stricter(one: Replay, other: Replay) -> Replay:
    return one if _STRICTNESS.index(one) > _STRICTNESS.index(other) else other


def _inner(own: T | None, outer: T | None) -> T | None:
    return outer if own is None else own


def _options(own: OptionRules | None, outer: OptionRules) -> OptionRules:
    """The inner rule for each option that has one."""
    if own is None:
        return outer
    given = {name: rule for name in own.__struct_fields__ if (rule := getattr(own, name)) is not None}
    return msgspec.structs.replace(outer, **given)


def smaller(one: int | None, other: int | None) -> int | None:
    """The smaller of the two that there are."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
