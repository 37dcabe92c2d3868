"""What an issuer of access tokens gives, and how it says no. Reasons are in our words: what was refused is itself a secret."""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from typing_extensions import override

from voxplan.adapters.wire import Granted

__all__ = ("Issue", "Issued", "NotIssued", "NotIssuedKind")

NotIssuedKind = Literal["unauthorized", "not_connected"]


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A token, and when it expires, in seconds since 1970; infinity for one of which nobody knows."""

    token: str
    expires_s: float
    granted: Granted = Granted()

    @override
    def __repr__(self) -> str:
        """Without the token, which must not get into logs."""
        return f"Issued(expires_s={self.expires_s}, granted={self.granted})"


class NotIssued(Exception):
    """There is no token: `kind` says whose fault it is."""

    def __init__(self, kind: NotIssuedKind, reason: str) -> None:
        super().__init__(reason)
        self.kind: NotIssuedKind = kind


Issue = Callable[[Mapping[str, str]], Issued]
"""Gets a token by the settings of a deployment, which may take seconds: it blocks. Raises NotIssued."""
