"""Where a long recording is cut: at pauses, into pieces short enough for a recogniser, while it is still being decoded.

A piece is a stretch of speech with a little silence on both sides. The level of each 20 ms frame is compared with a
threshold between the quiet and the loud of the last half minute, so that hiss and quiet voices both work. The longer a
piece is, the shorter a pause may end it; at the limit it is cut at its best pause, or at its quietest moment. Only the piece
in the making is held, so memory does not grow with the recording, and the cuts do not depend on how the samples arrive.
Samples are mono float32 at 16 kHz.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ("RATE", "Piece", "Samples", "Splitter")

Samples = NDArray[np.float32]
_Mask = NDArray[np.bool_]
_Levels = NDArray[np.float64]

RATE: Final = 16_000
_FRAME: Final = 320  # 20 ms
_PER_SECOND: Final = RATE // _FRAME
_HOP: Final = 25  # frames between two looks: half a second
_MEMORY: Final = 30 * _PER_SECOND  # frames that tell quiet from loud
_LIMIT: Final = 25 * _PER_SECOND  # longest piece; the recognisers take up to 30 s
_PAD: Final = 10  # frames of silence kept around speech: 200 ms
_SHORTEST_SPEECH: Final = 12  # frames; less than a quarter of a second is a click, of which a model makes `You`
_SILENCE_DB: Final = -75.0  # below this nothing is speech, whatever surrounds it
_FAINT_DB, _FLAT_DB = -45.0, 6.0  # what is both faint and even is the hiss of an empty room

# (piece of at least this many frames, pause of at least this many frames ends it), longest first. Measured on read speech with
# bench/word_error_rate.py: shorter pauses cut inside sentences and cost words, longer ones give segments no subtitle can use.
_PAUSES: Final = ((500, 12), (250, 30), (0, 60))


class Piece(NamedTuple):
    """Samples to recognise; `start` and `end` are the seconds, in the recording, where speech begins and ends in them.

    `offset` is the second in the recording of the first sample.
    """

    samples: Samples
    offset: float
    start: float
    end: float


class Splitter:
    """Cuts one recording: feed it samples as they come, then finish it; both give the pieces that are complete."""

    def __init__(self) -> None:
        """Start at the beginning of a recording."""
        self._held: Samples = np.zeros(0, dtype=np.float32)
        self._levels: _Levels = np.zeros(0)
        self._memory: _Levels = np.zeros(0)
        self._dropped = 0  # frames before the first one held
        self._arrived = 0  # samples ever fed
        self._waiting: list[Samples] = []
        self._waiting_size = 0

    @property
    def seconds(self) -> float:
        """How much has been fed so far."""
        return self._arrived / RATE

    def feed(self, samples: Samples) -> Iterator[Piece]:
        """Take the next samples and give the pieces they complete."""
        self._arrived += samples.size
        self._waiting.append(samples)
        self._waiting_size += samples.size
        if self._waiting_size < _HOP * _FRAME:
            return
        joined = np.concatenate(self._waiting)
        whole = joined.size - joined.size % (_HOP * _FRAME)
        self._waiting, self._waiting_size = [joined[whole:]], joined.size - whole
        for hop in joined[:whole].reshape(-1, _HOP * _FRAME):
            self._hold(hop)
            yield from self._cut()

    def finish(self) -> Iterator[Piece]:
        """Give the last pieces; nothing is fed afterwards."""
        rest = np.concatenate([*self._waiting, np.zeros(0, dtype=np.float32)])
        self._hold(np.pad(rest, (0, -rest.size % _FRAME)))
        yield from self._cut()
        yield from self._take(self._levels.size)

    def _hold(self, samples: Samples) -> None:
        """Keep whole frames and note their levels."""
        self._held = np.concatenate([self._held, samples])
        levels = _levels(samples)
        self._levels = np.concatenate([self._levels, levels])
        self._memory = np.concatenate([self._memory, levels])[-_MEMORY:]

    def _cut(self) -> Iterator[Piece]:
        """Cut while there is a place to cut at."""
        while (frame := _place(_speech(self._levels, self._memory))) is not None:
            yield from self._take(frame)

    def _take(self, frame: int) -> Iterator[Piece]:
        """Let go of everything before `frame`, and give the speech in it, if any."""
        spoken = np.flatnonzero(_speech(self._levels, self._memory)[:frame])
        if spoken.size >= _SHORTEST_SPEECH:
            first, last = int(spoken[0]), int(spoken[-1]) + 1
            begin, end = max(0, first - _PAD), min(frame, last + _PAD)
            yield Piece(
                samples=self._held[begin * _FRAME : end * _FRAME],
                offset=self._at(begin),
                start=self._at(first),
                end=min(self._at(last), self.seconds),
            )
        self._held, self._levels = self._held[frame * _FRAME :], self._levels[frame:]
        self._dropped += frame

    def _at(self, frame: int) -> float:
        return (self._dropped + frame) * _FRAME / RATE


def _levels(samples: Samples) -> _Levels:
    """The level of each frame in dB of full scale; NaN and infinities of broken audio count as silence."""
    frames = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0).reshape(-1, _FRAME).astype(np.float64)
    power: _Levels = np.mean(np.square(frames), axis=1)
    return 10 * np.log10(power + 1e-12)


def _speech(levels: _Levels, memory: _Levels) -> _Mask:
    """Which frames are speech: louder than a threshold between the quiet and the loud of what is remembered."""
    if levels.size == 0:
        return np.zeros(0, dtype=np.bool_)
    quiet, loud = float(np.percentile(memory, 10)), float(np.sort(memory)[-_SHORTEST_SPEECH:][0])
    if loud < _FAINT_DB and loud - quiet < _FLAT_DB:
        return np.zeros(levels.size, dtype=np.bool_)
    threshold = max(quiet + 0.3 * (loud - quiet), loud - 35, _SILENCE_DB)
    smooth = np.convolve(np.pad(levels, 1, mode="edge"), np.full(3, 1 / 3), mode="valid")
    return np.asarray(smooth > threshold, dtype=np.bool_)


def _place(speech: _Mask) -> int | None:
    """The frame to cut at, if the piece can end; a long silence before any speech is let go early."""
    spoken = np.flatnonzero(speech)
    if spoken.size == 0:
        return speech.size - _PAD if speech.size > _PER_SECOND else None
    first = int(spoken[0])
    if first > _PER_SECOND:
        return first - _PAD
    for begin, end in _pauses(speech, first):
        if end - begin >= _pause_needed(begin - first):
            return _middle(begin, end)
    return _forced(speech, first) if speech.size - first >= _LIMIT else None


def _pauses(speech: _Mask, first: int) -> Iterator[tuple[int, int]]:
    """The runs of frames without speech after `first`, as (begin, end), the unfinished last one included."""
    edges = np.flatnonzero(np.diff(speech[first:].astype(np.int8), append=np.int8(1))) + first + 1
    yield from ((int(begin), int(end)) for begin, end in zip(edges[::2], edges[1::2], strict=False))


def _pause_needed(frames: int) -> int:
    """How long a pause must be to end a piece of so many frames."""
    return next(pause for size, pause in _PAUSES if frames >= size)


def _middle(begin: int, end: int) -> int:
    return (begin + end) // 2


def _forced(speech: _Mask, first: int) -> int:
    """Where to cut a piece that has reached the limit: in its longest pause after a third of it, else at its end."""
    late = [(end - begin, begin, end) for begin, end in _pauses(speech, first) if begin - first > _LIMIT // 3]
    if late:
        _, begin, end = max(late)
        return _middle(begin, end)
    return first + _LIMIT
