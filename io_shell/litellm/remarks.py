"""What is said about a config while it is read: each remark with its place there, and the part of the spec that it is about."""

from collections.abc import Iterable

import msgspec

from voxplan.engine.documents.tree import Path, Place

__all__ = ("Remark", "Remarks")


class Remark(msgspec.Struct, frozen=True):
    """One line for people, which never holds a secret; `about` is a path in the spec, empty for the spec as a whole."""

    place: Place
    message: str
    about: Path = ()


class Remarks:
    """The remarks so far."""

    def __init__(self) -> None:
        """None yet."""
        self.found: list[Remark] = []

    def warn(self, place: Place, message: str, about: Path = ()) -> None:
        """Note one thing that is not carried over as it stands."""
        self.found.append(Remark(place, message, about))

    def adopt(self, remarks: Iterable[Remark], about: Path) -> None:
        """Take over remarks that were made before the part of the spec that they are about had a name."""
        self.found.extend(Remark(each.place, each.message, about) for each in remarks)
