"""Which adapter translates for which provider: one row for each provider of the catalogue."""

from typing import Final

from voxplan.adapters.providers import local
from voxplan.adapters.openai_shape import exchange as openai
from voxplan.adapters.wire import Adapter

__all__ = ("ADAPTERS",)

ADAPTERS: Final[dict[str, Adapter]] = {
    "openai": openai.exchange,
    "openai_compatible": openai.exchange,
    "local": local.exchange,
}
