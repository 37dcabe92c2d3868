"""A cheap look at the audio before anything is planned: what container, how long, how many channels.

Only headers are read, and what they claim is a hint. What is plainly not audio, or plainly empty, is the caller's mistake and
an AudioProblem; what is merely not recognised is unknown, and routing goes on without it.
"""

import struct
from math import isfinite
from typing import BinaryIO, Final, NamedTuple, cast

from anyio import move_on_after, to_thread
from tinytag import TinyTag, TinyTagException

from voxplan.adapters.audio.containers import container_of, foreign_kind
from voxplan.engine.terms.request import AudioFacts
from voxplan.io_shell.audio.problem import AudioProblem, ProblemKind, shown
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.audio.store import Window
from voxplan.io_shell.audio.wave import MOST_CHANNELS, WaveFacts, read_wave

__all__ = ("LONGEST_S", "AudioProblem", "ProblemKind", "probe", "tells_more")

# Those whose length tinytag knows; it takes ADTS for MPEG audio and would say that it is nearly over when it begins.
_MEASURED: Final = frozenset({"wav", "flac", "ogg", "mp3", "m4a", "mp4", "aiff", "wma"})
_MOST_S: Final = 5.0
_MOST_BYTES: Final = 256 << 20  # tinytag reads an hour of Ogg page by page; more than this is no cheap look
LONGEST_S: Final = 31 * 86_400.0  # a header that claims more than a month is broken

# Everything a parser written in Python can trip over in broken bytes. Only ever a hint is lost.
_PARSER_FAULTS: Final = (
    TinyTagException,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


class _Length(NamedTuple):
    seconds: float | None = None
    channels: int | None = None


_UNKNOWN: Final = _Length()


async def probe(audio: AudioSource) -> AudioFacts:
    """The facts about `audio` that planning may use; raises AudioProblem when it is not audio at all.

    Of audio that is still coming in those that its head tells.
    """
    if audio.size == 0:
        raise AudioProblem("empty", f"{shown(audio.name)} is empty")
    head = await audio.head()
    foreign = foreign_kind(head)
    if foreign is not None:
        raise AudioProblem("not_audio", f"{shown(audio.name)} is {foreign}, not audio")
    container = container_of(head)
    length = await _length(audio, container, head) if container in _MEASURED else _UNKNOWN
    if container == "wav" and length.seconds == 0:
        raise AudioProblem("silent_length", f"{shown(audio.name)} holds 0 seconds of audio")
    return AudioFacts(bytes=audio.size, seconds=length.seconds or None, format=container, channels=length.channels)


def tells_more(facts: AudioFacts) -> bool:
    """Whether the whole audio may tell what its head, of which these are the facts, did not."""
    return facts.seconds is None and facts.format in _MEASURED


async def _length(audio: AudioSource, container: str | None, head: bytes) -> _Length:
    """Seconds and channels as the headers say; unknown when that takes too long."""
    wave = read_wave(head, audio.size) if container == "wav" else None
    if isinstance(wave, WaveFacts):
        return _Length(wave.seconds, wave.channels)
    if not audio.is_whole:
        return _UNKNOWN
    with move_on_after(_MOST_S):
        return await to_thread.run_sync(_tagged, audio.window(_MOST_BYTES), abandon_on_cancel=True)
    return _UNKNOWN


def _tagged(file: Window) -> _Length:
    """What tinytag reads from the headers."""
    try:
        tag = TinyTag.get(file_obj=cast(BinaryIO, file), tags=False)
    except _PARSER_FAULTS:
        return _UNKNOWN
    seconds, channels = tag.duration, tag.channels
    return _Length(
        seconds=seconds if seconds is not None and isfinite(seconds) and 0 <= seconds <= LONGEST_S else None,
        channels=channels if channels is not None and 0 < channels <= MOST_CHANNELS else None,
    )
