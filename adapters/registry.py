"""Which adapter translates for which provider."""

from typing import Final

from voxplan.adapters.catalog import PROVIDERS
from voxplan.adapters.wire import Adapter

__all__ = ("ADAPTERS",)

ADAPTERS: Final[dict[str, Adapter]] = {provider.FACTS.provider: provider.exchange for provider in PROVIDERS}
