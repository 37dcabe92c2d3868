"""One thing to say about a spec, and where: what checks find. Errors keep a spec from compiling, warnings do not."""

from typing import Literal

import msgspec

from voxplan.engine.documents.tree import Path

__all__ = ("Finding", "error", "warning")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say; `path` is that of the normal form of the spec."""

    severity: Literal["error", "warning"]
    path: Path
    message: str


def error(path: Path, message: str) -> Finding:
    """What keeps the spec from compiling."""
    return Finding(severity="error", path=path, message=message)


def warning(path: Path, message: str) -> Finding:
    """What is doubtful."""
    return Finding(severity="warning", path=path, message=message)
