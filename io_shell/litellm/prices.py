"""LiteLLM's prices, by the second or the token, as ours by the minute and the call."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.language.spec import Price
from voxplan.engine.terms.amounts import MAX_NANO
from voxplan.engine.terms.capability import PriceFacts
from voxplan.engine.terms.quantity import Money
from voxplan.io_shell.litellm.providers import Target
from voxplan.io_shell.litellm.sections import Section

__all__ = ("known_price", "price", "tell_lost_price")

_NANO: Final = 10**9
_CARRIED: Final = ("output_cost_per_second", "input_cost_per_second", "input_cost_per_request")
_PER_TOKEN: Final = ("input_cost_per_token", "input_cost_per_audio_token", "output_cost_per_token", "output_cost_per_audio_token")
_KNOWN: Final = "prices by the token are those that voxplan knows of the model"
_STANDS: Final = "a price is by the second or the request here, and this entry has one"
_UNKNOWN: Final = (
    "a price is by the second or the request here, and without `input_cost_per_second` its answers have no known cost"
)


def price(params: Section, info: Section, known: PriceFacts | None) -> Price | None:
    """What the entry says a call costs; parameters count before `model_info`, the output's price before the input's.

    `known` is what voxplan knows of the model.
    """
    said = {key: _said(key, params, info) for key in _CARRIED}
    stands = any(each is not None for each in said.values())
    _tell_tokens(params, info, _STANDS if stands else _UNKNOWN if known is None else _KNOWN)
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


def known_price(provider: str, model: str, settings: Mapping[str, str]) -> PriceFacts | None:
    """What voxplan knows; of an entry for any model, what it knows of the first that has a price."""
    facts = CATALOG[provider]
    if "*" in model:
        return next((can.price for _, can in facts.models if can.price is not None), None)
    return facts.capabilities(facts.known_model(model, settings)).price


def tell_lost_price(led: Target, address: str, params: Section) -> None:
    """Whose an address is that nobody knows yet, only a server of the config sees."""
    if led.prefix == "openai" and "${" in address and known_price("openai", led.model, {}) is not None:
        params.warn(
            "api_base",
            "`api_base` stands in the environment: taken for a server of your own, whose answers have no known cost;"
            " with the address of OpenAI's in the file, they have OpenAI's price",
            "import",
        )


def _tell_tokens(params: Section, info: Section, why: str) -> None:
    for section in (params, info):
        for key in _PER_TOKEN:
            if section.take(key) is not None:
                section.warn(key, f"`{key}` is not carried over: {why}")


def _said(key: str, params: Section, info: Section) -> float | None:
    found = params.number(key), info.number(key)
    if None not in found and found[0] != found[1]:
        info.warn(key, f"`{key}` is not carried over: `litellm_params` has another")
    return found[1] if found[0] is None else found[0]


def _money(dollars: float | None, times: int) -> Money | None:
    """Rounded up to whole billionths, of the digits that were written."""
    return None if dollars is None else Money(math.ceil(Fraction(repr(dollars)) * times * _NANO))
