"""What the worker process may take, where the system lets us say so.

A crash leaves no copy of the audio in a core file. The default model needs 0.8 GB of address space (measured), so whatever
wants ten times that is a file that makes the decoder run wild; nobody knows how much other weights need.
"""

import sys
from typing import Final

from voxplan.adapters.providers.local import DEFAULT_MODEL

__all__ = ("limit_address_space", "no_core_files")

_ADDRESS_SPACE_BYTES: Final = 8 << 30

if sys.platform == "linux":
    import resource

    def no_core_files() -> None:
        """A crash writes nothing to disk."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def limit_address_space(model: str) -> None:
        """Bound this process for the default model, and as far as the system allows for any other."""
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        bound = _ADDRESS_SPACE_BYTES if most == resource.RLIM_INFINITY else min(_ADDRESS_SPACE_BYTES, most)
        resource.setrlimit(resource.RLIMIT_AS, (bound if model == DEFAULT_MODEL else most, most))

else:

    def no_core_files() -> None:
        """Nothing to do: macOS and Windows write none unless told to."""

    def limit_address_space(model: str) -> None:
        """Nothing to do: macOS and Windows have no such limit."""
