"""What a scripted server can do with one request: answer as the provider would, or misbehave in one way that really happens."""

from dataclasses import dataclass
from typing import Final

__all__ = (
    "MISBEHAVIOURS",
    "Behaviour",
    "BreakStream",
    "Drip",
    "Hang",
    "HangUp",
    "Honest",
    "Reply",
    "ResetUpload",
    "Truncate",
)

JSON: Final = "application/json"


@dataclass(frozen=True)
class Honest:
    """Do what the provider would do with this request; `text` is what it hears."""

    text: str = "The quick brown fox jumps over the lazy dog."


@dataclass(frozen=True)
class Reply:
    """Read the whole request, then answer this, whatever was asked.

    With `pieces` the body is these, one chunk after another.
    """

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    pieces: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Hang:
    """Read the whole request, then say nothing until the client leaves."""


@dataclass(frozen=True)
class Drip:
    """Answer honestly, head at once, body a byte at a time with a pause before each."""

    pause_s: float = 0.05
    text: str = "drop by drop"


@dataclass(frozen=True)
class Truncate:
    """Promise the whole of `body`, send all but its last `missing` bytes, and close; `reset`: with RST instead of FIN."""

    missing: int = 10
    reset: bool = False
    body: bytes = b'{"text":"an answer that breaks off"}'
    status: int = 200


@dataclass(frozen=True)
class HangUp:
    """Read the whole request and close without a word."""


@dataclass(frozen=True)
class ResetUpload:
    """Reset the connection as soon as `after_bytes` of the body have come."""

    after_bytes: int = 1


@dataclass(frozen=True)
class BreakStream:
    """Begin the honest answer, which comes in pieces, and reset the connection after so many of them."""

    after: int = 1
    text: str = "one two three four"


Behaviour = BreakStream | Honest | Reply | Hang | Drip | Truncate | HangUp | ResetUpload

MISBEHAVIOURS: Final[dict[str, Behaviour]] = {
    "500": Reply(500, b'{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}'),
    "503": Reply(503, b'{"error":{"message":"The engine is overloaded","type":"server_error","param":null,"code":null}}'),
    "429 with Retry-After": Reply(
        429,
        b'{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}',
        headers=(("Retry-After", "7"),),
    ),
    "redirect": Reply(307, headers=(("Location", "https://elsewhere.example/v1/audio/transcriptions"),)),
    "hang": Hang(),
    "slow drip of the body": Drip(),
    "truncated JSON": Truncate(),
    "reset in mid-answer": Truncate(reset=True),
    "hang-up before an answer": HangUp(),
    "HTML with 200": Reply(200, b"<!doctype html><title>Welcome</title>", content_type="text/html"),
    "other JSON with 200": Reply(200, b'{"foo":"bar"}'),
    "nothing with 200": Reply(200),
    "broken compression with 200": Reply(200, b'{"text":"plain"}', headers=(("Content-Encoding", "gzip"),)),
    "reset in mid-upload": ResetUpload(),
}
