"""What the pool and its worker say to each other, and how it is framed: a length in four bytes, then one message in MessagePack.

The pool sends a Job, and Chunk … Chunk(b"") behind it. The worker sends Heard for each piece as it comes, then Done or Refused:
one answer for each job, in order.
"""

from typing import BinaryIO, Final, Literal

import msgspec

from voxplan.adapters.wire import Recognise
from voxplan.engine.terms.transcript import Segment, Word

__all__ = (
    "LENGTH_BYTES",
    "Chunk",
    "Done",
    "FromWorker",
    "Heard",
    "Job",
    "Refused",
    "RefusedKind",
    "ToWorker",
    "decode_reply",
    "encode",
    "read",
)

LENGTH_BYTES: Final = 4

RefusedKind = Literal["unsupported", "not_found", "too_large", "server_error"]


class Job(msgspec.Struct, frozen=True, kw_only=True, tag="job"):
    """Recognise the chunks that follow."""

    want: Recognise


class Chunk(msgspec.Struct, frozen=True, tag="chunk"):
    """A part of the audio; an empty one ends it."""

    data: bytes


class Heard(msgspec.Struct, frozen=True, kw_only=True, tag="heard"):
    """What one piece of the recording said."""

    segments: tuple[Segment, ...]
    words: tuple[Word, ...]


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The recording is over."""

    language: str | None
    seconds: float


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """The job cannot be done; the worker lives on. `reason` is one line."""

    kind: RefusedKind
    reason: str


ToWorker = Job | Chunk
FromWorker = Heard | Done | Refused

_ENCODER: Final = msgspec.msgpack.Encoder()
_REPLIES: Final[msgspec.msgpack.Decoder[FromWorker]] = msgspec.msgpack.Decoder(Heard | Done | Refused)
_ORDERS: Final[msgspec.msgpack.Decoder[ToWorker]] = msgspec.msgpack.Decoder(Job | Chunk)


def encode(message: ToWorker | FromWorker) -> bytes:
    """One framed message."""
    body = _ENCODER.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def decode_reply(body: bytes) -> FromWorker:
    """A message of the worker, without its frame; raises msgspec.DecodeError."""
    return _REPLIES.decode(body)


def read(stream: BinaryIO) -> ToWorker | None:
    """The next order from a blocking stream; None at its end."""
    length = stream.read(LENGTH_BYTES)
    if len(length) < LENGTH_BYTES:
        return None
    body = stream.read(int.from_bytes(length, "big"))
    return _ORDERS.decode(body)
