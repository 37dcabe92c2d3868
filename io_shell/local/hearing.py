"""One recording from file to words, inside the worker: decode, split, hear, one piece at a time.

Needs PyAV and numpy, so it is imported once a recogniser has been loaded.
"""

from collections.abc import Iterator
from typing import BinaryIO

from voxplan.io_shell.local.decoding import MOST_SECONDS, TooLong, Undecodable, decode
from voxplan.io_shell.local.messages import Done, FromWorker, Heard, Refused
from voxplan.io_shell.local.recognisers import Recogniser
from voxplan.io_shell.local.splitting import Splitter

__all__ = ("hear",)


def hear(recogniser: Recogniser, file: BinaryIO) -> Iterator[FromWorker]:
    """What is said, piece by piece, and then how it ended."""
    splitter = Splitter()
    try:
        for samples in decode(file):
            yield from _heard(recogniser.hear(piece) for piece in splitter.feed(samples))
    except Undecodable as problem:
        yield Refused(kind="unsupported", reason=f"the local recogniser cannot decode the audio: {problem}")
        return
    except TooLong:
        yield Refused(kind="too_large", reason=f"the local recogniser takes at most {MOST_SECONDS // 3600} h of audio")
        return
    yield from _heard(recogniser.hear(piece) for piece in splitter.finish())
    yield Done(language=recogniser.language, seconds=splitter.seconds)


def _heard(pieces: Iterator[Heard]) -> Iterator[Heard]:
    """Only those in which something was heard."""
    return (heard for heard in pieces if heard.segments or heard.words)
