"""What the access log looks like: a line for each request, for programs or for people."""

import contextlib
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from voxplan.io_shell.cli.streams import printable

if TYPE_CHECKING:
    from voxplan.io_shell.gateway.access import Access

__all__ = ("LogForm", "access_writer", "text_line")

LogForm = Literal["json", "text", "none"]


def access_writer(form: LogForm | None) -> "Callable[[Access], None] | None":
    """What writes records to standard output; None: for people where they look at it, else for programs."""
    chosen = form or ("text" if sys.stdout.isatty() else "json")
    return None if chosen == "none" else _WRITERS[chosen]


def text_line(access: "Access") -> str:
    """A record for people: when, what, how it ended and how long it took, and whatever else there is."""
    parts = (
        access.time[11:-1],
        f"{access.method} {access.path} {access.status} {access.duration_ms / 1000:.2f} s",
        access.key and f"key {access.key}",
        access.model,
        access.served_by and f"by {access.served_by}",
        access.attempts and f"{access.attempts} call{'' if access.attempts == 1 else 's'}",
        None if access.cost is None else f"${access.cost:.6f}",
        access.error,
        access.call_id[:8],
    )
    return printable("  ".join(part for part in parts if part))


def _write(line: str) -> None:
    # INVARIANT: a log that nobody reads any more, or has no room, keeps nobody from being served.
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _write_json(access: "Access") -> None:
    _write(msgspec.json.encode(access).decode())


def _write_text(access: "Access") -> None:
    _write(text_line(access))


_WRITERS: Final[Mapping[str, "Callable[[Access], None]"]] = {"json": _write_json, "text": _write_text}
