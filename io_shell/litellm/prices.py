"""LiteLLM's prices, by the second or the token, as ours by the minute and the call."""

import math
from fractions import Fraction
from typing import Final

from voxplan.engine.language.spec import Price
from voxplan.engine.terms.amounts import MAX_NANO
from voxplan.engine.terms.quantity import Money
from voxplan.io_shell.litellm.sections import Section

__all__ = ("price",)

_NANO: Final = 10**9
_CARRIED: Final = ("output_cost_per_second", "input_cost_per_second", "input_cost_per_request")
_PER_TOKEN: Final = ("input_cost_per_token", "input_cost_per_audio_token", "output_cost_per_token", "output_cost_per_audio_token")


def price(params: Section, info: Section) -> Price | None:
    """What the entry says a call costs; parameters count before `model_info`, the output's price before the input's."""
    said = {key: _said(key, params, info) for key in _CARRIED}
    for section in (params, info):
        for key in _PER_TOKEN:
            if section.take(key) is not None:
                section.warn(key, f"`{key}` is not carried over: prices by the token are those that voxplan knows of the model")
    per_second = said["output_cost_per_second"] or said["input_cost_per_second"]
    if per_second is None:
        per_second = said["output_cost_per_second"]
    per_request = said["input_cost_per_request"]
    if per_second is None and per_request is None:
        return None
    money = _money(per_second, 60), _money(per_request, 1)
    if any(each is not None and each.nano > MAX_NANO for each in money):
        params.remarks.warn(params.place, "a price of more than $1000000 is not carried over")
        return None
    return Price(per_minute=money[0], per_request=money[1])


def _said(key: str, params: Section, info: Section) -> float | None:
    found = params.number(key), info.number(key)
    if None not in found and found[0] != found[1]:
        info.warn(key, f"`{key}` is not carried over: `litellm_params` has another")
    return found[1] if found[0] is None else found[0]


def _money(dollars: float | None, times: int) -> Money | None:
    """Rounded up to whole billionths, of the digits that were written."""
    return None if dollars is None else Money(math.ceil(Fraction(repr(dollars)) * times * _NANO))
