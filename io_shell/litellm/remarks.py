"""What is said about a config while it is read: each remark with its place there, and the part of the spec that it is about."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from voxplan.engine.documents.tree import Path, Place

__all__ = ("Remark", "Remarks", "Use")

Use = Literal["import", "serve"]
"""What becomes of a config: a spec that somebody takes from there, or a gateway that runs it as it is."""


class Remark(msgspec.Struct, frozen=True):
    """One line for people, which never holds a secret; `about` is a path in the spec, empty for the spec as a whole.

    `only`: it is true, or anything to know, in this one use.
    """

    place: Place
    message: str
    about: Path = ()
    only: Use | None = None


class Remarks:
    """The remarks so far."""

    def __init__(self) -> None:
        """None yet."""
        self.found: list[Remark] = []

    def warn(self, place: Place, message: str, about: Path = (), only: Use | None = None) -> None:
        """Note one thing that is not carried over as it stands."""
        self.found.append(Remark(place, message, about, only))

    def adopt(self, remarks: Iterable[Remark], about: Path) -> None:
        """Take over remarks that were made before the part of the spec that they are about had a name."""
        self.found.extend(msgspec.structs.replace(each, about=about) for each in remarks)

    def told(self, use: Use) -> tuple[Remark, ...]:
        """Those that are for this use."""
        return tuple(each for each in self.found if each.only in {None, use})
