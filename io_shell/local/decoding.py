"""Any audio file as mono float32 samples at 16 kHz, decoded as it is asked for.

Runs in the worker process only: the decoder is C code that reads bytes from strangers. It is never given a path or an address,
only an open file, and formats that would make it open others (playlists, concatenations) are switched off. Packets that do not
decode are passed over; a file in which none does is Undecodable.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.error import FFmpegError

from voxplan.io_shell.local.splitting import RATE, Samples

__all__ = ("MOST_SECONDS", "TooLong", "Undecodable", "decode")

MOST_SECONDS: Final = 24 * 3600
"""No recording longer than this is decoded: a small file can claim to hold years."""

# FFmpeg's demuxers for sound. Absent on purpose: hls, dash, concat, image and script formats, which open what they name.
_FORMATS: Final = "wav,w64,flac,ogg,mp3,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,amr,amrnb,amrwb,aiff,caf,asf,au,avi,mpeg,mpegts"
_OPTIONS: Final = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}

# Rates that sound is recorded at, generously. A broken header can claim 1 Hz, which makes gigabytes of a second of data, or
# 775 MHz, for which the resampler builds a filter for minutes.
_RATES: Final = range(1_000, 768_001)

# What PyAV has been seen to raise on broken files, besides its own errors.
_FAULTS: Final = (FFmpegError, ArithmeticError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)


class Undecodable(Exception):
    """The file holds no audio that can be decoded. The message is one line without the file's name."""


class TooLong(Exception):
    """The recording goes on for longer than MOST_SECONDS."""


def decode(file: BinaryIO) -> Iterator[Samples]:
    """The samples of the first audio stream, in order."""
    try:
        container = av.open(file, mode="r", options=_OPTIONS, metadata_errors="ignore")
    except _FAULTS as problem:
        raise Undecodable(f"no known audio format ({_line(problem)})") from None
    with container:
        if not container.streams.audio:
            raise Undecodable("the file has no audio stream")
        yield from _decoded(container)


def _decoded(container: InputContainer) -> Iterator[Samples]:
    """Frame by frame, counting what came out."""
    samples, resampling = 0, _Resampling()
    for frame in _frames(container):
        for part in resampling.take(frame):
            samples += part.size
            if samples > MOST_SECONDS * RATE:
                raise TooLong
            yield part
    if samples == 0:
        raise Undecodable("nothing in the file could be decoded as audio")


def _frames(container: InputContainer) -> Iterator[AudioFrame | None]:
    """The frames of the first audio stream, then None; packets that do not decode are left out."""
    packets = container.demux(audio=0)
    while True:
        try:
            packet = next(packets, None)
        except _FAULTS:  # the file breaks off
            packet = None
        if packet is None:
            break
        try:
            frames = packet.decode()
        except _FAULTS:
            continue
        yield from frames
    yield None


class _Resampling:
    """A resampler that begins anew when the stream changes its format in the middle."""

    def __init__(self) -> None:
        self._resampler = _resampler()
        self._format: tuple[str, str, int] | None = None

    def take(self, frame: AudioFrame | None) -> Iterator[Samples]:
        """What comes out when `frame` goes in; None flushes."""
        if frame is None:
            yield from self._pushed(None)
            return
        if frame.sample_rate not in _RATES:
            raise Undecodable(f"a sample rate of {frame.sample_rate} Hz")
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._format not in {None, shape}:
            yield from self._pushed(None)
            self._resampler = _resampler()
        self._format = shape
        yield from self._pushed(frame)

    def _pushed(self, frame: AudioFrame | None) -> Iterator[Samples]:
        if self._format is None:
            return
        try:
            parts = self._resampler.resample(frame)
        except _FAULTS:  # a frame that makes no sense
            return
        for part in parts:
            yield np.asarray(part.to_ndarray(), dtype=np.float32).reshape(-1)


def _resampler() -> av.AudioResampler:
    return av.AudioResampler(format="flt", layout="mono", rate=RATE)


def _line(problem: BaseException) -> str:
    """What FFmpeg says of a file, without the name that it puts before or behind it."""
    return (problem.strerror if isinstance(problem, OSError) else None) or type(problem).__name__
