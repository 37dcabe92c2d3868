"""Recordings for the tests: the reading that ships inside the recogniser's package, and the same in several containers."""
# pyright: reportUnknownMemberType=false

import wave
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Final

import av
import numpy as np

from voxplan.adapters.wire import Recognise
from voxplan.io_shell.local.decoding import decode
from voxplan.io_shell.local.splitting import RATE, Samples

WANT: Final = Recognise(model="default", language="en", prompt=None, temperature=None, words=False)

# Container (as PyAV names it), codec, rate that the codec takes.
ENCODINGS: Final = {
    "wav": ("pcm_s16le", 16000),
    "flac": ("flac", 16000),
    "ogg": ("libopus", 48000),
    "mp3": ("libmp3lame", 16000),
    "ipod": ("aac", 16000),
    "webm": ("libopus", 48000),
    "adts": ("aac", 16000),
    "aiff": ("pcm_s16be", 16000),
    "caf": ("pcm_s16le", 16000),
}


def reading() -> Path:
    """`two_cities.wav`: 44 seconds of English."""
    spec = find_spec("moonshine_voice")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "assets" / "two_cities.wav"


@cache
def samples() -> Samples:
    """The reading as the recogniser hears it."""
    with reading().open("rb") as file:
        return np.concatenate(list(decode(file)))


@cache
def encoded(container: str, seconds: float = 3.0) -> bytes:
    """The beginning of the reading in another container."""
    codec, rate = ENCODINGS[container]
    beginning = np.clip(samples()[: int(seconds * RATE)] * 32767, -32768, 32767).astype(np.int16)
    buffer = BytesIO()
    with av.open(buffer, mode="w", format=container) as out:
        stream = out.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(beginning.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size or 0)
        for whole in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(whole))
        out.mux(stream.encode(None))
    return buffer.getvalue()


def wav(frames: int, claimed: int | None = None) -> bytes:
    """A silent mono WAV file at 16 kHz, whose header may claim another size of its data."""
    buffer = BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(bytes(2 * frames))
    data = bytearray(buffer.getvalue())
    if claimed is not None:
        data[40:44] = claimed.to_bytes(4, "little")
    return bytes(data)
