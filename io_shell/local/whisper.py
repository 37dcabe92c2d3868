"""faster-whisper weights on disk: every language, word times, a prompt, a temperature.

The pieces are the splitter's, each shorter than the 30 s that the model sees at once, so memory stays bounded. The language is
found in the first piece that says something and kept for the rest. Nothing is ever downloaded.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from pathlib import Path
from typing import Final

import faster_whisper.transcribe
from faster_whisper import WhisperModel

from voxplan.adapters.wire import Recognise
from voxplan.engine.terms.transcript import Segment, Word
from voxplan.io_shell.local.messages import Heard
from voxplan.io_shell.local.recognisers import CannotRecognise
from voxplan.io_shell.local.splitting import Piece

__all__ = ("Whisper", "open_model")

# faster-whisper's own ladder: a piece that comes out garbled is heard again at the next temperature.
_TEMPERATURES: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


class Whisper:
    """One set of weights."""

    def __init__(self, model: WhisperModel) -> None:
        """Made by `open_model`."""
        self._model = model
        self._want = Recognise(model="", language=None, prompt=None, temperature=None, words=False)
        self.language: str | None = None

    def begin(self, want: Recognise) -> None:
        """Take the language, if it is given and the weights know it."""
        if want.language is not None and want.language not in self._model.supported_languages:
            raise CannotRecognise("unsupported", f"the local model at `{want.model}` does not know language `{want.language}`")
        if want.translate and not self._model.model.is_multilingual:
            raise CannotRecognise("unsupported", f"the local model at `{want.model}` knows English only, and does not translate")
        self._want = want
        self.language = want.language

    def hear(self, piece: Piece) -> Heard:
        """The segments that the model makes of the piece, and its words when they are wanted."""
        temperature = self._want.temperature
        found, info = self._model.transcribe(
            piece.samples,
            language=self.language,
            task="translate" if self._want.translate else "transcribe",
            initial_prompt=self._want.prompt,
            temperature=list(_TEMPERATURES) if temperature is None else temperature,
            word_timestamps=self._want.words,
            condition_on_previous_text=False,
            vad_filter=False,
        )
        heard = tuple(found)
        if heard:
            self.language = info.language
        return Heard(
            segments=tuple(_segment(piece, one) for one in heard if one.text.strip()),
            words=tuple(_word(piece, word) for one in heard for word in one.words or ()),
        )


# Floats may come as numpy's own kind, which does not travel.
def _segment(piece: Piece, one: faster_whisper.transcribe.Segment) -> Segment:
    return Segment(
        text=one.text.strip(),
        start=_within(piece, one.start),
        end=_within(piece, one.end),
        avg_logprob=float(one.avg_logprob),
        compression_ratio=float(one.compression_ratio),
        no_speech_prob=float(one.no_speech_prob),
        temperature=None if one.temperature is None else float(one.temperature),
        tokens=tuple(int(token) for token in one.tokens),
    )


def _word(piece: Piece, one: faster_whisper.transcribe.Word) -> Word:
    start, end = _within(piece, one.start), _within(piece, one.end)
    return Word(word=one.word.strip(), start=start, end=end, confidence=float(one.probability))


def _within(piece: Piece, second: float) -> float:
    """A second of the piece as one of the recording, never outside the piece."""
    return round(float(min(max(piece.offset + second, piece.start), piece.end)), 2)


def open_model(model: str) -> Whisper:
    """Load the weights in the folder `model`."""
    if not (Path(model) / "tokenizer.json").is_file():
        # Without it faster-whisper would fetch one.
        raise CannotRecognise("not_found", f"the faster-whisper model at `{model}` lacks its tokenizer.json")
    try:
        return Whisper(WhisperModel(model, device="cpu", compute_type="int8", local_files_only=True))
    except (RuntimeError, ValueError, OSError) as problem:
        line = str(problem).partition("\n")[0]
        raise CannotRecognise("not_found", f"the faster-whisper model at `{model}` cannot be loaded: {line}") from None
