"""The small English model that the extra `local` brings along: Moonshine tiny, one line of text for each piece.

Measured: its own voice detection is off, because with it the word error rate is 8.0 % instead of 5.5 % and the same call can
answer differently twice. It has no word times. One Transcriber must not be used by two threads at once; a worker has one.
"""
# pyright: reportMissingTypeStubs=false

from pathlib import Path
from typing import Final

import moonshine_voice
from moonshine_voice.errors import MoonshineError
from moonshine_voice.moonshine_api import ModelArch
from moonshine_voice.transcriber import Transcriber

from voxplan.adapters.wire import Recognise
from voxplan.engine.terms.transcript import Segment
from voxplan.io_shell.local.messages import Heard
from voxplan.io_shell.local.recognisers import CannotRecognise
from voxplan.io_shell.local.splitting import RATE, Piece

__all__ = ("Moonshine", "open_model")

_OPTIONS: Final = {"vad_threshold": "0", "return_audio_data": "false", "identify_speakers": "false"}


class Moonshine:
    """Moonshine tiny, English."""

    language: str | None = "en"

    def __init__(self, transcriber: Transcriber) -> None:
        """Made by `open_model`."""
        self._transcriber = transcriber

    def begin(self, want: Recognise) -> None:
        """Nothing is carried from one recording to the next."""

    def hear(self, piece: Piece) -> Heard:
        """One segment, with the times of the piece's speech; none when it heard nothing."""
        lines = self._transcriber.transcribe_without_streaming(piece.samples.tolist(), RATE).lines
        text = " ".join(line.text.strip() for line in lines).strip()
        segments = (Segment(text=text, start=round(piece.start, 2), end=round(piece.end, 2)),) if text else ()
        return Heard(segments=segments, words=())


def open_model(_model: str) -> Moonshine:
    """Load the weights that lie beside the library's code."""
    weights = Path(moonshine_voice.__file__).parent / "assets" / "tiny-en"
    if not (weights / "encoder_model.ort").is_file():
        raise CannotRecognise("server_error", "this moonshine-voice has no model in it: pip install 'moonshine-voice==0.1.0'")
    try:
        return Moonshine(Transcriber(str(weights), ModelArch.TINY, options=_OPTIONS))
    except MoonshineError as problem:
        raise CannotRecognise("server_error", f"the local model cannot be loaded: {problem}") from None
